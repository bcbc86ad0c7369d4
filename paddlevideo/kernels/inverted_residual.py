"""An inverted residual block with fixed norms in training on a CPU, image by image: its wide middle stays in the cache.

A norm by stored statistics is a factor and an offset for each channel. The factor goes into the convolution's weights,
and the gradients of weights, factor and offset all come from those of the folded weights. So nothing passes over the
maps but the rectifier. Sums are added image by image: results do not depend on the number of threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import paddle
from numba import njit
from paddle.autograd import PyLayer

from .depthwise import ALONE, UNMEASURED, convolve, convolve_back
from .elementwise import SUMS, add_to_rows
from .parallel import run_in_parallel
from .tensor_arrays import as_array, new_tensor, tensor_of

LIMIT = 6.0  # of ReLU6


@dataclass(frozen=True)
class FixedNorm:
    """Stored ``mean`` and ``variance`` (D,) of a norm."""

    mean: np.ndarray
    variance: np.ndarray
    epsilon: float


class _Folded:
    """A convolution's weight (D,...) and the norm after it as ``taps`` (D,...) and ``offset`` (D,)."""

    def __init__(self, norm: FixedNorm, weight: paddle.Tensor, scale: paddle.Tensor, shift: paddle.Tensor) -> None:
        self.weight = as_array(weight)
        self.mean = norm.mean.copy()
        self.spread = 1.0 / np.sqrt(norm.variance + np.float32(norm.epsilon))
        factor = as_array(scale) * self.spread
        self.factor = factor.reshape(-1, 1, 1, 1)
        self.taps = np.squeeze(self.weight * self.factor, axis=(2, 3) if self.weight.shape[2] == 1 else 1)
        self.offset = as_array(shift) - self.mean * factor

    def gradients(self, of_taps: np.ndarray, of_offset: np.ndarray) -> list[paddle.Tensor]:
        """Of weight, scale and shift, from those of taps (B,D,...) and offset (B,D) by image."""
        slope = of_taps.sum(axis=0).reshape(self.weight.shape)
        level = of_offset.sum(axis=0, dtype=np.float64)
        along = (slope * self.weight).sum(axis=(1, 2, 3), dtype=np.float64) - self.mean * level
        return [tensor_of(slope * self.factor), tensor_of(along * self.spread), tensor_of(level)]


class InvertedResidualTraining(PyLayer):
    """norm(project(relu6(norm(depthwise(relu6(norm(expand(x)))))))), plus x where ``residual``: x (B,C,H,W).

    ``norms`` are those of the three convolutions; ``parameters`` each one's weight and its norm's weight and bias. The
    depthwise convolution has stride 1 and keeps the size.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: paddle.Tensor,
        norms: tuple[FixedNorm, FixedNorm, FixedNorm],
        dilation: int,
        residual: bool,
        *parameters: paddle.Tensor,
    ) -> paddle.Tensor:
        parts = [_Folded(norm, *parameters[3 * k : 3 * k + 3]) for k, norm in enumerate(norms)]
        expand, depthwise, project = parts
        batch, channels, height, width = x.shape
        hidden, outputs = len(expand.taps), len(project.taps)
        seen = as_array(x).reshape(batch, channels, -1)
        wide, middle = (np.empty((batch, hidden, height, width), np.float32) for _ in range(2))
        rows, taken = wide.reshape(batch, hidden, -1), middle.reshape(batch, hidden, -1)
        out, result = new_tensor([batch, outputs, height, width])
        results, nothing = result.reshape(batch, outputs, -1), np.zeros(hidden, np.float32)

        def band(start: int, stop: int) -> None:
            for b in range(start, stop):
                np.matmul(expand.taps, seen[b], out=rows[b])
                _bound(rows[b], expand.offset)
                one = slice(b, b + 1)
                convolve(wide[one], depthwise.taps, nothing, dilation, middle[one], *UNMEASURED, 0, hidden)
                _bound(taken[b], depthwise.offset)
                np.matmul(project.taps, taken[b], out=results[b])
                add_to_rows(results[b], project.offset, 0, height * width)
                if residual:
                    results[b] += seen[b]

        run_in_parallel(band, batch)
        ctx.saved = parts, seen, wide, taken, dilation, residual, not x.stop_gradient
        return out

    @staticmethod
    def backward(ctx: Any, grad: paddle.Tensor) -> tuple[paddle.Tensor | None, ...]:
        parts, seen, wide, taken, dilation, residual, wanted = ctx.saved
        expand, depthwise, project = parts
        batch, hidden, pixels = taken.shape
        rows, shape = wide.reshape(taken.shape), (1, *wide.shape[1:])
        above = as_array(grad).reshape(batch, len(project.taps), pixels)
        of_taps = [np.empty((batch, *part.taps.shape), np.float32) for part in parts]
        of_offset = [np.empty((batch, len(part.taps)), np.float32) for part in parts]
        back_out, back_in = (np.ascontiguousarray(part.taps.T) for part in (project, expand))
        of_x, into = new_tensor([batch, seen.shape[1], *wide.shape[2:]])
        slopes_of_x = into.reshape(seen.shape)

        def band(start: int, stop: int) -> None:
            slopes, before = (np.empty((hidden, pixels), np.float32) for _ in range(2))
            for b in range(start, stop):
                np.sum(above[b], axis=1, out=of_offset[2][b])
                np.matmul(above[b], taken[b].T, out=of_taps[2][b])
                np.matmul(back_out, above[b], out=slopes)
                _bound_back(slopes, taken[b], of_offset[1][b])
                read = wide[b : b + 1], slopes.reshape(shape), *ALONE, depthwise.taps, dilation, True
                convolve_back(*read, before.reshape(shape), of_taps[1][b], of_offset[1][b], 0, hidden)
                _bound_back(before, rows[b], of_offset[0][b])
                np.matmul(before, seen[b].T, out=of_taps[0][b])
                if wanted:
                    np.matmul(back_in, before, out=slopes_of_x[b])
                    if residual:
                        slopes_of_x[b] += above[b]

        run_in_parallel(band, batch)
        gradients = [part.gradients(*each) for part, *each in zip(parts, of_taps, of_offset, strict=True)]
        return (of_x if wanted else None, *gradients[0], *gradients[1], *gradients[2])


@njit(cache=True, nogil=True, fastmath=SUMS)
def _bound(rows, offset):  # type: ignore[no-untyped-def]
    """Add a number to each row and rectify it, in place."""
    low, high = np.float32(0), np.float32(LIMIT)
    for c in range(len(rows)):
        row, more = rows[c], offset[c]
        for t in range(row.size):
            value = row[t] + more
            row[t] = low if value < low else (high if value > high else value)


@njit(cache=True, nogil=True, fastmath=SUMS)
def _bound_back(slopes, active, sums):  # type: ignore[no-untyped-def]
    """Keep the slopes of what is between the limits, in place; write each row's sum of them."""
    low, high = np.float32(0), np.float32(LIMIT)
    for c in range(len(slopes)):
        slope, seen, total = slopes[c], active[c], low
        for t in range(slope.size):
            value = slope[t] if (seen[t] > low) & (seen[t] < high) else low
            slope[t] = value
            total += value
        sums[c] = total
