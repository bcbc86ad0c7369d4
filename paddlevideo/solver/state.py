"""Everything a training run changes, saved and restored as one."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import paddle

from ..utils.errors import InputError
from ..utils.processes import world_size
from ..weights.files import apply_weights
from .average import WeightAverage
from .checkpoint import Checkpoint, remove_checkpoints, save_checkpoint, save_weights
from .objective import TrainingObjective
from .optimizers import Optimizer
from .precision import Precision

logger = logging.getLogger(__name__)


class Rounds(Protocol):
    """The simulated rounds of stage 2; see ``tasks.rounds``."""

    def begins(self, step: int) -> bool: ...

    def annotate(self, step: int) -> None: ...

    def state(self) -> dict[str, Any]: ...

    def restore(self, state: dict[str, Any]) -> None: ...


@dataclass(frozen=True)
class Sampling:
    """What decides which samples form step k: it has to be the same before and after a resume."""

    seed: int
    batch_size: int  # clips a step, of one process
    samples: int  # an epoch

    def record(self) -> dict[str, int]:
        return {"seed": self.seed, "processes": world_size(), "batch_size": self.batch_size, "samples": self.samples}

    def check(self, saved: dict[str, int], source: Path) -> None:
        """Raise `InputError` when a run that was at ``saved`` could not go on exactly."""
        if saved["seed"] != self.seed:
            raise InputError(f"{source} was made with --seed {saved['seed']}, not {self.seed}; give that seed")
        before, now = saved["processes"] * saved["batch_size"], world_size() * self.batch_size
        if before != now:
            raise InputError(
                f"{source} was made with {before} clips a step ({saved['processes']} processes of batch_size "
                f"{saved['batch_size']}), not {now} ({world_size()} of {self.batch_size}); change the number of "
                "processes or DATASET.batch_size so that their product is the same"
            )
        if saved["samples"] != self.samples:
            raise InputError(
                f"{source} was made with {saved['samples']} samples an epoch, DATASET.train has {self.samples} now; "
                "give the same data, or start a new run from these weights with -w"
            )
        if saved["processes"] != world_size():
            logger.warning("going on with %d processes, not %d: to rounding", world_size(), saved["processes"])


class TrainingState:
    """The objective with its network, the optimiser and what else a run carries from step to step.

    Neither the sampler's position nor random numbers are in here: the trainer makes the batch, and seeds every random
    generator, anew from seed and step. (Paddle cannot save its generators' states.)
    """

    def __init__(
        self,
        objective: TrainingObjective,
        optimizer: Optimizer,
        precision: Precision,
        average: WeightAverage | None,
        rounds: Rounds | None,
        sampling: Sampling,
    ) -> None:
        self.objective = objective
        self.model = objective.network
        self.optimizer = optimizer
        self.precision = precision
        self.average = average
        self.rounds = rounds
        self.sampling = sampling
        self.best: float | None = None
        self.unlogged: list[dict[str, float]] = []  # the numbers of the steps since the last record
        self.owes_validation = False  # left out, or not done yet, at the last step

    def weights(self) -> dict[str, paddle.Tensor]:
        """Return the weights to ship: the averaged ones where an average is kept."""
        return self.average.state() if self.average else {**self.model.state_dict(), **self.precision.masters()}

    def save(self, folder: Path, name: str, step: int) -> Path:
        """Write the checkpoint of ``step`` done steps; return the path of its weights."""
        extra: dict[str, Any] = {
            "sampling": self.sampling.record(),
            "best": self.best,
            "precision": self.precision.state(),
            "unlogged": self.unlogged,
            "owes_validation": self.owes_validation,
        }
        if self.average:
            extra["average"] = self.average.values
        if self.rounds:
            extra["rounds"] = self.rounds.state()
        return save_checkpoint(folder, name, step, self.model.state_dict(), self.optimizer.state(), extra)

    def restore(self, checkpoint: Checkpoint) -> int:
        """Take everything over from ``checkpoint``; return the number of steps done.

        Raises `InputError` when it was made with another seed, number of clips a step or data, or with an average or
        rounds where this run has none (or the other way round): the run could not go on exactly.
        """
        extra = checkpoint.extra
        if "sampling" not in extra:
            raise InputError(f"{checkpoint.path} was made by an earlier version; start from its weights with -w")
        self.sampling.check(extra["sampling"], checkpoint.path)
        for key, what, part in (("average", "ema_decay", self.average), ("rounds", "simulated rounds", self.rounds)):
            if (key in extra) != (part is not None):
                made = "with" if key in extra else "without"
                raise InputError(f"{checkpoint.path} was made {made} {what}; resume with the config of that run")
        apply_weights(self.model, checkpoint.model, str(checkpoint.path))
        self.precision.restore(extra["precision"])
        self.optimizer.restore(checkpoint.optimizer)
        if self.average:
            self.average.restore(extra["average"])
        if self.rounds:
            self.rounds.restore(extra["rounds"])
        self.best = extra["best"]
        self.unlogged = extra["unlogged"]
        self.owes_validation = extra["owes_validation"]
        return checkpoint.step


class CheckpointSaver:
    """Decides when a checkpoint is due and keeps the last ``keep`` of them. For rank 0.

    One is due every ``interval`` steps, and ``minutes`` after the last when given: a slow machine loses no more work
    than a fast one. ``last`` is the checkpoint that the run goes on from.
    """

    def __init__(
        self,
        state: TrainingState,
        folder: Path,
        name: str,
        interval: int,
        minutes: float | None,
        keep: int,
        last: Path | None = None,
    ) -> None:
        self.state = state
        self.folder = folder
        self.name = name
        self.interval = interval
        self.seconds = minutes * 60 if minutes else float("inf")
        self.keep = keep
        self.last = last
        self._saved_at = time.monotonic()

    def is_due(self, step: int) -> bool:
        """Say whether ``step`` done steps call for a checkpoint."""
        return step % self.interval == 0 or time.monotonic() - self._saved_at >= self.seconds

    def save(self, step: int, drop: bool = True) -> None:
        """Write the checkpoint, drop the oldest beyond ``keep``, and bring ``NAME_average`` up to date if there is one.

        With ``drop`` false all stay: ``step`` is going to be saved again, and an intact one has to be there meanwhile.
        The averaged weights stand in a file of their own so that a run that is still going can be tried out.
        """
        self.last = self.state.save(self.folder, self.name, step)
        if self.state.average:
            save_weights(self.folder / f"{self.name}_average.pdparams", self.state.weights())
        if drop:
            remove_checkpoints(self.folder, self.name, self.keep, step)
        self._saved_at = time.monotonic()

    def last_good(self) -> str:
        """Name the last checkpoint for a message."""
        return f"last good checkpoint: {self.last or 'none yet'}"

    def save_best(self) -> None:
        """Write the weights to ship as ``NAME_best.pdparams``."""
        save_weights(self.folder / f"{self.name}_best.pdparams", self.state.weights())
