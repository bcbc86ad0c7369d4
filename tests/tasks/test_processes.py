"""Training in processes of its own: two that share a batch, and one or two that are killed and go on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paddlevideo.solver.train_log import read_log
from paddlevideo.weights.files import load_weights
from tests import conftest
from tests.tasks.tiny_training import write_config

HERE = Path(__file__).parent
TRAIN = [sys.executable, "-B", str(HERE / "tiny_training.py")]


def launch(logs: Path, script: str, *arguments: str) -> list[str]:
    launcher = [sys.executable, "-B", "-m", "paddle.distributed.launch", "--nproc_per_node=2", f"--log_dir={logs}"]
    return [*launcher, str(HERE / script), *arguments]


def environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PADDLE", "OMP_", "NUMBA_"))}
    return {**kept, "PYTHONPATH": str(HERE.parents[1])}


def run(command: list[str], code: int = 0) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=1200, env=environment(), check=False)
    assert done.returncode == code, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


def kill_after(step: int, folder: Path, command: list[str], victim: str = "") -> tuple[int, list[int]]:
    """Start training and `kill_when` ``step`` is logged."""
    log = folder / "train_log.jsonl"
    return kill_when(lambda: any(record["step"] >= step for record in read_log(log)), command, victim)


def kill_when(ready: Callable[[], bool], command: list[str], victim: str = "") -> tuple[int, list[int]]:
    """Start a command in the project's folder, kill -9 it (or its process of rank ``victim``) once it is ``ready``.

    Returns the exit code, and the numbers of the processes that it had started.
    """
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, **quiet, env=environment(), cwd=HERE.parents[1]) as process:
        try:
            deadline = time.monotonic() + 600
            while not ready():
                assert time.monotonic() < deadline and process.poll() is None
                time.sleep(0.01)
            started = children(process.pid)
            ranks = [child for child in started if victim and variable(child, "PADDLE_TRAINER_ID") == victim]
            os.kill(ranks[0] if victim else process.pid, signal.SIGKILL)
            return process.wait(timeout=60), started
        finally:
            process.kill()


def children(number: int) -> list[int]:
    """The processes below process ``number``."""
    direct = [int(child) for child in Path(f"/proc/{number}/task/{number}/children").read_text().split()]
    return [*direct, *(below for child in direct for below in children(child))]


def variable(number: int, name: str) -> str | None:
    for line in Path(f"/proc/{number}/environ").read_bytes().split(b"\0"):
        if line.startswith(f"{name}=".encode()):
            return line.decode().partition("=")[2]
    return None


def alive(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def same(first: Path, second: Path) -> bool:
    one, two = load_weights(first), load_weights(second)
    return one.keys() == two.keys() and all(np.array_equal(one[key], two[key]) for key in one)


def log_of(folder: Path) -> list[dict[str, Any]]:
    """The log without what a clock or the machine says."""
    told = ("samples_per_second", "data_wait", "memory_gib", "seconds_left")
    return [{k: v for k, v in record.items() if k not in told} for record in read_log(folder / "train_log.jsonl")]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny DAVIS, a config, and ``one``: a straight run of one process."""
    folder = tmp_path_factory.mktemp("world")
    data = conftest.write_tiny_davis(folder)
    write_config(folder / "tiny.yaml", data)
    run([*TRAIN, "-c", str(folder / "tiny.yaml"), "-o", f"output_dir={folder}/one"])
    return folder


@pytest.fixture(scope="module")
def two(world: Path) -> list[dict[str, Any]]:
    """What each of two processes found (`two_processes.py`), their runs lying beside ``one``."""
    run(launch(world / "logs", "two_processes.py", str(world / "tiny.yaml"), str(world)))
    return [json.loads((world / f"rank{rank}.json").read_text()) for rank in range(2)]


