"""What this machine can do, measured, and the most memory that a process has held."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

MATRIX = 2048
COPY_BYTES = 256 << 20
REPEATS = 10


def rates(tiny: bool = False) -> dict[str, float]:
    """Return operations a second of NumPy's float32 matrix product, and bytes a second (read plus written) of copies.

    Keys ``gflops`` and ``gbytes``, the best of several, and ``usual_gflops``, the median: a machine that is shared with
    others does not reach the best for long. ``tiny`` takes small arrays, whose figures mean little.
    """
    side, count = (512, 4 << 20) if tiny else (MATRIX, COPY_BYTES)
    left, right = np.random.default_rng(0).standard_normal((2, side, side)).astype(np.float32)
    threads = int(os.environ.get("OMP_NUM_THREADS") or 1)
    source, target = (np.ones((threads, count // threads // 4), np.float32) for _ in range(2))
    with ThreadPoolExecutor(threads) as pool:
        copying = _seconds(lambda: list(pool.map(np.copyto, target, source)))
    multiplying = _seconds(lambda: left @ right)
    operations = 2e-9 * side**3
    return {
        "gflops": operations / min(multiplying),
        "usual_gflops": operations / float(np.median(multiplying)),
        "gbytes": 1e-9 * (source.nbytes + target.nbytes) / min(copying),
    }


def _seconds(run: Callable[[], object]) -> list[float]:
    seconds = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - began)
    return seconds


def peak_gib() -> float:
    """Return the most memory that this process has held (VmHWM), without what its parent held when it was started."""
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 2**20
    from paddlevideo.utils.runtime import peak_memory_gib

    return peak_memory_gib()
