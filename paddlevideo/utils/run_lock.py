"""One trainer a folder: two would write over each other's checkpoints."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from filelock import lock_descriptor

from .errors import InputError
from .processes import from_main

logger = logging.getLogger(__name__)

# Windows locks the first byte, which nobody else can then read either: the number stands behind it.
_START = 1 if sys.platform == "win32" else 0


class RunLock:
    """Within the ``with`` block no other run can lock ``folder``, which is made if need be.

    Rank 0 holds the lock for all processes of the run. The system takes it back when that process ends, however it
    ends; the file ``.lock``, which holds the process's number, stays. Raises `InputError` when another run is there.
    """

    def __init__(self, folder: str | Path) -> None:
        self.path = Path(folder) / ".lock"
        self._file: int | None = None

    def __enter__(self) -> RunLock:
        from_main(self._lock)
        return self

    def _lock(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise InputError(
                f"{self.path.parent}: cannot write here ({error.strerror}); choose another output folder"
            ) from error
        try:
            if not lock_descriptor(file, blocking=False):
                holder = _number_in(file) or "unknown"
                os.close(file)
                raise InputError(
                    f"{self.path.parent}: another run (process {holder}) is at work in this folder; wait for its end, "
                    "stop it, or choose another output folder"
                )
        except OSError as error:  # some network folders, and some systems, have no locks
            said = "%s: not locked on this system (%s); start no second run in this folder"
            logger.warning(said, self.path.parent, error.strerror)
        if (found := _number_in(file)) and not found.isdigit():
            os.close(file)
            raise InputError(f"{self.path}: is no lock of a run; move it, or choose another output folder")
        with suppress(OSError):  # of a full disk
            os.lseek(file, 0, os.SEEK_SET)
            os.ftruncate(file, 0)
            os.write(file, f"{' ' * _START}{os.getpid()}\n".encode())
        self._file = file

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _number_in(file: int) -> str:
    """Return what stands in a lock, the number of the process that holds it."""
    os.lseek(file, _START, os.SEEK_SET)
    return os.read(file, 20).decode(errors="replace").strip()
