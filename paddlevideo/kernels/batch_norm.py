"""Batch norm in training on a CPU, with what follows it: a residual to add and a rectifier, in one pass each way.

Paddle's norm, sum and rectifier are separate scalar loops over the whole feature map there; in a ResNet they took as
long as the convolutions. A channel is summed by one thread in a fixed order: results do not depend on their number.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import paddle
from numba import njit
from paddle.autograd import PyLayer

from .elementwise import SUMS
from .parallel import run_in_parallel
from .tensor_arrays import as_array, new_tensor, tensor_of

NO_RESIDUAL = np.empty((0, 0, 0), np.float32)
UNBOUNDED = float(np.finfo(np.float32).max)


@njit(cache=True, nogil=True, fastmath=SUMS)
def _statistics(x, mean, variance, start, stop):  # type: ignore[no-untyped-def]
    """Write mean and biased variance (C,) of x (B,C,N)."""
    batch, _, pixels = x.shape
    for c in range(start, stop):
        total = np.float64(0)
        for b in range(batch):
            part = np.float32(0)
            for t in range(pixels):
                part += x[b, c, t]
            total += part
        centre = np.float32(total / (batch * pixels))
        squares = np.float64(0)
        for b in range(batch):
            part = np.float32(0)
            for t in range(pixels):
                away = x[b, c, t] - centre
                part += away * away
            squares += part
        mean[c] = centre
        variance[c] = squares / (batch * pixels)


@njit(cache=True, nogil=True, fastmath=SUMS)
def _normalise(x, mean, scale, shift, residual, low, high, out, start, stop):  # type: ignore[no-untyped-def]
    """Write clip((x - mean) * scale + shift + residual, low, high) to out, all (B,C,N) or (C,)."""
    _, channels, pixels = x.shape
    add = len(residual) > 0
    for plane in range(start, stop):
        b, c = plane // channels, plane % channels
        factor, offset = scale[c], shift[c] - mean[c] * scale[c]
        if add:
            for t in range(pixels):
                value = x[b, c, t] * factor + offset + residual[b, c, t]
                out[b, c, t] = low if value < low else (high if value > high else value)
        else:
            for t in range(pixels):
                value = x[b, c, t] * factor + offset
                out[b, c, t] = low if value < low else (high if value > high else value)


@njit(cache=True, nogil=True, fastmath=SUMS)
def _gradients(  # type: ignore[no-untyped-def]
    grad, x, out, mean, spread, weight, low, high, fixed, of_weight, of_bias, before, passed, start, stop
):
    """Write the gradients of weight, bias, x (to ``before``) and the residual (to ``passed``).

    ``fixed``: mean and spread were not taken from x, so that nothing flows through them.
    """
    batch, _, pixels = x.shape
    keep = len(passed) > 0
    for c in range(start, stop):
        centre, inverse = mean[c], spread[c]
        plain, along = np.float64(0), np.float64(0)
        for b in range(batch):
            part, part_along = np.float32(0), np.float32(0)
            for t in range(pixels):
                inside = (out[b, c, t] > low) & (out[b, c, t] < high)
                slope = grad[b, c, t] if inside else np.float32(0)
                part += slope
                part_along += slope * (x[b, c, t] - centre)
            plain += part
            along += part_along
        of_bias[c] = plain
        of_weight[c] = along * inverse
        factor = weight[c] * inverse
        level = np.float32(0 if fixed else plain / (batch * pixels))
        tilt = np.float32(0 if fixed else along * inverse * inverse / (batch * pixels))
        for b in range(batch):
            for t in range(pixels):
                inside = (out[b, c, t] > low) & (out[b, c, t] < high)
                slope = grad[b, c, t] if inside else np.float32(0)
                before[b, c, t] = factor * (slope - level - tilt * (x[b, c, t] - centre))
                if keep:
                    passed[b, c, t] = slope


class TrainedNorm(PyLayer):
    """clip(norm(x) + residual, low, high): x and residual (B,C,H,W), weight and bias (C,).

    ``statistics`` holds mean and variance, arrays (C,), to norm by; an empty list takes those of x and receives them.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: paddle.Tensor,
        weight: paddle.Tensor,
        bias: paddle.Tensor,
        residual: paddle.Tensor | None,
        epsilon: float,
        low: float,
        high: float,
        statistics: list[np.ndarray],
    ) -> paddle.Tensor:
        flat = _planes(as_array(x))
        fixed = bool(statistics)
        if not fixed:
            statistics += [np.empty(flat.shape[1], np.float32) for _ in range(2)]
            run_in_parallel(partial(_statistics, flat, *statistics), flat.shape[1])
        mean, variance = statistics
        spread = (1.0 / np.sqrt(variance + np.float32(epsilon))).astype(np.float32)
        taps = as_array(weight)
        added = NO_RESIDUAL if residual is None else _planes(as_array(residual))
        out, result = new_tensor(x.shape)
        limits = np.float32(low), np.float32(high)
        affine = mean, taps * spread, as_array(bias)
        run_in_parallel(
            partial(_normalise, flat, *affine, added, *limits, _planes(result)), flat.shape[0] * flat.shape[1]
        )
        ctx.saved = flat, _planes(result), mean, spread, taps, limits, fixed
        ctx.residual = residual is not None, residual is not None and not residual.stop_gradient
        return out

    @staticmethod
    def backward(ctx: Any, grad: paddle.Tensor) -> tuple[paddle.Tensor | None, ...]:
        flat, result, mean, spread, taps, limits, fixed = ctx.saved
        has_residual, wanted = ctx.residual
        before, into = new_tensor(grad.shape)
        passed, into_passed = new_tensor(grad.shape) if wanted else (None, NO_RESIDUAL)
        of_weight, of_bias = np.empty_like(taps), np.empty_like(taps)
        read = _planes(as_array(grad)), flat, result, mean, spread, taps, *limits, fixed
        written = of_weight, of_bias, _planes(into), _planes(into_passed)
        run_in_parallel(partial(_gradients, *read, *written), len(taps))
        grads = [before, tensor_of(of_weight), tensor_of(of_bias)]
        return tuple([*grads, passed] if has_residual else grads)


def _planes(array: np.ndarray) -> np.ndarray:
    return array.reshape(*array.shape[:2], -1) if array.size else NO_RESIDUAL
