"""Compiled loops that share their work out: bands of it, one a thread.

The loops release the GIL and run in threads of ours. So they need no threading layer of their own, may run in several
sessions at once, and compute the same whether they have just been compiled or come from the cache (Numba's own parallel
loops add up in another order then).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache

from ..utils.runtime import available_threads


def in_bands(run: Callable[[int, int], None], count: int) -> None:
    """Call ``run(start, stop)`` for equal bands of ``range(count)``, one thread a band."""
    workers = int(os.environ.get("OMP_NUM_THREADS") or available_threads())
    bands = max(1, min(workers, count))
    if bands == 1:
        run(0, count)
        return
    edges = [count * band // bands for band in range(bands + 1)]
    pool = _threads(os.getpid(), workers)  # a forked process has none of its parent's threads
    others = [pool.submit(run, start, stop) for start, stop in zip(edges[1:-1], edges[2:], strict=True)]
    try:
        run(0, edges[1])
    finally:
        wait(others)
    for other in others:
        other.result()


@cache
def _threads(process: int, workers: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(workers, thread_name_prefix=f"bands-{process}")
