"""Threads and seeds."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import numpy as np
import pytest

from paddlevideo.utils import runtime


def test_prepare_threads_prefers_the_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "GLOG_minloglevel"):
        monkeypatch.setenv(variable, "1")  # so that the test's changes are undone
    assert runtime.prepare_threads() == 1
    assert runtime.prepare_threads(3) == 3
    assert os.environ["OMP_NUM_THREADS"] == os.environ["NUMBA_NUM_THREADS"] == "3"
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert runtime.prepare_threads() == runtime.available_threads() >= 1


def test_set_up_seeds_everything() -> None:
    paddle = pytest.importorskip("paddle")

    def draw() -> list[float]:
        runtime.set_up(2, 7)
        return [random.random(), np.random.rand(), paddle.rand([]).item()]

    assert draw() == draw()
    assert paddle.device.get_device().startswith(runtime.device())


def test_package_imports_nothing_heavy() -> None:
    code = "import sys, main, paddlevideo.utils.runtime; sys.exit('paddle' in sys.modules or 'yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_importing_paddle_says_nothing() -> None:
    code = "from paddlevideo.utils.runtime import *; prepare_threads(2); import_paddle(); import paddle"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (found.stdout, found.stderr) == ("", "")
