"""Work in bands, one a thread."""

from __future__ import annotations

import os

import numpy as np
import pytest

from paddlevideo.kernels.parallel import run_in_parallel


def test_bands_cover_everything_once_and_hand_errors_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    counts = np.zeros(10, int)

    def count(start: int, stop: int) -> None:
        counts[start:stop] += 1

    run_in_parallel(count, 10)
    assert (counts == 1).all()

    def fail(start: int, stop: int) -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        run_in_parallel(fail, 10)


def test_a_forked_process_has_threads_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    run_in_parallel(lambda start, stop: None, 4)
    child = os.fork()
    if child == 0:
        done: list[int] = []
        run_in_parallel(lambda start, stop: done.extend(range(start, stop)), 4)
        os._exit(0 if sorted(done) == [0, 1, 2, 3] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
