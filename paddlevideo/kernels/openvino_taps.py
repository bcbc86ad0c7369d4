"""Dilated convolutions in bfloat16 as pointwise ones, which processors multiply three times as fast.

A 3x3 convolution is the sum of nine pointwise ones, each moved. With large dilations OpenVINO's reads its input row by
row in pieces that are too short for matrix tiles; all nine at once are one product.
"""

from __future__ import annotations

from functools import reduce
from itertools import product
from typing import Any

import numpy as np
import openvino as ov
from openvino import opset13 as ops
from openvino.utils import replace_node

WIDE = 4  # inputs for each output, from where on it pays


def dilated_as_pointwise(model: ov.Model) -> None:
    """Replace the dilated convolutions of ``model`` that have many inputs and a constant kernel."""
    for node in model.get_ordered_ops():
        if node.get_type_name() == "Convolution" and _pays(node):
            replace_node(node, _pointwise(node))


def _pays(node: Any) -> bool:
    outputs, inputs, *kernel = node.input(1).get_shape()
    attributes = node.get_attributes()
    dilations = attributes["dilations"]
    return (
        node.input_value(1).get_node().get_type_name() == "Constant"
        and kernel == [3, 3]
        and inputs >= WIDE * outputs
        and min(dilations) > 1
        and attributes["strides"] == [1, 1]
        and attributes["pads_begin"] == attributes["pads_end"] == dilations
    )


def _pointwise(node: Any) -> Any:
    kernel = node.input_value(1).get_node().data
    outputs, inputs = kernel.shape[:2]
    taps = np.ascontiguousarray(kernel.transpose(2, 3, 0, 1)).reshape(-1, inputs, 1, 1)
    products = ops.convolution(node.input_value(0), taps, [1, 1], [0, 0], [0, 0], [1, 1])
    down, across = node.get_attributes()["dilations"]
    moves = enumerate(product((-down, 0, down), (-across, 0, across)))
    parts = [_moved(products, tap * outputs, outputs, move) for tap, move in moves]
    return reduce(ops.add, [part for part in parts if part is not None])


def _moved(products: Any, first: int, count: int, move: tuple[int, int]) -> Any | None:
    """``count`` channels from ``first``, whose pixels come from as far off as ``move`` says, zeros from outside."""
    size = products.output(0).get_shape()[2:]
    start = [max(step, 0) for step in move]
    stop = [min(length + step, length) for step, length in zip(move, size, strict=True)]
    if any(left >= right for left, right in zip(start, stop, strict=True)):
        return None
    part = ops.slice(products, [first, *start], [first + count, *stop], [1, 1, 1], [1, 2, 3])
    before = [length - right for length, right in zip(size, stop, strict=True)]
    return ops.pad(part, [0, 0, *before], [0, 0, *start], "constant", np.float32(0))
