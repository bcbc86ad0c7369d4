"""Stopping by a signal: at once and cleanly, or by a flag that a long loop looks at when it is safe."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType, TracebackType
from typing import Any

from .errors import Terminated
from .processes import highest


def raise_on_termination() -> None:
    """Let SIGTERM raise `Terminated`; call after Paddle is imported, whose own handler prints a C++ traceback."""
    process = os.getpid()

    def end(number: int, frame: FrameType | None) -> None:
        if os.getpid() != process:  # a forked worker, which has nothing to clean up
            os._exit(128 + number)
        raise Terminated

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, end)


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
        return highest(self.received or 0) or None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
