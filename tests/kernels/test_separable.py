"""Depthwise and separable convolutions for training have Paddle's values and gradients, whatever the shape."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paddle import nn

from paddlevideo.kernels import separable as kernel
from paddlevideo.modeling.layers import Conv2D, conv2d, separable, separable_conv2d
from paddlevideo.modeling.norm import BatchNorm2D

SIDE, KERNEL = st.integers(1, 21), st.sampled_from([3, 5, 7, 9])


def _with_gradients(layer: nn.Layer, run, shape: tuple[int, ...]) -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    x = paddle.to_tensor(rng.standard_normal(shape).astype("float32"), stop_gradient=False)
    out = run(x * 1.0)
    (out * paddle.to_tensor(rng.standard_normal(out.shape).astype("float32"))).sum().backward()
    found = [out.numpy(), x.grad.numpy(), *[p.grad.numpy() for p in layer.parameters() if not p.stop_gradient]]
    layer.clear_gradients()
    return found


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 3), st.integers(1, 5), SIDE, SIDE, KERNEL, st.integers(1, 3), st.booleans())
def test_depthwise_is_paddles(
    batch: int, channels: int, height: int, width: int, kernel: int, dilation: int, bias: bool
) -> None:
    layer = conv2d(channels, channels, kernel, dilation=dilation, groups=channels, bias=bias)
    shape = (batch, channels, height, width)
    fast = _with_gradients(layer, layer, shape)
    slow = _with_gradients(layer, lambda x: nn.Conv2D.forward(layer, x), shape)
    for got, wanted in zip(fast, slow, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-4 * np.abs(wanted).max())


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 3), st.integers(1, 5), SIDE, SIDE, st.integers(1, 4), st.integers(1, 3), st.booleans())
def test_separable_is_its_parts(
    batch: int, channels: int, height: int, width: int, outputs: int, dilation: int, bias: bool
) -> None:
    if batch * height * width < 8:  # the variance of a few numbers is small, and what is divided by it large
        height = 8
    depthwise = conv2d(channels, channels, 3, dilation=dilation, groups=channels, bias=bias)
    norm, pointwise = BatchNorm2D(channels), conv2d(channels, outputs, bias=bias)
    whole = nn.LayerList([depthwise, norm, pointwise])
    found = []
    for fast in (True, False):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Conv2D, "fast_training", fast)
            patch.setattr(BatchNorm2D, "fast_training", fast)
            norm._mean.set_value(paddle.zeros([channels]))
            norm._variance.set_value(paddle.ones([channels]))
            parts = _with_gradients(
                whole, lambda x: separable(depthwise, norm, pointwise, x), (batch, channels, height, width)
            )
        found.append([*parts, norm._mean.numpy(), norm._variance.numpy()])
    for got, wanted in zip(*found, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-3, atol=1e-3 * max(np.abs(wanted).max(), 0.1))


def test_separable_in_pieces_is_it_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = separable_conv2d(5, 3)
    layer[3].bias = layer.create_parameter([3], is_bias=True)
    found = []
    for piece in (7, 13 * 11):
        monkeypatch.setattr(kernel, "PIECE", piece)
        found.append(_with_gradients(layer, layer, (2, 5, 13, 11)))
    for got, wanted in zip(*found, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-4 * np.abs(wanted).max())


def test_separable_keeps_the_parameters_of_a_sequence() -> None:
    assert list(separable_conv2d(4, 6).state_dict()) == list(
        nn.Sequential(conv2d(4, 4, 3, groups=4), BatchNorm2D(4), nn.ReLU(), conv2d(4, 6)).state_dict()
    )


def test_a_frozen_input_gets_no_gradient_and_its_convolution_does() -> None:
    layer = separable_conv2d(4, 6)
    x = paddle.randn([2, 4, 6, 5])
    before = layer(x)
    assert not before.stop_gradient and layer[0].weight.grad is None
    before.sum().backward()
    assert x.grad is None and layer[3].weight.grad is not None


def test_what_is_no_number_stays_so() -> None:
    x = np.ones((1, 2, 9, 9), "float32")
    x[0, 1, 4, 4] = np.nan
    layer = conv2d(2, 2, 3, groups=2)
    out = layer(paddle.to_tensor(x)).numpy()
    assert np.isfinite(out[:, 0]).all() and np.isnan(out[0, 1, 3:6, 3:6]).all()
