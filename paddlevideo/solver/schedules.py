"""Learning rates as functions of the optimisation step.

A schedule is a plain function ``step -> rate`` without state, so a resumed run needs nothing restored, and asking past
the last step is never an error: the reference's polynomial turns complex there.
"""

from __future__ import annotations

from typing import Protocol

from ..utils.errors import InputError
from ..utils.registry import SCHEDULES


class Schedule(Protocol):
    """The learning rate of each optimisation step; ``base`` is the highest."""

    base: float

    def __call__(self, step: int) -> float: ...


@SCHEDULES.register
class PolynomialDecay:
    """A linear warm-up to ``base``, then ``end + (1 - end) * (1 - done) ** power`` times ``base``.

    ``done`` is the share (0..1) of the steps after the warm-up that are behind. The paper's: base 7e-4, power 0.9,
    101,000 steps.

    Args:
        base: the highest learning rate.
        power: exponent of the decay; 1 is a straight line, 0 keeps ``base``.
        total_steps: optimisation steps of the whole schedule, warm-up included; null: as many as the run has.
        warmup_steps: steps in which the rate rises linearly to ``base``, from ``base / warmup_steps``.
        end: rate at the end, as a share of ``base``.
    """

    def __init__(
        self,
        base: float,
        power: float = 0.9,
        total_steps: int | None = None,
        warmup_steps: int = 0,
        end: float = 0.0,
    ) -> None:
        if not base > 0:
            raise InputError(f"OPTIMIZER.learning_rate.base is {base}; it has to be above 0")
        if total_steps is not None and total_steps < 1:
            raise InputError(f"OPTIMIZER.learning_rate.total_steps is {total_steps}; give 1 or more, or null")
        if warmup_steps < 0:
            raise InputError(f"OPTIMIZER.learning_rate.warmup_steps is {warmup_steps}; give 0 or more")
        self.base = base
        self.power = power
        self.total_steps = total_steps
        self.warmup_steps = warmup_steps
        self.end = end

    def __call__(self, step: int) -> float:
        """Return the learning rate of the optimisation step ``step`` (0 is the first)."""
        if step < self.warmup_steps:
            return self.base * (step + 1) / self.warmup_steps
        if self.total_steps is None:
            return self.base
        length = max(self.total_steps - self.warmup_steps, 1)
        done = min((step - self.warmup_steps) / length, 1.0)
        return self.base * (self.end + (1 - self.end) * (1 - done) ** self.power)