def test_two_processes_with_half_the_batch_each_are_one_with_all_of_it(world: Path, two: list[dict]) -> None:
    assert [found["straight"] for found in two] == [0, 0]
    one, shared = log_of(world / "one"), log_of(world / "straight")
    assert [record["step"] for record in one] == [record["step"] for record in shared] == list(range(1, 9))
    for key in ("loss", "interaction", "propagation", "lr"):
        wanted, found = ([record[key] for record in log] for log in (one, shared))
        np.testing.assert_allclose(found[:4], wanted[:4], rtol=1e-5)
        np.testing.assert_allclose(found, wanted, rtol=1e-4)  # differences of rounding grow from step to step
    first, second = (load_weights(world / name / "tiny_final.pdparams") for name in ("one", "straight"))
    for name in first:
        np.testing.assert_allclose(second[name], first[name], rtol=1e-3, atol=1e-5)


def test_a_signal_to_one_rank_stops_both_at_one_step_and_the_run_goes_on_exactly(world: Path, two: list[dict]) -> None:
    assert [(found["stopped"], found["resumed"]) for found in two] == [(143, 0), (143, 0)]
    assert log_of(world / "parts") == log_of(world / "straight")
    assert same(world / "parts/tiny_final.pdparams", world / "straight/tiny_final.pdparams")
    starts = json.loads((world / "parts/run.json").read_text())
    assert len(starts) >= 2


def test_a_loss_that_is_no_number_on_one_rank_stops_both(two: list[dict]) -> None:
    assert [found["spoilt"] for found in two] == [2, 2]
    assert two[0]["message"] == two[1]["message"]
    start = "error: the loss is nan at step 1 (samples "
    assert two[0]["message"].startswith(start) and "tiny_step_000001.pdparams" in two[0]["message"]
    names = two[0]["message"].removeprefix(start).partition(";")[0].split(", ")
    assert len(names) == 1 and names[0] in ("disc", "pair")


def test_another_number_of_clips_a_step_is_refused_by_both(two: list[dict]) -> None:
    assert [found["more"] for found in two] == [2, 2]
    assert "made with 2 clips a step (2 processes of batch_size 1), not 4 (2 of 2)" in two[1]["refused"]


def test_collectives(two: list[dict]) -> None:
    gathered = [{"rank": 0, "long": ""}, {"rank": 1, "long": "x" * 10}]
    for found in two:
        assert found["gathered"] == gathered
        assert found["problem"] == "of rank 0" and found["from_main"] == "rank 0"
        assert found["mean"] == [0.5, 10.0] and found["highest"] == 1 and found["copied"] == 5.0
        assert found["gradients"] == [[1.5, 3.0], [2.0, 4.0], None]
        assert found["threads"] == ["1", 2]
    assert [found["shard"] for found in two] == [["a", "c"], ["b"]]


def test_a_synchronised_norm_is_the_norm_of_all_batches(two: list[dict]) -> None:
    for found in two:
        assert set(found["norm"]) == {"out", "input", "mean", "variance", "weight", "eval"}
        assert max(found["norm"].values()) < 1e-5, found["norm"]


def test_one_process_that_is_killed_goes_on_to_the_same_bits(world: Path) -> None:
    options = ["-o", f"output_dir={world}/killed", "-o", "DATASET.num_workers=1"]
    command = [*TRAIN, "-c", str(world / "tiny.yaml"), *options]
    code, started = kill_after(3, world / "killed", command)
    assert code == -signal.SIGKILL and started
    assert not (world / "killed/tiny_final.pdparams").exists()
    run([*command, "--resume"])
    assert log_of(world / "killed") == log_of(world / "one")
    assert same(world / "killed/tiny_final.pdparams", world / "one/tiny_final.pdparams")
    assert not any(alive(process) for process in started)  # the data worker, too, has left


def test_two_processes_of_which_one_is_killed_fail_and_go_on_to_the_same_bits(world: Path, two: list[dict]) -> None:
    arguments = ["-c", str(world / "tiny.yaml"), "-o", f"output_dir={world}/broken", "-o", "DATASET.batch_size=1"]
    command = launch(world / "broken_logs", "tiny_training.py", *arguments, "-o", "sync_norm=true")
    code, started = kill_after(3, world / "broken", command, victim="1")
    assert code != 0 and not any(alive(process) for process in started)
    assert not (world / "broken/tiny_final.pdparams").exists()
    run([*command, "--resume", "auto"])
    assert log_of(world / "broken") == log_of(world / "straight")
    assert same(world / "broken/tiny_final.pdparams", world / "straight/tiny_final.pdparams")
