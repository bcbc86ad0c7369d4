"""A Paddle layer as an ONNX model: the layer is traced, and each of its operators has one function here.

Sides of the inputs may be open. It is the table of `openvino_graph` for models that leave the project; the converter
there is (paddle2onnx) is built for one version of Paddle each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from paddle import nn

from .trace import Side, UnknownOperator, number, operands, operator_name, output_shape, traced

OPSET, IR_VERSION = 17, 8  # what runtimes of the last years read

Make = Callable[["Graph", Any, list[str]], str]  # an operator's inputs, by name, to its first output
MAKERS: dict[str, Make] = {}


class Graph:
    """The nodes and constants of a model in the making."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node; return the name of its output."""
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def constant(self, array: Any) -> str:
        """Add an array; return its name."""
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def integers(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64))


def onnx_model(
    layer: nn.Layer,
    inputs: dict[str, Sequence[Side]],
    output: str,
    names: Callable[[str], Sequence[str]] = lambda _: ("height", "width"),
) -> onnx.ModelProto:
    """Return ``layer``, in eval mode, as a model with its weights.

    Args:
        layer: takes float32 tensors, returns one.
        inputs: the name and shape of each; the last two sides may be None.
        output: what to call the output.
        names: an input's name to those of its two sides that are open.

    Raises:
        UnknownOperator: it has an operator, or a way to use one, that is not among `MAKERS`.
    """
    trace = traced(layer, list(inputs.values()))
    graph = Graph()
    values = {value.id: graph.constant(tensor.numpy()) for tensor, value in zip(*trace.parameters, strict=True)}
    for operator in trace.main_program.global_block().ops:
        name = operator_name(operator)
        if name == "builtin.parameter":
            continue
        if name == "data":
            made = [*inputs][int(operator.attrs()["name"].removeprefix("x"))]
        elif name in MAKERS:
            given = [values[value.id] for value in operands(operator)]
            made = given if name == "builtin.combine" else MAKERS[name](graph, operator, given)  # type: ignore[assignment]
        else:
            raise UnknownOperator(f"nothing converts Paddle's operator {name}")
        values[operator.result(0).id] = made
    [last] = trace.outputs
    graph.nodes.append(helper.make_node("Identity", [values[last.id]], [output]))

    def described(name: str, shape: Sequence[Side]) -> onnx.ValueInfoProto:
        sides = [
            *shape[:-2],
            *(text if side is None else side for side, text in zip(shape[-2:], names(name), strict=True)),
        ]
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, sides)

    shape = [None if side < 0 else int(side) for side in last.shape]
    results = [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)]
    given = [described(name, shape) for name, shape in inputs.items()]
    used = {name for node in graph.nodes for name in node.input}
    constants = [each for each in graph.constants if each.name in used]
    body = helper.make_graph(graph.nodes, output, given, results, constants)
    opset = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(body, opset_imports=opset, ir_version=IR_VERSION, producer_name="paddlevideo-manet")
    onnx.checker.check_model(model)
    return model


def _maker(*names: str) -> Callable[[Make], Make]:
    def keep(make: Make) -> Make:
        MAKERS.update(dict.fromkeys(names, make))
        return make

    return keep


def _simple(operator: str) -> Make:
    return lambda graph, _, inputs: graph.add(operator, *inputs)


def _padding(attributes: dict[str, Any]) -> dict[str, Any]:
    if attributes["padding_algorithm"] == "SAME":
        return {"auto_pad": "SAME_UPPER"}
    if attributes["padding_algorithm"] != "EXPLICIT" or len(attributes["paddings"]) != 2:
        raise UnknownOperator(f"padding {attributes['padding_algorithm']} {attributes['paddings']} is not converted")
    return {"pads": [int(side) for side in attributes["paddings"]] * 2}


@_maker("conv2d", "depthwise_conv2d")
def _convolution(graph: Graph, operator: Any, inputs: list[str]) -> str:
    attributes = operator.attrs()
    if attributes["padding_algorithm"] == "SAME" and any(step != 1 for step in attributes["dilations"]):
        raise UnknownOperator("a dilated convolution with SAME padding is not converted")
    steps = {"strides": attributes["strides"], "dilations": attributes["dilations"], "group": attributes["groups"]}
    return graph.add("Conv", *inputs, **steps, **_padding(attributes))


