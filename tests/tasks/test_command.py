"""The command ``manet``: what its commands turn into, what it finds by itself, and the completion of its flags."""

from __future__ import annotations

import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from paddlevideo import __version__
from paddlevideo.tasks import command
from paddlevideo.utils.shipped import LITE_CONFIG, LITE_WEIGHTS, ROOT, shipped


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> list[Namespace]:
    """Record the settings of jobs instead of doing them."""
    made: list[Namespace] = []
    monkeypatch.setattr(command, "run", made.append)
    return made


def test_help_names_all_commands_and_needs_no_library() -> None:
    found = subprocess.run(
        [sys.executable, "-S", "-m", "paddlevideo", "--help"], cwd=ROOT, capture_output=True, text=True
    )
    assert found.returncode == 0, found.stderr
    assert all(f"    {name}" in found.stdout for name in (*command.JOBS, *command.TOOLS, "completion"))


def test_sessions_import_without_what_is_optional() -> None:
    program = (
        "import sys, paddlevideo.session.session, paddlevideo.session.segmenter, paddlevideo.session.engine\n"
        "print([name for name in ('fastapi', 'uvicorn', 'matplotlib', 'pycocotools') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert found.stdout.strip() == "[]", found.stderr


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        command.main(["--version"])
    assert (caught.value.code, capsys.readouterr().out) == (0, f"manet {__version__}\n")


@pytest.mark.parametrize("argv", [["segmnt"], ["segment"], ["segment", "clip.mp4"], ["test", "--resume"]])
def test_bad_command_lines_exit_with_2(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        command.main(argv)
    assert caught.value.code == 2


@pytest.mark.parametrize(
    ("argv", "job", "config"),
    [
        (["segment", "clip.mp4", "--scribbles", "s.json"], "infer", LITE_CONFIG),
        (["serve"], "serve", LITE_CONFIG),
        (["test"], "test", LITE_CONFIG),
        (["train"], "train", "configs/segmentation/manet_lite_joint.yaml"),
    ],
)
def test_the_lite_network_is_found_from_anywhere(
    argv: list[str],
    job: str,
    config: str,
    settings: list[Namespace],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command.main(argv) == 0
    [args] = settings
    assert args.job == job
    assert Path(args.config) == ROOT / config
    assert args.weights == (None if job == "train" else str(ROOT / LITE_WEIGHTS))


def test_a_persons_own_files_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert shipped("mine.yaml") == "mine.yaml"
    assert shipped(LITE_CONFIG) == str(ROOT / LITE_CONFIG)
    Path(LITE_CONFIG).parent.mkdir(parents=True)
    Path(LITE_CONFIG).write_text("mine")
    assert shipped(LITE_CONFIG) == LITE_CONFIG


@pytest.mark.parametrize(
    ("video", "output"),
    [("a/clip.mp4", "clip"), ("a/frames/", "frames"), ("a/videos/*.mp4", "videos"), ("v*/x*/*.png", None)],
)
def test_results_go_to_a_folder_of_the_videos_name(
    video: str, output: str | None, settings: list[Namespace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command.main(["segment", video, "--masks", "first.png"])
    command.main(["segment", video, "--masks", "first.png", "--output", "here"])
    assert [args.output for args in settings] == [f"output/{output or tmp_path.name}", "here"]


def test_tools_speak_of_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["convert", "--help"])
    out = capsys.readouterr().out
    assert out.startswith("usage: manet convert") and "manet convert official.pth" in out and "tools/" not in out


def test_tools_report_bad_input_in_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert command.main(["convert", str(tmp_path / "none.pth"), str(tmp_path / "out.pdparams")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion_knows_commands_flags_and_files(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(text in script for text in ("segment", "--scribbles", "--grow", "--max_iters", "_files"))


def test_a_part_that_is_not_installed_is_named_with_its_extra(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert command.main(["train"]) == 2
    assert "pip install 'paddlevideo-manet[train]'" in capsys.readouterr().err
