"""Everything a training run changes, saved and restored as one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import paddle
from paddle import nn

from ..utils.checkpoint import Checkpoint, latest_checkpoint, remove_checkpoints, save_checkpoint, save_weights
from ..utils.errors import InputError
from ..utils.precision import Precision
from ..utils.weights import apply_weights
from .average import WeightAverage
from .optimizers import Optimizer


class TrainingState:
    """Model, optimiser, precision and weight average of a run.

    Random numbers and data are not in here: the trainer makes both functions of seed and step, so a resumed run goes
    on exactly as the unbroken one without them.
    """

    def __init__(
        self, model: nn.Layer, optimizer: Optimizer, precision: Precision, average: WeightAverage | None, seed: int
    ) -> None:
        self.model = model
        self.optimizer = optimizer
        self.precision = precision
        self.average = average
        self.seed = seed
        self.best: float | None = None

    def weights(self) -> dict[str, paddle.Tensor]:
        """Return the weights to ship: the averaged ones where an average is kept."""
        return self.average.state() if self.average else self.model.state_dict()

    def save(self, folder: Path, name: str, step: int) -> Path:
        """Write the checkpoint of ``step`` done steps; return the path of its weights."""
        extra: dict[str, Any] = {"seed": self.seed, "best": self.best, "precision": self.precision.state()}
        if self.average:
            extra["average"] = self.average.values
        return save_checkpoint(folder, name, step, self.model.state_dict(), self.optimizer.state(), extra)

    def restore(self, checkpoint: Checkpoint) -> int:
        """Take everything over from ``checkpoint``; return the number of steps done.

        Raises `InputError` when it was made with another seed, or with an average where this run keeps none (or the
        other way round): the run could not go on exactly.
        """
        extra = checkpoint.extra
        if extra["seed"] != self.seed:
            raise InputError(f"{checkpoint.path} was made with --seed {extra['seed']}, not {self.seed}; give that seed")
        if ("average" in extra) != (self.average is not None):
            raise InputError(f"{checkpoint.path} was made {'with' if 'average' in extra else 'without'} ema_decay")
        apply_weights(self.model, checkpoint.model, str(checkpoint.path))
        self.optimizer.restore(checkpoint.optimizer)
        self.precision.restore(extra["precision"])
        if self.average:
            self.average.restore(extra["average"])
        self.best = extra["best"]
        return checkpoint.step


class CheckpointSaver:
    """Decides when a checkpoint is due and keeps the last ``keep`` of them.

    One is due every ``interval`` steps, and ``minutes`` after the last when given: a slow machine loses no more work
    than a fast one.
    """

    def __init__(
        self, state: TrainingState, folder: Path, name: str, interval: int, minutes: float | None, keep: int
    ) -> None:
        self.state = state
        self.folder = folder
        self.name = name
        self.interval = interval
        self.seconds = minutes * 60 if minutes else float("inf")
        self.keep = keep
        self.last: Path | None = latest_checkpoint(folder, name)
        self._saved_at = time.monotonic()

    def is_due(self, step: int) -> bool:
        """Say whether ``step`` done steps call for a checkpoint."""
        return step % self.interval == 0 or time.monotonic() - self._saved_at >= self.seconds

    def save(self, step: int) -> None:
        """Write the checkpoint, drop the oldest beyond ``keep``, and bring ``NAME_average`` up to date if there is one.

        The averaged weights stand in a file of their own so that a run that is still going can be tried out.
        """
        self.last = self.state.save(self.folder, self.name, step)
        if self.state.average:
            save_weights(self.folder / f"{self.name}_average.pdparams", self.state.weights())
        remove_checkpoints(self.folder, self.name, self.keep)
        self._saved_at = time.monotonic()

    def last_good(self) -> str:
        """Name the last checkpoint for a message."""
        return f"last good checkpoint: {self.last or 'none yet'}"

    def save_best(self) -> None:
        """Write the weights to ship as ``NAME_best.pdparams``."""
        save_weights(self.folder / f"{self.name}_best.pdparams", self.state.weights())