@_maker("batch_norm_")
def _norm(graph: Graph, operator: Any, inputs: list[str]) -> str:
    x, mean, variance, weight, bias = inputs
    return graph.add("BatchNormalization", x, weight, bias, mean, variance, epsilon=operator.attrs()["epsilon"])


@_maker("pool2d")
def _pool(graph: Graph, operator: Any, inputs: list[str]) -> str:
    attributes, x = operator.attrs(), inputs[0]
    if attributes["adaptive"]:
        if attributes["pooling_type"] != "avg" or output_shape(operator)[2:] != [1, 1]:
            raise UnknownOperator("adaptive pooling is converted as an average of the whole map only")
        return graph.add("GlobalAveragePool", x)
    kernel = operator.operand_source(1).get_defining_op().attrs()["value"]
    rest = {"kernel_shape": [int(side) for side in kernel], "strides": attributes["strides"], **_padding(attributes)}
    rest["ceil_mode"] = int(attributes["ceil_mode"])
    if attributes["pooling_type"] == "max":
        return graph.add("MaxPool", x, **rest)
    return graph.add("AveragePool", x, count_include_pad=int(not attributes["exclusive"]), **rest)


@_maker("bilinear_interp")
def _bilinear(graph: Graph, operator: Any, inputs: list[str]) -> str:
    if not operator.attrs()["align_corners"]:
        raise UnknownOperator("a bilinear resize is converted with aligned corners only")
    x, *size = inputs
    sides = size[0] if size else graph.integers(*output_shape(operator)[2:])
    kept = graph.add("Slice", graph.add("Shape", x), graph.integers(0), graph.integers(2))
    sizes = graph.add("Concat", kept, sides, axis=0)
    aligned = {"mode": "linear", "coordinate_transformation_mode": "align_corners"}
    return graph.add("Resize", x, "", "", sizes, **aligned)


@_maker("slice")
def _slice(graph: Graph, operator: Any, inputs: list[str]) -> str:
    attributes = operator.attrs()
    if attributes["decrease_axis"]:
        raise UnknownOperator("a slice that drops an axis is not converted")
    return graph.add("Slice", *inputs, graph.integers(*attributes["axes"]))


@_maker("reshape")
def _reshape(graph: Graph, operator: Any, inputs: list[str]) -> str:
    shape = output_shape(operator)
    if shape.count(-1) > 1:
        raise UnknownOperator("a reshape to several open sides is not converted")
    return graph.add("Reshape", inputs[0], graph.integers(*shape))


@_maker("concat")
def _concat(graph: Graph, operator: Any, inputs: list[Any]) -> str:
    return graph.add("Concat", *inputs[0], axis=int(number(operator, 1)))


@_maker("clip")
def _clip(graph: Graph, operator: Any, inputs: list[str]) -> str:
    low, high = (graph.constant(np.float32(number(operator, index))) for index in (1, 2))
    return graph.add("Clip", inputs[0], low, high)


@_maker("hardsigmoid")
def _hard_sigmoid(graph: Graph, operator: Any, inputs: list[str]) -> str:
    attributes = operator.attrs()
    return graph.add("HardSigmoid", inputs[0], alpha=attributes["slope"], beta=attributes["offset"])


@_maker("full")
def _full(graph: Graph, operator: Any, inputs: list[str]) -> str:
    return graph.constant(np.full(output_shape(operator), operator.attrs()["value"], np.float32))


@_maker("full_int_array")
def _integers(graph: Graph, operator: Any, inputs: list[str]) -> str:
    return graph.integers(*operator.attrs()["value"])


MAKERS |= {
    "builtin.combine": lambda graph, operator, inputs: "",  # a list, which `onnx_model` keeps
    "shape64": _simple("Shape"),
    "cast": lambda graph, operator, inputs: inputs[0],  # of shapes only, which stay int64
    "relu": _simple("Relu"),
    "hardswish": _simple("HardSwish"),
    "sigmoid": _simple("Sigmoid"),
    "exp": _simple("Exp"),
    "add": _simple("Add"),
    "subtract": _simple("Sub"),
    "multiply": _simple("Mul"),
    "divide": _simple("Div"),
    "assign": lambda graph, operator, inputs: inputs[0],
    "dropout": lambda graph, operator, inputs: inputs[0],
}
