"""Norms after depthwise convolutions, taken apart: the same numbers, and the layer itself as it was."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from paddle import nn

from paddlevideo.modeling.backbones.efficientnet_lite import InvertedResidual
from paddlevideo.modeling.heads.separable import SeparableHead
from paddlevideo.modeling.layers import separable_conv2d
from paddlevideo.utils.depthwise import Shift, part_norms

LAYERS = {
    "encoder": lambda: InvertedResidual(4, 4, kernel=3, stride=1, expansion=2, dilation=1),
    "pyramid": lambda: separable_conv2d(4, 6),
    "head": lambda: SeparableHead(4, 8, context=1, deep=1),
}


def _with_statistics(layer: nn.Layer) -> nn.Layer:
    rng = np.random.default_rng(0)
    for value in layer.state_dict().values():
        value.set_value(rng.uniform(0.2, 1.2, value.shape).astype("float32"))
    layer.eval()
    return layer


@pytest.mark.parametrize("name, norms", [("encoder", 1), ("pyramid", 1), ("head", 6)])
def test_the_numbers_stay_and_the_layer_does(name: str, norms: int) -> None:
    layer = _with_statistics(LAYERS[name]())
    x = paddle.to_tensor(np.random.default_rng(1).standard_normal((2, 4, 12, 16)).astype("float32"))
    before = {key: value.numpy().copy() for key, value in layer.state_dict().items()}
    with paddle.no_grad():
        wanted = layer(x).numpy()
        parted = part_norms(layer)
        got = parted(x).numpy()
    assert sum(isinstance(each, Shift) for each in parted.sublayers()) == norms
    assert np.abs(got - wanted).max() <= 1e-5 * np.abs(wanted).max()
    after = layer.state_dict()
    assert before.keys() == after.keys()
    assert all(np.array_equal(before[key], after[key].numpy()) for key in before)


def test_norms_after_other_convolutions_stay() -> None:
    layer = nn.Sequential(nn.Conv2D(4, 4, 3, padding=1), nn.BatchNorm2D(4))
    assert not any(isinstance(each, Shift) for each in part_norms(layer).sublayers())
