"""Every operator that is converted computes in OpenVINO what it computes in eager Paddle."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import openvino as ov
import paddle
import pytest
from paddle import nn
from paddle.nn import functional as F

from paddlevideo.kernels.openvino_graph import MAKERS, openvino_model
from paddlevideo.kernels.trace import UnknownOperator
from paddlevideo.modeling.backbones.mobilenet_v3 import SqueezeExcite
from paddlevideo.modeling.layers import conv2d, resize_bilinear

SHAPE = (2, 4, 11, 13)


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
    "depthwise, strided, SAME": lambda: conv2d(4, 4, 5, stride=2, groups=4, padding="SAME"),
    "grouped": lambda: nn.Conv2D(4, 6, 3, padding=1, groups=2),
    "norm": lambda: nn.BatchNorm2D(4),
    "dropout": lambda: nn.Dropout(0.5),
    "max pool": lambda: nn.MaxPool2D(3, 2, 1),
    "average pool": lambda: nn.AvgPool2D(4, 4, ceil_mode=True),
    "average pool, padded": lambda: nn.AvgPool2D(3, 2, 1),
    "average of the map": lambda: nn.AdaptiveAvgPool2D(1),
    "resize": lambda: Function(lambda x: resize_bilinear(x, (22, 31))),
    "smaller": lambda: Function(lambda x: resize_bilinear(x, (5, 6))),
    "product": lambda: Function(lambda x: paddle.matmul(x, x, transpose_y=True)),
    "axes": lambda: Function(lambda x: x.reshape([2, 2, 2, -1]).transpose([0, 3, 1, 2])),
    "expand": lambda: Function(lambda x: F.adaptive_avg_pool2d(x, 1).expand([2, 4, 3, 5])),
    "concat": lambda: Function(lambda x: paddle.concat([x, x], axis=1)),
    "limits": lambda: Function(lambda x: F.relu(x).clip(0.1, 0.6) - x.clip(-0.5, 0.5)),
    "hard-swish": lambda: Function(lambda x: F.hardswish(x + x + x)),  # both ends of it, too
    "hard-sigmoid": lambda: Function(lambda x: F.hardsigmoid(x + x + x)),
    "hard-sigmoid, another slope": lambda: Function(lambda x: F.hardsigmoid(x, slope=0.2, offset=0.4)),
    "squeeze-excite": lambda: SqueezeExcite(4),
    "arithmetic": lambda: Function(lambda x: F.sigmoid(x) * paddle.exp(x) / (x * x + paddle.ones([1]))),
}


def _random_statistics(layer: nn.Layer) -> None:
    rng = np.random.default_rng(0)
    for value in layer.state_dict().values():
        value.set_value(rng.uniform(0.2, 1.2, value.shape).astype("float32"))


@pytest.mark.parametrize("name", LAYERS)
def test_the_numbers_are_eager_paddles(name: str) -> None:
    layer = LAYERS[name]()
    _random_statistics(layer)
    layer.eval()
    x = np.random.default_rng(1).standard_normal(SHAPE).astype("float32")
    with paddle.no_grad():
        wanted = layer(paddle.to_tensor(x)).numpy()
    model = ov.compile_model(openvino_model(layer, [SHAPE]), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    (got,) = model([x]).values()
    assert got.shape == wanted.shape
    assert np.abs(got - wanted).max() <= 1e-5 * np.abs(wanted).max()


def test_inputs_and_outputs_keep_their_order() -> None:
    class Two(nn.Layer):
        def forward(self, x: paddle.Tensor, y: paddle.Tensor) -> list[paddle.Tensor]:
            return [y - x, x]

    model = ov.compile_model(openvino_model(Two(), [(2,), (2,)]), "CPU")
    difference, first = model([np.full(2, 1, np.float32), np.full(2, 5, np.float32)]).values()
    assert difference.tolist() == [4, 4] and first.tolist() == [1, 1]


def test_an_operator_that_is_not_there_is_named() -> None:
    assert "cumsum" not in MAKERS
    with pytest.raises(UnknownOperator, match="cumsum"):
        openvino_model(Function(lambda x: paddle.cumsum(x, axis=1)), [SHAPE])


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2D(4, 4, 3, dilation=2, padding="SAME"),
        nn.Conv2D(4, 4, 3, padding=[1, 0, 1, 0]),
        nn.AdaptiveAvgPool2D(2),
        Function(lambda x: F.interpolate(x, (22, 26), mode="bilinear")),
    ],
)
def test_a_way_to_use_one_that_is_not_converted_is_refused(layer: nn.Layer) -> None:
    with pytest.raises(UnknownOperator, match="converted"):
        openvino_model(layer, [SHAPE])
