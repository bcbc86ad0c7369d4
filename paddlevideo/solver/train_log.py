"""The training log: one JSON line a record, boards where installed, and pictures of loss and scores."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from ..utils.errors import InputError
from ..utils.files import atomic_path
from .boards import Boards
from .curves import draw_loss, draw_validation, scored_rounds


class NoLog:
    """The log of a rank above 0: takes everything and keeps nothing."""

    def write(self, record: Mapping[str, Any]) -> None:
        """Log ``record``, which has a ``step`` (the number of steps done) and what else is known."""

    def plot(self) -> None:
        """Draw what has been logged so far."""

    def close(self) -> None:
        """Finish; nothing is written afterwards."""

    def __enter__(self) -> NoLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class TrainLog(NoLog):
    """Appends records to ``folder/train_log.jsonl`` and to the boards that are installed (`Boards`).

    Training records have ``loss``, its parts and ``lr``; validation records ``J<round>`` and ``F<round>``.

    Args:
        folder: of the run.
        start_step: records of later steps are dropped first, since a resumed run makes them again; 0 begins anew.
        total_steps: of the run, for the pictures' titles.
        scored: false when the scores of ``start_step`` are made again, too.

    Raises:
        InputError: the folder cannot be written, now or (a full disk) later.
    """

    def __init__(
        self, folder: str | Path, start_step: int = 0, total_steps: int | None = None, scored: bool = True
    ) -> None:
        self.path = Path(folder) / "train_log.jsonl"
        self.total_steps = total_steps
        try:
            kept = [record for record in read_log(self.path) if record["step"] <= start_step] if start_step else []
            if not scored:
                kept = [record for record in kept if record["step"] < start_step or "loss" in record]
            with atomic_path(self.path) as temporary:
                temporary.write_text("".join(_line(record) for record in kept), encoding="utf-8")
        except OSError as error:
            raise _unwritable(self.path, error) from error
        self._boards = Boards(folder, kept)

    def write(self, record: Mapping[str, Any]) -> None:
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(_line(record))
        except OSError as error:
            raise _unwritable(self.path, error) from error
        self._boards.write(record)

    def plot(self) -> None:
        """Draw ``loss.png`` and, once there are scores, ``validation.png`` beside the log."""
        records = read_log(self.path)
        losses = [record for record in records if "loss" in record]
        scores = [record for record in records if scored_rounds([record])]
        try:
            if losses:
                draw_loss(losses, self.path.with_name("loss.png"), self.total_steps)
            if scored_rounds(scores):
                draw_validation(scores, self.path.with_name("validation.png"), self.total_steps)
        except OSError as error:
            raise _unwritable(self.path.parent, error) from error

    def close(self) -> None:
        self._boards.close()


def read_log(path: str | Path) -> list[dict[str, Any]]:
    """Read the records of a log; a last line cut short by a crash is left out, no file gives no records."""
    records = []
    path = Path(path)
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []:
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(record, dict) and "step" in record:
            records.append(record)
    return records


def _line(record: Mapping[str, Any]) -> str:
    return json.dumps(record, default=float) + "\n"  # NumPy's and Paddle's numbers are no Python floats


def _unwritable(path: Path, error: OSError) -> InputError:
    reason = error.strerror or error
    return InputError(f"{path}: cannot write ({reason}); mend that and --resume, or choose another output_dir")
