"""Boards that draw the training log in a browser: VisualDL and TensorBoard, each when its package is installed."""

from __future__ import annotations

import importlib
import importlib.util
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Kind:
    name: str
    package: str
    writer: str
    files: str  # that it writes


# tensorboardX needs neither TensorFlow nor PyTorch; `tensorboard --logdir` reads its files.
_KINDS = (
    _Kind("VisualDL", "visualdl", "LogWriter", "*vdlrecords*"),
    _Kind("TensorBoard", "tensorboardX", "SummaryWriter", "*tfevents*"),
)


class Boards:
    """Writers of the installed packages, in ``folder/visualdl`` and ``folder/tensorboard``.

    What an earlier start left there is replaced by ``records``: each step is on the boards once, after a resume too.
    """

    def __init__(self, folder: str | Path, records: Iterable[Mapping[str, Any]] = ()) -> None:
        writers = {kind.name: _open(kind, Path(folder) / kind.name.lower()) for kind in _KINDS}
        self._writers = {name: writer for name, writer in writers.items() if writer is not None}
        logger.info("boards: %s", ", ".join(self._writers) or "none (pip install visualdl or tensorboardX for curves)")
        for record in records:
            self.write(record)

    def write(self, record: Mapping[str, Any]) -> None:
        """Add the numbers of ``record`` at its ``step``: ``train/KEY``, or ``validation/KEY`` when it has no loss."""
        group = "train" if "loss" in record else "validation"

        def add(writer: Any) -> None:
            for key, value in record.items():
                if key != "step" and isinstance(value, (int, float)):
                    writer.add_scalar(f"{group}/{key}", value, record["step"])

        self._each(add)

    def close(self) -> None:
        """Flush and end the writers."""
        self._each(lambda writer: writer.close())

    def _each(self, do: Callable[[Any], None]) -> None:
        """Do something to every writer; one that fails is reported once and dropped."""
        for name, writer in list(self._writers.items()):
            try:
                do(writer)
            except Exception as error:  # as in `_open`: a full disk, say, is the log's to report
                logger.warning("%s cannot write (%s); training goes on without it", name, error)
                del self._writers[name]


def _open(kind: _Kind, folder: Path) -> Any:
    """Return a new writer in ``folder``, None without its package or when it does not start."""
    if importlib.util.find_spec(kind.package) is None:
        return None
    try:
        for old in folder.glob(kind.files):
            old.unlink()
        return getattr(importlib.import_module(kind.package), kind.writer)(str(folder))
    except Exception as error:  # a board is a convenience: whatever is wrong with it, training goes on
        logger.warning("%s does not start (%s); training goes on without it", kind.name, error)
        return None
