"""The command line: fast help, clear errors, exit codes, and the right task with the right settings."""

from __future__ import annotations

import subprocess
import sys
import types
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

import main as cli

ROOT = Path(__file__).resolve().parents[1]
CONFIG = "cfg.yaml"


def exit_line(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    assert cli.main(["-c", CONFIG, *argv]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ") and captured.err.count("\n") == 1
    return captured.err


def test_help_needs_no_library() -> None:
    # -S leaves out site-packages: whatever --help imports, it is not Paddle, NumPy or YAML.
    found = subprocess.run([sys.executable, "-S", "main.py", "--help"], cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    assert "--scribbles" in found.stdout


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--test"], "--test needs weights; pass them with -w FILE"),
        (["--infer"], "--infer needs weights"),
        (["--infer", "-w", "x"], "--infer needs a video; pass it with --input"),
        (["--infer", "-w", "x", "--input", "v"], "--scribbles JSON or from --masks PNG; pass one"),
        ([], "cfg.yaml: cannot read the config file"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    argv: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert message in exit_line(capsys, *argv)


@pytest.mark.parametrize("argv", [["--tset"], ["--test", "--infer"], ["--threads", "0"], ["--amp_level", "O3"]])
def test_bad_flags_exit_with_2(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["-c", CONFIG, *argv])
    assert caught.value.code == 2


def test_names_are_separated_by_commas_and_go_with_infer(capsys: pytest.CaptureFixture[str]) -> None:
    infer = ["-c", CONFIG, "--infer", "--names"]
    assert cli.parse_arguments([*infer, "person, big dog,"]).names == ["person", "big dog", ""]
    with pytest.raises(SystemExit):
        cli.parse_arguments(["-c", CONFIG, "--names", "person"])
    assert "--names goes with --infer" in capsys.readouterr().err


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any], Namespace]]:
    """Record the tasks that are called instead of running them."""
    made: list[tuple[str, dict[str, Any], Namespace]] = []
    for job in ("train", "test", "infer"):
        module = types.ModuleType(job)
        setattr(module, job, lambda config, args, job=job: made.append((job, config, args)))
        monkeypatch.setitem(sys.modules, f"paddlevideo.tasks.{job}", module)
    monkeypatch.setattr("paddlevideo.config.loading.load_config", lambda path, overrides: {"seed": 7, "o": overrides})
    monkeypatch.setattr("paddlevideo.config.loading.require_for", lambda config, *purposes: None)
    monkeypatch.setattr("paddlevideo.utils.runtime.set_up", lambda threads, seed: None)
    monkeypatch.setattr("paddlevideo.utils.log.set_up_logging", lambda: None)
    return made


@pytest.mark.parametrize(
    ("argv", "job"),
    [
        ([], "train"),
        (["--test", "-w", "x"], "test"),
        (["--infer", "-w", "x", "--input", "v", "--scribbles", "s"], "infer"),
    ],
)
def test_dispatch(argv: list[str], job: str, calls: list[Any]) -> None:
    assert cli.main(["-c", CONFIG, *argv, "-o", "a=1", "-o", "b=2"]) == 0
    [(called, config, args)] = calls
    assert called == job
    assert config["o"] == ["a=1", "b=2"]
    assert args.seed == 7


def test_the_command_lines_seed_wins(calls: list[Any]) -> None:
    assert cli.main(["-c", CONFIG, "--seed", "0"]) == 0
    assert calls[0][2].seed == 0


@pytest.mark.parametrize("flag", ["--max-memory", "--max_memory"])
def test_the_command_lines_memory_wins(flag: str, calls: list[Any]) -> None:
    assert cli.main(["-c", CONFIG, "-o", "INFERENCE.max_memory_mib=9", flag, "200"]) == 0
    assert calls[0][1]["o"] == ["INFERENCE.max_memory_mib=9", "INFERENCE.max_memory_mib=200"]
    with pytest.raises(SystemExit):
        cli.parse_arguments(["-c", CONFIG, flag, "0"])


@pytest.mark.parametrize(
    ("argv", "resume"), [([], None), (["--resume"], True), (["--resume", "auto"], "auto"), (["--resume", "a"], "a")]
)
def test_resume(argv: list[str], resume: object) -> None:
    assert cli.parse_arguments(["-c", CONFIG, *argv]).resume == resume


def test_interrupt_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(args: Namespace) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "run", interrupted)
    assert cli.main(["-c", CONFIG]) == 130
