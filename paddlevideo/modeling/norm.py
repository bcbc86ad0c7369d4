"""Batch norm, alone or with the residual and the rectifier that follow it."""

from __future__ import annotations

import numpy as np
import paddle
from paddle import nn
from paddle.nn import functional as F


class BatchNorm2D(nn.BatchNorm2D):
    """Paddle's batch norm, which trains several times faster on a CPU; values and gradients agree to rounding."""

    fast_training = True  # of all norms; the benchmark turns it off

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return _trained(self, x) if is_fast(self, x) else super().forward(x)


def norm_relu(
    norm: nn.BatchNorm2D, x: paddle.Tensor, residual: paddle.Tensor | None = None, limit: float | None = None
) -> paddle.Tensor:
    """Return relu(norm(x) + residual), all (B,C,H,W), at most ``limit`` (6: ReLU6; not together with a residual).

    On a CPU in training it is one pass over the data; else the three operations, whatever kind of norm it is.
    """
    if is_fast(norm, x):
        return _trained(norm, x, residual, 0.0, limit)
    x = norm(x)
    if residual is not None:
        x = x + residual
    return F.relu(x) if limit is None else x.clip(0.0, limit)


def is_fast(norm: nn.BatchNorm2D, x: paddle.Tensor) -> bool:
    """Whether ``norm`` of x goes through the compiled loops: on a CPU, in training."""
    return (
        isinstance(norm, BatchNorm2D)
        and norm.fast_training
        and norm.training
        and paddle.in_dynamic_mode()
        and paddle.is_grad_enabled()
        and not (norm.weight is None or norm.weight.stop_gradient or x.stop_gradient)
        and x.place.is_cpu_place()
        and x.dtype == paddle.float32
    )


def _trained(
    norm: BatchNorm2D,
    x: paddle.Tensor,
    residual: paddle.Tensor | None = None,
    low: float | None = None,
    high: float | None = None,
) -> paddle.Tensor:
    from ..kernels.batch_norm import UNBOUNDED, TrainedNorm  # numba is slow to import, training needs it
    from ..kernels.tensor_arrays import shared_array

    limits = -UNBOUNDED if low is None else low, UNBOUNDED if high is None else high
    stored = [norm._mean, norm._variance]
    if norm._use_global_stats:
        return TrainedNorm.apply(
            x, norm.weight, norm.bias, residual, norm._epsilon, *limits, [shared_array(part) for part in stored]
        )
    of_batch: list[np.ndarray] = []
    out = TrainedNorm.apply(x, norm.weight, norm.bias, residual, norm._epsilon, *limits, of_batch)
    follow(norm, of_batch)
    return out


def follow(norm: nn.BatchNorm2D, of_batch: list[np.ndarray]) -> None:
    """Take a batch's mean and variance (C,) into the running ones."""
    from ..kernels.tensor_arrays import shared_array

    for running, value in zip((norm._mean, norm._variance), of_batch, strict=True):
        array = shared_array(running)
        array *= norm._momentum
        array += value * (1 - norm._momentum)
