"""Every operator that is converted computes in ONNX, of any size, what it computes in eager Paddle."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnxruntime
import paddle
import pytest
from paddle import nn
from paddle.nn import functional as F

from paddlevideo.kernels.onnx_graph import MAKERS, onnx_model
from paddlevideo.kernels.openvino_core import openvino_core
from paddlevideo.kernels.trace import UnknownOperator
from paddlevideo.modeling.layers import conv2d, resize_as

SIZES = [(11, 13), (12, 16), (5, 7)]


class Function(nn.Layer):
    def __init__(self, function: Callable[[paddle.Tensor], paddle.Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return self.function(x)


LAYERS: dict[str, Callable[[], nn.Layer]] = {
    "dense, dilated": lambda: conv2d(4, 6, 3, dilation=2, bias=True),
    "strided, SAME": lambda: conv2d(4, 6, 3, stride=2, padding="SAME"),
    "depthwise": lambda: conv2d(4, 4, 5, groups=4, bias=True),
    "grouped": lambda: nn.Conv2D(4, 6, 3, padding=1, groups=2),
    "norm": lambda: nn.BatchNorm2D(4),
    "dropout": lambda: nn.Dropout(0.5),
    "max pool": lambda: nn.MaxPool2D(3, 2, 1),
    "average pool": lambda: nn.AvgPool2D(4, 4, ceil_mode=True),
    "average pool, padded": lambda: nn.AvgPool2D(3, 2, 1),
    "average of the map": lambda: Function(lambda x: resize_as(F.adaptive_avg_pool2d(x, 1), x)),
    "resize": lambda: Function(lambda x: resize_as(F.avg_pool2d(x, 4, 4, ceil_mode=True), x)),
    "concat": lambda: Function(lambda x: paddle.concat([x, x], axis=1)),
    "limits": lambda: Function(lambda x: F.relu(x).clip(0.1, 0.6) - x.clip(-0.5, 0.5)),
    "hard-swish": lambda: Function(lambda x: F.hardswish(x + x + x)),
    "hard-sigmoid": lambda: Function(lambda x: F.hardsigmoid(x + x + x, slope=0.2, offset=0.4)),
    "arithmetic": lambda: Function(lambda x: F.sigmoid(x) * paddle.exp(x) / (x * x + paddle.ones([1]))),
    "constants": lambda: Function(lambda x: x.clip(0.0, 0.0).reshape([1, 4, 1, -1]) + paddle.full([1, 4, 1, 1], 2.0)),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", LAYERS)
def test_an_operator_computes_the_same_in_two_runtimes(name: str, size: tuple[int, int]) -> None:
    paddle.seed(0)
    layer = LAYERS[name]()
    layer.eval()
    rng = np.random.default_rng(0)
    for value in layer.state_dict().values():
        value.set_value(rng.uniform(0.2, 1.2, value.shape).astype("float32"))
    model = onnx_model(layer, {"x": [1, 4, None, None]}, "y").SerializeToString()
    array = rng.standard_normal((1, 4, *size)).astype(np.float32)
    wanted = layer(paddle.to_tensor(array)).numpy()
    [ours] = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"]).run(None, {"x": array})
    core = openvino_core()
    compiled = core.compile_model(core.read_model(model, b""), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    for got in (ours, compiled([array])[0]):
        assert got.shape == wanted.shape
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5)


def test_every_converted_operator_is_tried() -> None:
    tried = {"shape64", "cast", "slice", "assign", "builtin.combine", "full_int_array"}  # within others
    for make in LAYERS.values():
        from paddlevideo.kernels.trace import operator_name, traced

        trace = traced(make(), [[1, 4, None, None]])
        tried |= {operator_name(operator) for operator in trace.main_program.global_block().ops}
    assert {*MAKERS} - tried == set()


def test_an_operator_that_is_not_converted_is_named() -> None:
    with pytest.raises(UnknownOperator, match="tanh"):
        onnx_model(Function(paddle.tanh), {"x": [1, 4, None, None]}, "y")
    with pytest.raises(UnknownOperator, match="aligned corners"):
        layer = Function(lambda x: F.interpolate(x, (5, 7), mode="bilinear"))
        onnx_model(layer, {"x": [1, 4, None, None]}, "y")
