"""Log lines for a person: on stderr, between the progress bars, and in a file if asked for."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TextIO

from tqdm import tqdm

from .processes import rank


def write_line(text: str, file: TextIO) -> None:
    """Write a line between the progress bars at once, so that a signal which ends the run leaves it whole."""
    tqdm.write(f"{text}\n", file=file, end="")


class _BesideBars(logging.Handler):
    """Writes through tqdm, which lifts its bars out of the way."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            write_line(self.format(record), sys.stderr)
        except Exception:  # logging's own rule: a log line never stops the work
            self.handleError(record)


def set_up_logging(level: int = logging.INFO, file: str | Path | None = None) -> None:
    """Send the package's log to the terminal, and to ``file`` (appended) when given; may be called again.

    Ranks above 0 show warnings only, with their rank in the line, and leave the file to rank 0.
    """
    handlers: list[logging.Handler] = [_BesideBars()]
    number = rank()
    if number:
        level = max(level, logging.WARNING)
    elif file is not None:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        handlers.append(logging.FileHandler(file, encoding="utf-8"))
    package = logging.getLogger("paddlevideo")
    package.setLevel(level)
    package.propagate = False
    for handler in list(package.handlers):
        package.removeHandler(handler)
        handler.close()
    who = f"rank {number}: " if number else ""
    line = logging.Formatter(f"[%(asctime)s] {who}%(message)s", datefmt="%m/%d %H:%M:%S")
    for handler in handlers:
        handler.setFormatter(line)
        package.addHandler(handler)
