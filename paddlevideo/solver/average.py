"""An exponential moving average of the trained weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import paddle
from paddle import nn


class WeightAverage:
    """The average, in float32, of ``layer``'s trained parameters; everything else of the layer is taken as it is.

    ``decay`` is the share of the old average kept at a step. Early on less is kept (``(1 + n) / (10 + n)`` after n
    steps), else a short run would ship its random start.
    """

    def __init__(self, layer: nn.Layer, decay: float) -> None:
        self.layer = layer
        self.decay = decay
        self.values = {
            name: p.clone().detach().astype("float32") for name, p in layer.named_parameters() if not p.stop_gradient
        }

    @paddle.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights after optimisation step ``step`` (0 is the first)."""
        keep = min(self.decay, (1 + step) / (10 + step))
        for name, parameter in self.layer.named_parameters():
            if name in self.values:
                self.values[name].scale_(keep).add_(parameter.astype("float32") * (1 - keep))

    def state(self) -> dict[str, paddle.Tensor]:
        """Return a whole state dict of the layer with the averaged parameters in place of the trained ones."""
        return {**self.layer.state_dict(), **self.values}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take the averages over from what `state` gave."""
        self.values = {name: paddle.to_tensor(state[name]) for name in self.values}

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Within the block the layer carries the averaged weights."""
        trained = {name: p.clone().detach() for name, p in self.layer.named_parameters() if name in self.values}
        self._assign(self.values)
        try:
            yield
        finally:
            self._assign(trained)

    @paddle.no_grad()
    def _assign(self, values: Mapping[str, paddle.Tensor]) -> None:
        for name, parameter in self.layer.named_parameters():
            if name in values:
                parameter.set_value(values[name].astype(parameter.dtype))
