"""Dilated convolutions that are made pointwise compute the same."""

from __future__ import annotations

import numpy as np
import openvino as ov
import pytest
from paddle import nn

from paddlevideo.kernels.openvino_graph import openvino_model
from paddlevideo.kernels.openvino_taps import dilated_as_pointwise

SHAPE = (1, 16, 9, 14)


def _kernels(model: ov.Model) -> list[list[int]]:
    return [list(node.input(1).get_shape())[2:] for node in model.get_ops() if node.get_type_name() == "Convolution"]


def _answer(model: ov.Model, x: np.ndarray) -> np.ndarray:
    (answer,) = ov.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})([x]).values()
    return answer


@pytest.mark.parametrize("dilation", [2, (3, 5), 8, 9, (2, 14), 30])
def test_a_dilated_convolution_is_a_sum_of_moved_products(dilation: int | tuple[int, int]) -> None:
    layer = nn.Sequential(nn.Conv2D(16, 4, 3, padding=dilation, dilation=dilation), nn.BatchNorm2D(4), nn.ReLU())
    layer.eval()
    x = np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32)
    model = openvino_model(layer, [SHAPE])
    wanted = _answer(model, x)
    dilated_as_pointwise(model)
    assert _kernels(model) == [[1, 1]]
    got = _answer(model, x)
    assert got.shape == wanted.shape
    assert np.abs(got - wanted).max() <= 1e-5 * np.abs(wanted).max()


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2D(16, 4, 3, padding=1),
        nn.Conv2D(16, 8, 3, padding=2, dilation=2),  # too few inputs for it to pay
        nn.Conv2D(16, 4, 3, padding=1, dilation=2),
        nn.Conv2D(16, 4, 3, padding=2, dilation=2, stride=2),
        nn.Conv2D(16, 4, 5, padding=4, dilation=2),
    ],
)
def test_other_convolutions_stay(layer: nn.Layer) -> None:
    layer.eval()
    model = openvino_model(layer, [SHAPE])
    kernels = _kernels(model)
    dilated_as_pointwise(model)
    assert _kernels(model) == kernels
