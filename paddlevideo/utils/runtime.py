"""Threads, seeds, device, precision and Paddle's flags: decided here, once, and nowhere else.

Nothing happens at import, and Paddle itself is imported by the functions that need it, so that `prepare_threads` can
run before it.
"""

from __future__ import annotations

import ctypes
import hashlib
import logging
import os
import random
import sys
import warnings
from contextlib import AbstractContextManager, nullcontext, redirect_stderr, suppress
from io import StringIO
from pathlib import Path

import numpy as np
import threadpoolctl

from .processes import is_launched, processes_here

logger = logging.getLogger(__name__)

# Paddle, NumPy and our loops have threads of their own; those that wait would spin on the processors of the others.
_PASSIVE_WAITING = {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"}
# In inference layers follow each other at once: a millisecond of spinning saves waking the threads up, and the default
# of 200 would take the processor from the matching loops, a twentieth of a frame's time.
_BRIEF_WAITING = {"KMP_BLOCKTIME": "1"}
# Of mallopt(3): -4 how many allocations may be mapped, -1 how much is kept before memory goes back to the system.
_KEEP_MEMORY = {-4: 0, -1: -1}


def available_threads() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def prepare_threads(threads: int | None = None) -> int:
    """Say how many threads the libraries may use and return it; call before Paddle is imported.

    Paddle reads ``OMP_NUM_THREADS`` when it is imported and falls to one thread without it. ``None`` keeps what the
    environment says, else shares all processors out among the launched processes of this machine.
    """
    if threads is None:
        threads = _environment_threads() or max(1, available_threads() // processes_here())
    elif os.environ.get("OMP_NUM_THREADS") != str(threads) and "paddle" in sys.modules:
        logger.warning("Paddle is already imported: it keeps its number of threads")
    os.environ["OMP_NUM_THREADS"] = str(threads)
    _keep_compiled_loops()
    os.environ.setdefault("GLOG_minloglevel", "2")  # Paddle's C++ log would cut through the progress bars
    return threads


def default_cache() -> Path:
    """Return the folder where compiled parts are kept: ``$XDG_CACHE_HOME/manet``, else ``~/.cache/manet``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "manet"


def _keep_compiled_loops() -> None:
    """Have Numba keep its code in a folder for these very sources: it sees changes in a function's own file alone."""
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted(Path(__file__).parents[1].glob("**/*.py")):
        digest.update(path.read_bytes())
    folder = default_cache() / f"loops-{digest.hexdigest()}"
    with suppress(OSError):  # where nothing can be kept there, Numba has places of its own
        folder.mkdir(parents=True, exist_ok=True)
        os.environ.setdefault("NUMBA_CACHE_DIR", str(folder))


def prepare_training() -> None:
    """Set the process up for training on a CPU, where threads that wait sleep; call before Paddle is imported."""
    for variable, value in _PASSIVE_WAITING.items():
        os.environ.setdefault(variable, value)
    bound_blas()  # our threads share the products out, together with what comes before and after them
    keep_memory()


def prepare_inference() -> None:
    """Set the process up for running the network on a CPU; call before Paddle is imported."""
    for variable, value in _BRIEF_WAITING.items():
        os.environ.setdefault(variable, value)
    bound_blas()


def keep_memory() -> None:
    """Keep memory that was freed for what comes next, instead of giving it back to the system.

    Layers take and free the same tens of megabytes over and over, and fresh pages from the system cost a training step
    of the ResNet-101 a third of its time. Where there is no ``mallopt`` it does without.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return
    for parameter, number in _KEEP_MEMORY.items():
        mallopt(parameter, number)


def give_memory_back() -> None:
    """Give memory that was freed back to the system, where there is a ``malloc_trim``: it keeps some, in pieces."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def _environment_threads() -> int:
    """Return what ``OMP_NUM_THREADS`` says, 0 when nobody has set it."""
    threads = int(os.environ.get("OMP_NUM_THREADS") or 0)
    # The launcher imports Paddle, which sets 1 where nothing is set, and hands that on.
    return 0 if is_launched() and threads == 1 else threads


def import_paddle() -> None:
    """Import Paddle without its warnings about several threads, which are meant, and ccache, which nothing needs."""
    with redirect_stderr(StringIO()) as said, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="No ccache found")
        import paddle  # noqa: F401
    for line in said.getvalue().splitlines():
        if "OMP_NUM_THREADS" not in line:
            sys.stderr.write(f"{line}\n")


def set_up(threads: int | None, seed: int) -> None:
    """Choose the device, bound OpenCV's threads and seed Python, NumPy and Paddle."""
    import paddle

    bound_opencv(threads or int(os.environ.get("OMP_NUM_THREADS") or available_threads()))
    warnings.filterwarnings("ignore", message="When training, we now always track")  # of batch norms, whatever is set
    paddle.set_device(device())  # of several cards the one that the launcher gave this process
    seed_all(seed)


def bound_blas() -> None:
    """Let NumPy's matrix products use one thread; what needs more calls them from threads of its own.

    The others of its threads spin for some 50 ms after each product and take the processors from the network meanwhile:
    a frame takes a quarter longer.
    """
    threadpoolctl.threadpool_limits(1, user_api="blas")


def bound_opencv(threads: int) -> None:
    """Let OpenCV use no more than ``threads`` threads in this process."""
    import cv2

    cv2.setNumThreads(threads)


def seed_all(seed: int) -> None:
    """Seed the global random numbers of Python, NumPy and Paddle."""
    import paddle

    random.seed(seed)
    np.random.seed(seed % 2**32)
    paddle.seed(seed)


def device() -> str:
    """Return ``"gpu"`` when this Paddle is built for one and finds one, else ``"cpu"``."""
    import paddle

    found = paddle.device.is_compiled_with_cuda() and paddle.device.cuda.device_count() > 0
    return "gpu" if found else "cpu"


def peak_memory_gib() -> float:
    """Return the most memory that this process has used: of its card, or on a CPU of the machine."""
    import paddle

    if device() == "gpu":
        return paddle.device.cuda.max_memory_allocated() / 2**30
    try:
        import resource
    except ImportError:  # on Windows
        import psutil

        memory = psutil.Process().memory_info()
        return float(getattr(memory, "peak_wset", memory.rss)) / 2**30
    # ru_maxrss counts KiB on Linux and bytes on macOS.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2 ** (30 if sys.platform == "darwin" else 20)


def autocast(enabled: bool, level: str = "O1") -> AbstractContextManager[None]:
    """Return the mixed precision context of a training step, ``level`` O1 or O2; on a CPU it changes nothing."""
    import paddle

    if not enabled or device() == "cpu":  # Paddle's own CPU autocast is a silent no-op that warns at each step
        return nullcontext()
    context: AbstractContextManager[None] = paddle.amp.auto_cast(level=level)
    return context


def use_onednn(enabled: bool) -> None:
    """Let compiled training pieces use oneDNN on a CPU (faster for dense convolutions, slower for depthwise ones)."""
    import paddle

    paddle.set_flags({"FLAGS_use_mkldnn": enabled})
