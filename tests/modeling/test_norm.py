"""The norm for training on a CPU has Paddle's values, gradients and running statistics."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from paddle import nn

from paddlevideo.modeling.norm import BatchNorm2D, norm_relu


def _twins(channels: int, **settings: object) -> tuple[BatchNorm2D, nn.BatchNorm2D]:
    fast, plain = BatchNorm2D(channels, **settings), nn.BatchNorm2D(channels, **settings)
    rng = np.random.default_rng(3)
    for name, value in plain.state_dict().items():
        value.set_value(rng.uniform(0.5, 1.5, value.shape).astype("float32"))
        fast.state_dict()[name].set_value(value)
    return fast, plain


def _step(norm: nn.BatchNorm2D, kind: str, shape: tuple[int, ...]) -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    x, residual, slope = (
        paddle.to_tensor(3 * rng.standard_normal(shape).astype("float32"), stop_gradient=False) for _ in range(3)
    )
    if kind == "norm":
        out = norm(x * 1.0)
    elif kind == "residual":
        out = norm_relu(norm, x * 1.0, residual * 1.0)
    else:
        out = norm_relu(norm, x * 1.0, limit=1.5 if kind == "limit" else None)
    (out * slope.detach()).sum().backward()
    grads = [x.grad, norm.weight.grad, norm.bias.grad, *([residual.grad] if kind == "residual" else [])]
    return [value.numpy() for value in (out, *grads, norm._mean, norm._variance)]


@pytest.mark.parametrize("global_stats", [False, True])
@pytest.mark.parametrize("kind", ["norm", "relu", "limit", "residual"])
@pytest.mark.parametrize("shape", [(1, 3, 1, 7), (2, 5, 9, 4), (3, 17, 12, 13)])
def test_agrees_with_paddle(shape: tuple[int, ...], kind: str, global_stats: bool) -> None:
    fast, plain = _twins(shape[1], use_global_stats=global_stats or None, momentum=0.7)
    for got, wanted in zip(_step(fast, kind, shape), _step(plain, kind, shape), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=2e-4, atol=2e-4 * np.abs(wanted).max())


def test_a_large_mean_does_not_cost_the_variance() -> None:
    norm = BatchNorm2D(2, momentum=0.0)
    x = np.random.default_rng(0).standard_normal((2, 2, 40, 40)).astype("float32") + 1000
    norm(paddle.to_tensor(x, stop_gradient=False))
    np.testing.assert_allclose(norm._variance.numpy(), x.astype("float64").var((0, 2, 3)), rtol=1e-4)


def test_what_is_no_number_stays_so() -> None:
    x = np.ones((1, 2, 3, 3), "float32")
    x[0, 1, 2, 2] = np.nan
    out = norm_relu(BatchNorm2D(2), paddle.to_tensor(x, stop_gradient=False)).numpy()
    assert np.isfinite(out[:, 0]).all() and np.isnan(out[:, 1]).all()


def test_eval_mode_and_frozen_norms_are_paddles() -> None:
    fast, plain = _twins(4)
    x = paddle.to_tensor(np.random.default_rng(2).standard_normal((2, 4, 5, 5)).astype("float32"), stop_gradient=False)
    fast.eval()
    plain.eval()
    np.testing.assert_array_equal(fast(x).numpy(), plain(x).numpy())
    np.testing.assert_array_equal(fast._mean.numpy(), plain._mean.numpy())
