"""Compiled loops that share their work out among threads.

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


def run_in_parallel(work: Callable[[int, int], None], count: int) -> None:
    """Call ``work(start, stop)`` for equal parts of ``range(count)``, one thread each."""
    threads = int(os.environ.get("OMP_NUM_THREADS") or available_threads())
    parts = max(1, min(threads, count))
    if parts == 1:
        work(0, count)
        return
    bounds = [count * part // parts for part in range(parts + 1)]
    pool = _threads(os.getpid(), threads)  # a forked process has none of its parent's threads
    others = [pool.submit(work, start, stop) for start, stop in zip(bounds[1:-1], bounds[2:], strict=True)]
    try:
        work(0, bounds[1])
    finally:
        wait(others)
    for other in others:
        other.result()


@cache
def _threads(process: int, count: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(count, thread_name_prefix=f"kernels-{process}")
