"""Resizes against their definitions, and the CPU convolutions against Paddle's."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from paddle import nn

from paddlevideo.modeling.layers import Conv2D, bilinear_matrix, conv2d, resize_bilinear, resize_nearest


@pytest.mark.parametrize(
    ("source", "target"),
    [((5, 7), (9, 13)), ((4, 4), (2, 3)), ((3, 1), (6, 4)), ((2, 5), (1, 5)), ((1, 1), (3, 2)), ((9, 9), (4, 17))],
)
@pytest.mark.parametrize("lead", [(2, 3), (4,)])
def test_bilinear_trains_as_its_matrix_products(source, target, lead):
    start, slopes = paddle.randn([*lead, *source]), paddle.randn([*lead, *target])
    found = []
    for fast in (True, False):
        x = start.clone().detach()
        x.stop_gradient = False
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Conv2D, "fast_training", fast)
            out = resize_bilinear(x, target)
        (out * slopes).sum().backward()
        found.append([out.numpy(), x.grad.numpy()])
    for got, wanted in zip(*found, strict=True):
        np.testing.assert_allclose(got, wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("source", "target"), [((5, 7), (9, 13)), ((4, 4), (2, 3)), ((3, 1), (6, 4)), ((2, 5), (1, 5))]
)
def test_bilinear_is_paddles_with_aligned_corners(source, target):
    x = paddle.randn([2, 3, *source])
    expected = nn.functional.interpolate(x, size=list(target), mode="bilinear", align_corners=True)
    assert tuple(resize_bilinear(x, target).shape) == (2, 3, *target)
    np.testing.assert_allclose(resize_bilinear(x, target).numpy(), expected.numpy(), atol=1e-5)


def test_bilinear_keeps_the_corners_and_sums_to_one():
    matrix = bilinear_matrix(6, 11)
    assert matrix[0, 0] == 1 and matrix[-1, -1] == 1
    np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-6)


def test_nearest_reads_the_floor():
    label = paddle.arange(35).reshape([5, 7])
    rows, columns = [0, 1, 3], [0, 1, 3, 5]
    assert resize_nearest(label, (3, 4)).numpy().tolist() == label.numpy()[np.ix_(rows, columns)].tolist()


@pytest.mark.parametrize(
    ("inputs", "outputs", "kernel", "stride", "dilation", "groups", "bias"),
    [
        (6, 10, 1, 1, 1, 1, True),
        (6, 10, 1, 1, 1, 1, False),
        (6, 10, 1, 2, 1, 1, True),
        (8, 8, 7, 1, 1, 8, True),
        (8, 8, 5, 1, 2, 8, False),
        (4, 4, 3, 1, 3, 4, True),
    ],
)
def test_cpu_training_convolutions_agree_with_paddles(inputs, outputs, kernel, stride, dilation, groups, bias):
    layer = conv2d(inputs, outputs, kernel, stride, dilation=dilation, groups=groups, bias=bias)
    if bias:
        layer.bias.set_value(paddle.randn(layer.bias.shape))
    fast = _forward_and_gradients(layer, layer.forward)
    slow = _forward_and_gradients(layer, lambda x: nn.Conv2D.forward(layer, x))
    for got, wanted in zip(fast, slow, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-4 * np.abs(wanted).max())


def _forward_and_gradients(layer: Conv2D, forward) -> list[np.ndarray]:
    paddle.seed(3)
    x = paddle.randn([2, layer._in_channels, 9, 12])
    x.stop_gradient = False
    out = forward(x)
    weight = paddle.randn(out.shape)
    (out * weight).sum().backward()
    parameters = list(layer.parameters())
    found = [out.numpy(), x.grad.numpy(), *[p.grad.numpy() for p in parameters]]
    for parameter in parameters:
        parameter.clear_gradient(set_to_zero=False)
    return found
