"""Depthwise convolution for training on a CPU.

Paddle's eager depthwise kernels on a CPU are scalar, and a step of a depthwise network spends most of its time there.
These loops read one plane at a time from cache, with the kernel size a compile-time constant so that the taps unroll.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import paddle
from numba import njit, prange
from paddle.autograd import PyLayer


@lru_cache
def _correlate(k: int) -> Callable[..., np.ndarray]:
    @njit(parallel=True, fastmath=True)
    def run(padded, weight, dilation, height, width):  # type: ignore[no-untyped-def]
        batch, channels = padded.shape[:2]
        out = np.empty((batch, channels, height, width), np.float32)
        for plane in prange(batch * channels):
            b, c = plane // channels, plane % channels
            taps = weight[c]
            for y in range(height):
                row = out[b, c, y]
                row[:] = 0
                for i in range(k):
                    source = padded[b, c, y + i * dilation]
                    for x in range(width):
                        total = row[x]
                        for j in range(k):
                            total += taps[i, j] * source[x + j * dilation]
                        row[x] = total
        return out

    return run


@lru_cache
def _weight_gradient(k: int) -> Callable[..., np.ndarray]:
    @njit(parallel=True, fastmath=True)
    def run(padded, grad, dilation):  # type: ignore[no-untyped-def]
        batch, channels, height, width = grad.shape
        result = np.zeros((channels, k, k), np.float32)
        for c in prange(channels):
            for b in range(batch):
                for y in range(height):
                    row = grad[b, c, y]
                    for i in range(k):
                        source = padded[b, c, y + i * dilation]
                        for j in range(k):
                            total = np.float32(0)
                            for x in range(width):
                                total += row[x] * source[x + j * dilation]
                            result[c, i, j] += total
        return result

    return run


def _pad(x: np.ndarray, margin: int) -> np.ndarray:
    return np.pad(x, ((0, 0), (0, 0), (margin, margin), (margin, margin)))


class DepthwiseCorrelation(PyLayer):
    """Stride-1, size-keeping depthwise convolution: x (B,C,H,W), weight (C,1,k,k) with k odd, no bias."""

    @staticmethod
    def forward(ctx: Any, x: paddle.Tensor, weight: paddle.Tensor, dilation: int) -> paddle.Tensor:
        taps = weight.numpy()[:, 0]
        k = taps.shape[1]
        margin = dilation * (k - 1) // 2
        padded = _pad(x.numpy(), margin)
        ctx.saved = padded, taps, dilation, margin
        return paddle.to_tensor(_correlate(k)(padded, taps, dilation, *x.shape[2:]))

    @staticmethod
    def backward(ctx: Any, grad: paddle.Tensor) -> tuple[paddle.Tensor, paddle.Tensor]:
        padded, taps, dilation, margin = ctx.saved
        k = taps.shape[1]
        after = np.ascontiguousarray(grad.numpy())
        weight = _weight_gradient(k)(padded, after, dilation)
        flipped = np.ascontiguousarray(taps[:, ::-1, ::-1])
        before = _correlate(k)(_pad(after, margin), flipped, dilation, *after.shape[2:])
        return paddle.to_tensor(before), paddle.to_tensor(weight[:, None])
