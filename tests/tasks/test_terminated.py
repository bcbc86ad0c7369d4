"""SIGTERM while tasks are at work: one line, exit code 143, and nothing partial."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile

import paddle
import pytest
import yaml

from paddlevideo.loader.scribbles import Stroke, write_rounds
from paddlevideo.modeling import build_model
from tests import conftest
from tests.tasks.test_infer_many import CFG, LINE
from tests.tasks.test_processes import HERE, environment
from tests.tasks.test_test import config

MAIN = [sys.executable, "-B", str(HERE.parents[1] / "main.py")]
PREPARE = [sys.executable, "-B", str(HERE.parents[1] / "tools" / "prepare_dataset.py")]


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """``videos/`` with a few long clips, ``strokes/``, a set ``data/`` to prepare, weights and a config."""
    root = conftest.write_tiny_davis(tmp_path)
    pictures = root / "JPEGImages" / "480p" / "disc"
    masks = root / "Annotations" / "480p" / "disc"
    for number in range(60):
        for kind, source in (("frames", pictures), ("masks", masks)):
            shutil.copytree(source, tmp_path / "data" / kind / f"clip{number}")
    for number in range(12):
        shutil.copytree(pictures, tmp_path / "videos" / f"clip{number}")
        write_rounds(tmp_path / "strokes" / f"clip{number}.json", [[Stroke(1, 2, LINE)]], conftest.FRAMES)
    paddle.seed(0)
    paddle.save(build_model(CFG["MODEL"]).state_dict(), str(tmp_path / "w.pdparams"))
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump({**CFG, "model_name": "tiny"}))
    return tmp_path


def terminate_when(ready: Callable[[], bool], command: list[str]) -> tuple[int, list[str]]:
    """Start a command and send SIGTERM, twice as launchers do, once it is ``ready``; return its exit code and lines."""
    with (
        TemporaryFile("w+") as log,  # a pipe that nobody reads would hold it up
        subprocess.Popen(command, stdout=log, stderr=log, env=environment()) as process,
    ):
        try:
            deadline = time.monotonic() + 600
            while not ready():
                assert time.monotonic() < deadline and process.poll() is None, (log.seek(0), log.read())
                time.sleep(0.005)
            os.kill(process.pid, signal.SIGTERM)
            os.kill(process.pid, signal.SIGTERM)
            process.wait(timeout=120)
        finally:
            process.kill()
        log.seek(0)
        said = log.read()
    lines = [line for line in said.replace("\r", "\n").splitlines() if line.strip() and "%|" not in line]
    return process.returncode, lines


def ends_well(code: int, lines: list[str], world: Path) -> None:
    assert code == 143 and lines[-1] == "terminated", lines
    assert sum(line == "terminated" for line in lines) == 1
    assert not any("Trace" in line or "Error" in line for line in lines), lines
    assert not [path for path in world.rglob("*") if ".partial-" in path.name]


def test_many_videos_keep_those_that_are_done(world: Path) -> None:
    out = world / "out"
    command = [*MAIN, "--infer", "-c", str(world / "tiny.yaml"), "-w", str(world / "w.pdparams"), "--engine", "plain"]
    command += ["--input", str(world / "videos"), "--scribbles", str(world / "strokes"), "--output", str(out)]

    def writing_the_second() -> bool:
        return (out / "clip0" / "done.json").exists() and any(out.glob(".clip*.partial-*/*"))

    code, lines = terminate_when(writing_the_second, command)
    ends_well(code, lines, world)
    assert not (out / "summary.json").exists()
    done = [folder for folder in out.glob("clip*") if (folder / "done.json").exists()]
    assert 0 < len(done) < 12
    for folder in done:
        assert len(list((folder / "masks").iterdir())) == conftest.FRAMES


def test_a_test_keeps_the_sequences_that_are_done(world: Path) -> None:
    root, out = world / "DAVIS", world / "out"
    names = [f"disc{number:02d}" for number in range(16)]
    for folder in ("JPEGImages/480p", "Annotations/480p", "Scribbles"):
        for name in names:
            shutil.copytree(root / folder / "disc", root / folder / name)
    (root / "ImageSets" / "2017" / "train.txt").write_text("\n".join(names) + "\n")
    cfg = {**config(root, out), "model_name": "tiny"}
    (world / "test.yaml").write_text(yaml.safe_dump(cfg))
    command = [*MAIN, "--test", "-c", str(world / "test.yaml"), "-w", str(world / "w.pdparams"), "--engine", "plain"]
    code, lines = terminate_when((out / "sequences" / f"{names[0]}.json").exists, command)
    ends_well(code, lines, world)
    assert not (out / "summary.json").exists()
    kept = {path.stem for path in (out / "sequences").glob("*.json")}
    assert 0 < len(kept) < len(names)


def test_the_page(world: Path) -> None:
    projects = world / "projects"
    command = [*MAIN, "--serve", "--no_browser", "-c", str(world / "tiny.yaml"), "-w", str(world / "w.pdparams")]
    command += ["--engine", "plain", "--projects", str(projects), str(world / "videos" / "clip0")]
    ready = lambda: projects.is_dir() and any(projects.glob("*/*"))  # noqa: E731 - a project is being made
    ends_well(*terminate_when(ready, command), world)


def test_a_data_set_is_prepared_whole_or_not_at_all(world: Path) -> None:
    target = world / "prepared"
    ready = lambda: any(world.glob(".prepared.partial-*/*"))  # noqa: E731
    ends_well(*terminate_when(ready, [*PREPARE, str(world / "data"), str(target)]), world)
    assert not target.exists()


@pytest.mark.parametrize("tool", ["prepare_dataset", "compose_multi_object", "make_toy_davis"])
def test_a_tool_that_still_imports(tool: str, tmp_path: Path) -> None:
    """The signal comes from within the import of NumPy, which stands for all that is slow."""
    (tmp_path / "numpy.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n")
    arguments = {"prepare_dataset": ["--check"], "compose_multi_object": ["--data", "none"]}.get(tool, [])
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from tools.{tool} import main; sys.exit(main())"
    command = [sys.executable, "-B", "-c", code, str(tmp_path / "set"), *arguments]
    done = subprocess.run(command, env=environment(), cwd=HERE.parents[1], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.splitlines()) == (143, b"", [b"terminated"])
