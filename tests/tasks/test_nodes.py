"""``--infer`` and ``--test`` on two machines, which here are two launchers: shared, killed, started again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import paddle
import pytest
import yaml

from paddlevideo.loader.scribbles import Stroke, write_rounds
from paddlevideo.modeling import build_model
from tests import conftest
from tests.tasks.test_infer_many import CFG, LINE
from tests.tasks.test_processes import alive, children, environment, variable
from tests.tasks.test_test import MODEL, config

SCRIPT = Path(__file__).parents[2] / "tools" / "launch_nodes.sh"
NAMES = [f"clip{number:02d}" for number in range(12)]
DAVIS = "JPEGImages/480p", "Annotations/480p", "Scribbles"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a DAVIS of `NAMES`, ``strokes/`` for each and weights."""
    folder = tmp_path_factory.mktemp("nodes")
    root = conftest.write_tiny_davis(folder)
    for part in DAVIS:
        for name in NAMES:
            shutil.copytree(root / part / "disc", root / part / name)
        for name in ("disc", "pair"):
            shutil.rmtree(root / part / name, ignore_errors=True)
    (root / "ImageSets" / "2017" / "train.txt").write_text("\n".join(NAMES) + "\n")
    for name in NAMES:
        write_rounds(folder / "strokes" / f"{name}.json", [[Stroke(1, 2, LINE)]], conftest.FRAMES)
    paddle.seed(0)
    paddle.save(build_model(MODEL).state_dict(), str(folder / "w.pdparams"))
    return folder


class Run:
    """One task in one process on each of two nodes, results in ``output``."""

    def __init__(self, task: str, world: Path, output: Path) -> None:
        self.output = output
        root = world / "DAVIS"
        places = ["--input", str(root / DAVIS[0]), "--scribbles", str(world / "strokes")]
        cfg = {**CFG, "model_name": "tiny"} if task == "infer" else {**config(root, output), "model_name": "tiny"}
        cfg.get("METRIC", {})["rounds"] = 1
        output.with_suffix(".yaml").write_text(yaml.safe_dump(cfg))
        arguments = [f"--{task}", "-c", str(output.with_suffix(".yaml")), "-w", str(world / "w.pdparams")]
        arguments += ["--engine", "plain", "--output", str(output), *(places if task == "infer" else [])]
        self.command = ["sh", str(SCRIPT), *arguments]
        self.marks = "*/done.json" if task == "infer" else "sequences/*.json"

    def finished(self) -> dict[str, int]:
        """Return for everything that is done when it was."""
        marks = [mark for mark in self.output.glob(self.marks) if not mark.name.startswith(".")]  # whole ones
        return {mark.relative_to(self.output).as_posix(): mark.stat().st_mtime_ns for mark in marks}

    def start(self, kill: Callable[[list[int]], None] = lambda nodes: None) -> tuple[list[int], list[str]]:
        """Start both nodes, then call ``kill`` with their numbers; return their exit codes and their ranks' logs."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            master = f"localhost:{free.getsockname()[1]}"
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        logs = [self.output.with_suffix(f".log{node}") for node in range(2)]
        started: list[subprocess.Popen[bytes]] = []
        with ExitStack() as stack:
            for node, folder in enumerate(logs):
                shutil.rmtree(folder, ignore_errors=True)
                settings = {"MASTER": master, "NNODES": "2", "NPROC": "1", "RANK": str(node), "LOG_DIR": str(folder)}
                settings["PYTHON"] = sys.executable
                process: Any = subprocess.Popen(self.command, **quiet, env={**environment(), **settings})
                started.append(stack.enter_context(process))
                stack.callback(process.kill)
            kill([process.pid for process in started])
            codes = [process.wait(timeout=400) for process in started]
        return codes, [(folder / "workerlog.0").read_text() for folder in logs]


def kill_rank(victim: int, run: Run) -> Callable[[list[int]], None]:
    """Kill -9 the process of rank ``victim`` when it has done something."""
    own = [name for number, name in enumerate(NAMES) if number % 2 == victim]

    def kill(nodes: list[int]) -> None:
        deadline = time.monotonic() + 400
        while not any(name in mark for mark in run.finished() for name in own):
            assert time.monotonic() < deadline and alive(nodes[victim])
            time.sleep(0.01)
        ranks = [child for child in children(nodes[victim]) if variable(child, "PADDLE_TRAINER_ID") == str(victim)]
        os.kill(ranks[0], signal.SIGKILL)

    return kill


@pytest.mark.parametrize(("task", "victim"), [("infer", 1), ("infer", 0), ("test", 1)])
def test_a_rank_is_killed_and_started_again_and_nothing_is_lost_or_done_twice(
    task: str, victim: int, world: Path, tmp_path: Path
) -> None:
    run = Run(task, world, tmp_path / "out")
    codes, logs = run.start(kill_rank(victim, run))
    assert all(codes) and not (run.output / "summary.json").exists()
    other = 1 - victim
    assert f"error: rank {other}: another process of this run has ended" in logs[other]
    kept = run.finished()
    shares = [{name for name in NAMES[rank::2] if any(name in mark for mark in kept)} for rank in (0, 1)]
    assert shares[victim] and len(shares[victim]) < len(NAMES) // 2
    # Without rank 0, which has the lock, the other one stops; without rank 1 it does its share.
    assert (len(shares[other]) == len(NAMES) // 2) == (other == 0)

    codes, logs = run.start()
    assert codes == [0, 0], logs
    done = run.finished()
    assert len(done) == len(NAMES) and kept.items() <= done.items()
    summary = json.loads((run.output / "summary.json").read_text())
    if task == "infer":
        taken = {name for name, entry in summary["videos"].items() if entry["status"] == "already done"}
        assert taken == shares[0] | shares[1] and list(summary["videos"]) == NAMES
        assert all(len(list((run.output / name / "masks").iterdir())) == conftest.FRAMES for name in NAMES)
        assert not list(run.output.rglob("*.partial-*"))
    else:
        assert list(summary["sequences"]) == NAMES
