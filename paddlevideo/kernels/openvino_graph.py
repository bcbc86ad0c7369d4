"""A Paddle layer as an OpenVINO model: the layer is traced, and each of its operators has one function here.

OpenVINO reads Paddle's older format alone, and the converter to ONNX pins packages of its own; the networks of this
package need some twenty operators. All shapes are fixed, so what an operator makes of them is read off the trace.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import openvino as ov
from openvino import opset13 as ops
from paddle import nn

from .trace import UnknownOperator, number, operands, operator_name, output_shape, traced

Make = Callable[[Any, list[Any]], Any]  # an operator of the trace and its inputs, converted, to its first output
MAKERS: dict[str, Make] = {}


def openvino_model(layer: nn.Layer, input_shapes: Sequence[Sequence[int]]) -> ov.Model:
    """Return ``layer``, in eval mode, for float32 inputs of fixed shapes as a model with its weights.

    Raises `UnknownOperator` where it has an operator, or a way to use one, that is not among `MAKERS`.
    """
    trace = traced(layer, input_shapes)
    nodes: dict[Any, Any] = {
        value.id: ops.constant(tensor.numpy()) for tensor, value in zip(*trace.parameters, strict=True)
    }
    inputs = []
    for operator in trace.main_program.global_block().ops:
        name = operator_name(operator)
        if name == "builtin.parameter":
            continue
        if name == "data":
            made = ops.parameter(list(operator.result(0).shape), np.float32, name=operator.attrs()["name"])
            inputs.append(made)
        elif name in MAKERS:
            made = MAKERS[name](operator, [nodes[value.id] for value in operands(operator)])
        else:
            raise UnknownOperator(f"nothing converts Paddle's operator {name}")
        nodes[operator.result(0).id] = made
    inputs.sort(key=lambda node: int(node.friendly_name.removeprefix("x")))
    return ov.Model([nodes[value.id] for value in trace.outputs], inputs)


def _maker(*names: str) -> Callable[[Make], Make]:
    def keep(make: Make) -> Make:
        MAKERS.update(dict.fromkeys(names, make))
        return make

    return keep


def _padding(attributes: dict[str, Any]) -> dict[str, Any]:
    if attributes["padding_algorithm"] == "SAME":
        if any(step != 1 for step in attributes.get("dilations", [])):
            raise UnknownOperator("a dilated convolution with SAME padding is not converted")
        return {"pads_begin": [0, 0], "pads_end": [0, 0], "auto_pad": "same_upper"}
    if attributes["padding_algorithm"] != "EXPLICIT" or len(attributes["paddings"]) != 2:
        raise UnknownOperator(f"padding {attributes['padding_algorithm']} {attributes['paddings']} is not converted")
    return {"pads_begin": attributes["paddings"], "pads_end": attributes["paddings"]}


@_maker("conv2d", "depthwise_conv2d")
def _convolution(operator: Any, inputs: list[Any]) -> Any:
    attributes = operator.attrs()
    x, weight = inputs
    rest = {"strides": attributes["strides"], "dilations": attributes["dilations"], **_padding(attributes)}
    groups = attributes["groups"]
    if groups == 1:
        return ops.convolution(x, weight, **rest)
    outputs, *kernel = operator.operand_source(1).shape
    grouped = ops.reshape(weight, [groups, outputs // groups, *kernel], special_zero=False)
    return ops.group_convolution(x, grouped, **rest)


@_maker("batch_norm_")
def _norm(operator: Any, inputs: list[Any]) -> Any:
    x, mean, variance, weight, bias = inputs
    return ops.batch_norm_inference(x, weight, bias, mean, variance, operator.attrs()["epsilon"])


@_maker("pool2d")
def _pool(operator: Any, inputs: list[Any]) -> Any:
    attributes, x = operator.attrs(), inputs[0]
    if attributes["adaptive"]:
        if attributes["pooling_type"] != "avg" or output_shape(operator)[2:] != [1, 1]:
            raise UnknownOperator("adaptive pooling is converted as an average of the whole map only")
        return ops.reduce_mean(x, [2, 3], keep_dims=True)
    kernel = [int(side) for side in operator.operand_source(1).get_defining_op().attrs()["value"]]
    rest = {"kernel_shape": kernel, "rounding_type": "ceil" if attributes["ceil_mode"] else "floor"}
    rest |= _padding(attributes)
    if attributes["pooling_type"] == "max":
        return ops.max_pool(x, attributes["strides"], [1, 1], **rest).output(0)
    return ops.avg_pool(x, attributes["strides"], exclude_pad=attributes["exclusive"], **rest)


@_maker("matmul")
def _product(operator: Any, inputs: list[Any]) -> Any:
    attributes = operator.attrs()
    return ops.matmul(*inputs, attributes["transpose_x"], attributes["transpose_y"])


@_maker("bilinear_interp")
def _bilinear(operator: Any, inputs: list[Any]) -> Any:
    if not operator.attrs()["align_corners"]:
        raise UnknownOperator("a bilinear resize is converted with aligned corners only")
    size, axes = np.array(output_shape(operator)[2:], np.int64), np.array([2, 3], np.int64)
    aligned = {"coordinate_transformation_mode": "align_corners", "axes": axes}
    return ops.interpolate(inputs[0], size, "linear_onnx", "sizes", **aligned)


@_maker("reshape")
def _reshape(operator: Any, inputs: list[Any]) -> Any:
    return ops.reshape(inputs[0], output_shape(operator), special_zero=False)


@_maker("expand")
def _expand(operator: Any, inputs: list[Any]) -> Any:
    return ops.broadcast(inputs[0], output_shape(operator))


@_maker("concat")
def _concat(operator: Any, inputs: list[Any]) -> Any:
    return ops.concat(inputs[0], int(number(operator, 1)))


@_maker("clip")
def _clip(operator: Any, inputs: list[Any]) -> Any:
    return ops.clamp(inputs[0], number(operator, 1), number(operator, 2))


@_maker("hardsigmoid")
def _hard_sigmoid(operator: Any, inputs: list[Any]) -> Any:
    attributes = operator.attrs()
    slope, offset = (np.float32(attributes[name]) for name in ("slope", "offset"))
    return ops.hard_sigmoid(inputs[0], slope, offset)


@_maker("full")
def _full(operator: Any, inputs: list[Any]) -> Any:
    return ops.constant(np.full(output_shape(operator), operator.attrs()["value"], np.float32))


@_maker("full_int_array")
def _integers(operator: Any, inputs: list[Any]) -> Any:
    return ops.constant(np.array(operator.attrs()["value"], np.int64))


@_maker("assign_value_")
def _values(operator: Any, inputs: list[Any]) -> Any:
    return ops.constant(np.array(operator.attrs()["values"], np.float32).reshape(output_shape(operator)))


MAKERS |= {
    "builtin.combine": lambda operator, inputs: inputs,
    "transpose": lambda operator, inputs: ops.transpose(inputs[0], operator.attrs()["perm"]),
    "relu": lambda operator, inputs: ops.relu(*inputs),
    "hardswish": lambda operator, inputs: ops.hswish(*inputs),
    "sigmoid": lambda operator, inputs: ops.sigmoid(*inputs),
    "exp": lambda operator, inputs: ops.exp(*inputs),
    "add": lambda operator, inputs: ops.add(*inputs),
    "subtract": lambda operator, inputs: ops.subtract(*inputs),
    "multiply": lambda operator, inputs: ops.multiply(*inputs),
    "divide": lambda operator, inputs: ops.divide(*inputs),
    "assign": lambda operator, inputs: inputs[0],
    "dropout": lambda operator, inputs: inputs[0],
}
