"""Threads and seeds."""

from __future__ import annotations

import ctypes
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import threadpoolctl

from paddlevideo.utils import runtime


def test_prepare_threads_prefers_the_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("OMP_NUM_THREADS", "GLOG_minloglevel"):
        monkeypatch.setenv(variable, "1")  # so that the test's changes are undone
    assert runtime.prepare_threads() == 1
    assert runtime.prepare_threads(3) == 3
    assert os.environ["OMP_NUM_THREADS"] == "3"
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert runtime.prepare_threads() == runtime.available_threads() >= 1


@pytest.mark.parametrize(("said", "threads"), [(None, 4), ("1", 4), ("3", 3)])
def test_launched_processes_share_the_processors(
    monkeypatch: pytest.MonkeyPatch, said: str | None, threads: int
) -> None:
    for variable in ("OMP_NUM_THREADS", "GLOG_minloglevel"):
        monkeypatch.setenv(variable, "1")
    monkeypatch.setattr(runtime, "available_threads", lambda: 9)
    monkeypatch.setenv("PADDLE_TRAINER_ID", "1")
    monkeypatch.setenv("PADDLE_LOCAL_SIZE", "2")
    monkeypatch.setenv("OMP_NUM_THREADS", said) if said else monkeypatch.delenv("OMP_NUM_THREADS")
    assert runtime.prepare_threads() == threads  # the launcher's import of Paddle sets 1 where nobody has said anything
    assert os.environ["OMP_NUM_THREADS"] == str(threads)


@pytest.mark.parametrize(
    ("prepare", "milliseconds"), [(runtime.prepare_training, "0"), (runtime.prepare_inference, "1")]
)
def test_waiting_threads_leave_the_processors_soon(
    monkeypatch: pytest.MonkeyPatch, prepare: Callable[[], None], milliseconds: str
) -> None:
    monkeypatch.setattr(runtime, "keep_memory", lambda: None)
    for variable in ("OMP_WAIT_POLICY", "KMP_BLOCKTIME"):
        monkeypatch.setenv(variable, "")  # so that the test's changes are undone
        monkeypatch.delenv(variable)
    prepare()
    assert os.environ["KMP_BLOCKTIME"] == milliseconds
    monkeypatch.setenv("KMP_BLOCKTIME", "7")
    prepare()
    assert os.environ["KMP_BLOCKTIME"] == "7"  # what a person has set stays


@pytest.mark.parametrize("prepare", [runtime.prepare_training, runtime.prepare_inference])
def test_products_of_numpy_leave_the_processors_to_threads_of_ours(
    monkeypatch: pytest.MonkeyPatch, prepare: Callable[[], None]
) -> None:
    monkeypatch.setattr(runtime, "keep_memory", lambda: None)
    for variable in ("OMP_WAIT_POLICY", "KMP_BLOCKTIME"):
        monkeypatch.setenv(variable, "0")

    def threads() -> set[int]:
        return {each["num_threads"] for each in threadpoolctl.threadpool_info() if each["user_api"] == "blas"}

    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        if threads() != {2}:
            pytest.skip("this NumPy's matrix products are not by a library that threadpoolctl knows")
        prepare()
        assert threads() == {1}


def test_set_up_seeds_everything() -> None:
    paddle = pytest.importorskip("paddle")

    def draw() -> list[float]:
        runtime.set_up(2, 7)
        return [random.random(), np.random.rand(), paddle.rand([]).item()]

    assert draw() == draw()
    assert cv2.getNumThreads() == 2
    assert paddle.device.get_device().startswith(runtime.device())


def test_a_seed_makes_all_random_numbers_and_memory_is_a_number() -> None:
    paddle = pytest.importorskip("paddle")
    drawn = []
    for seed in (5, 6, 5):
        runtime.seed_all(seed)
        drawn.append([random.random(), np.random.rand(), paddle.rand([]).item()])
    assert drawn[0] == drawn[2] and all(one != two for one, two in zip(*drawn[:2], strict=True))
    assert 0.01 < runtime.peak_memory_gib() < 1000


def test_package_imports_nothing_heavy() -> None:
    code = "import sys, main, paddlevideo.utils.runtime; sys.exit('paddle' in sys.modules or 'yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_importing_paddle_says_nothing() -> None:
    code = "from paddlevideo.utils.runtime import *; prepare_threads(2); import_paddle(); import paddle"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (found.stdout, found.stderr) == ("", "")


def test_compiled_loops_are_kept_for_the_sources_they_come_from(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for variable in ("OMP_NUM_THREADS", "NUMBA_CACHE_DIR"):
        monkeypatch.setenv(variable, "1")  # so that the test's changes are undone
    package = tmp_path / "package"
    (package / "utils").mkdir(parents=True)
    monkeypatch.setattr(runtime, "__file__", str(package / "utils" / "runtime.py"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folders = []
    for source in ("one", "other", "one"):
        (package / "loops.py").write_text(source)
        monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
        runtime.prepare_threads(1)
        folders.append(Path(os.environ["NUMBA_CACHE_DIR"]))
    assert folders[0] == folders[2] != folders[1]
    assert all(folder.is_dir() and folder.parent == tmp_path / "cache" / "manet" for folder in folders)


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="this system has no malloc_trim")
def test_memory_that_was_freed_in_pieces_goes_back() -> None:
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    size, count = 60_000, 2000
    pieces = [libc.malloc(size) for _ in range(count)]
    for piece in pieces:
        ctypes.memset(piece, 1, size)
    for piece in pieces[:-1]:  # the last one keeps the others from going back by themselves
        libc.free(piece)
    before = _resident_bytes()
    runtime.give_memory_back()
    assert before - _resident_bytes() > size * count / 2
    libc.free(pieces[-1])


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
