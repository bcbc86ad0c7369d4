"""Mixed precision in one place: where it is on, and the order of scale, unscale and step."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from typing import Any

import paddle

from .errors import InputError
from .runtime import autocast, device

logger = logging.getLogger(__name__)


class Precision:
    """Runs forward, backward and step in full or in mixed precision.

    ``level`` is Paddle's: O1 casts a list of ops, O2 nearly all. On a CPU `auto_cast` does nothing but warn, so there
    mixed precision is switched off with one line in the log.
    """

    def __init__(self, enabled: bool = False, level: str = "O1") -> None:
        if level not in ("O1", "O2"):
            raise InputError(f"--amp_level is '{level}'; give O1 or O2")
        if enabled and device() == "cpu":
            logger.info("mixed precision is off: Paddle has none on a CPU; training goes on in full precision")
            enabled = False
        self.enabled = enabled
        self.level = level
        self.scaler = paddle.amp.GradScaler(init_loss_scaling=2.0**15) if enabled else None

    def forward(self) -> AbstractContextManager[Any]:
        """Return the context to run the forward pass in."""
        return autocast(self.enabled, self.level)

    def backward(self, loss: paddle.Tensor) -> None:
        (self.scaler.scale(loss) if self.scaler else loss).backward()

    def unscale(self, rule: paddle.optimizer.Optimizer) -> None:
        """Bring the gradients to their true size; to be called before they are clipped."""
        if self.scaler:
            self.scaler.unscale_(rule)

    def step(self, rule: paddle.optimizer.Optimizer) -> None:
        """Update the weights and clear the gradients; in mixed precision an overflow leaves the step out."""
        if self.scaler:
            self.scaler.step(rule)
            self.scaler.update()
        else:
            rule.step()
        # None, not zeros: a parameter without a gradient is left alone, before and after a resume alike.
        rule.clear_grad(set_to_zero=False)

    def state(self) -> dict[str, Any]:
        return self.scaler.state_dict() if self.scaler else {}

    def restore(self, state: dict[str, Any]) -> None:
        if self.scaler and state:
            self.scaler.load_state_dict(state)
