"""A Paddle layer as the list of its operators, which other runtimes' graphs are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import paddle
from paddle import nn

Side = int | None  # of a shape; None is open


class UnknownOperator(Exception):
    """The layer has an operator that nothing converts."""


class _Traced(nn.Layer):
    """A shell to trace, because tracing rewrites a layer's ``forward``."""

    def __init__(self, layer: nn.Layer) -> None:
        super().__init__()
        self.layer = layer
        self.eval()

    def forward(self, inputs: list[paddle.Tensor]) -> Any:
        return _as_written(self.layer, inputs)


@paddle.jit.not_to_static  # else Paddle rewrites the source of all it calls, which takes nearly all the time of a trace
def _as_written(layer: nn.Layer, inputs: list[paddle.Tensor]) -> Any:
    return layer(*inputs)


def static_layer(layer: nn.Layer, input_shapes: Sequence[Sequence[Side]]) -> Any:
    """Return ``layer``, in eval mode, as Paddle traces and saves it, with float32 inputs ``x0``, ``x1``, ..."""
    specification = [paddle.static.InputSpec(shape, "float32", f"x{k}") for k, shape in enumerate(input_shapes)]
    return paddle.jit.to_static(_Traced(layer), input_spec=[specification], full_graph=True)


def traced(layer: nn.Layer, input_shapes: Sequence[Sequence[Side]]) -> Any:
    """Return the program of ``layer``: its ``parameters``, ``main_program`` and ``outputs``."""
    static = static_layer(layer, input_shapes)  # which has to live while its program is made
    return static.forward.concrete_program


def operator_name(operator: Any) -> str:
    name: str = operator.name()
    return name.removeprefix("pd_op.")


def operands(operator: Any) -> list[Any]:
    """The values that an operator is given; some, such as dropout's seed, may be there or not."""
    return [value for value in operator.operands_source() if value.initialized()]


def number(operator: Any, index: int) -> float:
    """The number that the trace has as an input of its own."""
    value: float = operator.operand_source(index).get_defining_op().attrs()["value"]
    return value


def output_shape(operator: Any) -> list[int]:
    """The shape of an operator's first output; a side that is open is -1."""
    return [int(side) for side in operator.result(0).shape]
