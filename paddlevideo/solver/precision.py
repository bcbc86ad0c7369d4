"""Mixed precision in one place: where it is on, and the order of scale, unscale and step."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager, redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING, Any

import paddle
from paddle import nn

from ..utils.errors import InputError
from ..utils.runtime import autocast, device

if TYPE_CHECKING:
    from .optimizers import Optimizer

logger = logging.getLogger(__name__)


class Precision:
    """Runs forward, backward and step of a model in full or in mixed precision.

    ``level`` is Paddle's: O1 casts a list of ops; O2 nearly all, on weights in half precision whose float32 masters
    the optimiser keeps. On a CPU Paddle has neither, so there mixed precision is switched off with one line in the log.
    """

    def __init__(self, model: nn.Layer, optimizer: Optimizer, enabled: bool = False, level: str = "O1") -> None:
        if level not in ("O1", "O2"):
            raise InputError(f"--amp_level is '{level}'; give O1 or O2")
        if enabled and device() == "cpu":
            logger.info("mixed precision is off: Paddle has none on a CPU; training goes on in full precision")
            enabled = False
        self.optimizer = optimizer
        self.enabled = enabled
        self.level = level
        self.scaler = _scaler() if enabled else None
        if enabled and level == "O2":
            paddle.amp.decorate(models=model, optimizers=optimizer.rule, level="O2")

    def forward(self) -> AbstractContextManager[Any]:
        """Return the context to run the forward pass in."""
        return autocast(self.enabled, self.level)

    def backward(self, loss: paddle.Tensor) -> None:
        (self.scaler.scale(loss) if self.scaler else loss).backward()

    def unscale(self) -> None:
        """Bring the gradients to their true size; to be called before they are clipped."""
        if self.scaler:
            self.scaler.unscale_(self.optimizer.rule)

    def step(self) -> None:
        """Update the weights and clear the gradients; in mixed precision an overflow leaves the step out."""
        rule = self.optimizer.rule
        if self.scaler:
            self.scaler.step(rule)
            with redirect_stdout(StringIO()) as said:
                self.scaler.update()
            if said.getvalue():
                logger.info("the step was left out: %s", said.getvalue().strip())
        else:
            rule.step()
        # None, not zeros: a parameter without a gradient is left alone, before and after a resume alike.
        rule.clear_grad(set_to_zero=False)

    def masters(self) -> dict[str, paddle.Tensor]:
        """Return the float32 values, by the model's names, of the weights that the model has in half precision."""
        masters = self.optimizer.rule.state_dict().get("master_weights", {})
        return {name: masters[p.name] for name, p in self.optimizer.parameters.items() if p.name in masters}

    def state(self) -> dict[str, Any]:
        """Return scale, counters and masters; empty in full precision."""
        return {"scaler": self.scaler.state_dict(), "masters": self.masters()} if self.scaler else {}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` gave; call before the optimiser's own `restore`, which keeps the masters."""
        if bool(state) != self.enabled:
            before, now = ("mixed", "full") if state else ("full", "mixed")
            logger.warning(
                "the checkpoint was made in %s precision, the run goes on in %s: not to the bit", before, now
            )
        if self.scaler and state:
            self.scaler.load_state_dict({**state["scaler"], "scale": state["scaler"]["scale"].reshape(1)})
            _flatten(self.scaler)
            names = {name: p.name for name, p in self.optimizer.parameters.items()}
            masters = {names[name]: paddle.to_tensor(value) for name, value in state["masters"].items()}
            self.optimizer.rule.set_state_dict({"master_weights": masters})


def _scaler() -> paddle.amp.GradScaler:
    scaler = paddle.amp.GradScaler(init_loss_scaling=2.0**15)
    _flatten(scaler)
    return scaler


def _flatten(scaler: paddle.amp.GradScaler) -> None:
    """Make the scale a tensor without dimensions: Paddle takes its `float`, which fails else since NumPy 2.4."""
    scaler._scale = scaler._scale.reshape([])
