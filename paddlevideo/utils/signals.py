"""Stopping by a signal: at once and cleanly, or by a flag that a long loop looks at when it is safe."""

from __future__ import annotations

import math
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

from .errors import Terminated

_AT_ONCE = 5.0  # seconds


def raise_on_termination() -> None:
    """Let SIGTERM raise `Terminated`; around what brings a handler of its own see `hold_termination`.

    Launchers send several in a row: those that come while the first is cleaned up after do nothing.
    """
    process = os.getpid()
    before = -math.inf

    def end(number: int, frame: FrameType | None) -> None:
        nonlocal before
        if os.getpid() != process:  # a forked worker, which has nothing to clean up
            os._exit(128 + number)
        since, before = time.monotonic() - before, time.monotonic()
        if since > _AT_ONCE:
            raise Terminated

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, end)


@contextmanager
def hold_termination() -> Iterator[None]:
    """Let a SIGTERM within the block wait for its end, where it raises `Terminated` whatever handler the block has set.

    Threads that the block starts leave SIGTERM to the main thread. Where a system cannot hold signals back, as Windows,
    one that comes within the block may be answered otherwise.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        raise_on_termination()
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        yield
    finally:
        raise_on_termination()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class StopSignals:
    """Within the ``with`` block the first SIGINT or SIGTERM only sets `received`.

    A Ctrl-C after it acts as usual. A further SIGTERM does nothing: Paddle's launcher sends several in a row.
    Outside the main thread, where Python allows no handlers, nothing is caught.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> StopSignals:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._receive)
        return self

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self.received = self.received or number
        if signal.SIGINT in self._before:
            signal.signal(signal.SIGINT, self._before.pop(signal.SIGINT))

    def agreed(self) -> int | None:
        """Return the signal that a process of the run has received; all of them ask, and get the same answer."""
        from .processes import highest  # which needs NumPy: before --help nothing heavy is imported

        return highest(self.received or 0) or None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
