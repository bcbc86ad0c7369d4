"""A separable convolution in training on a CPU: depthwise, batch norm, rectifier and pointwise as one operation.

Apart they go over the feature maps eleven times forwards and seventeen backwards, which takes longer than the sums.
Here a plane's statistics are taken while it is in the cache, and what the norm gives is made again where it is needed.
Units of work are planes, channels or pieces of images, and their sums are added in their order: results do not depend
on the number of threads.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import paddle
from numba import njit
from paddle.autograd import PyLayer

from .depthwise import convolve, convolve_back
from .elementwise import SUMS, add_to_rows, sum_rows
from .parallel import run_in_parallel
from .tensor_arrays import as_array, new_tensor, tensor_of

PIECE = 512  # pixels at a time, at most: a hundred channels of them stay in the second-level cache


class SeparableConvolution(PyLayer):
    """pointwise(relu(norm(depthwise(x)))): x (B,C,H,W), weights (C,1,k,k) and (D,C,1,1), biases (C,) and (D,) or None.

    The norm goes by the statistics of the batch; ``statistics``, an empty list, receives its mean and variance (C,).
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: paddle.Tensor,
        depthwise: paddle.Tensor,
        depthwise_bias: paddle.Tensor | None,
        scale: paddle.Tensor,
        shift: paddle.Tensor,
        pointwise: paddle.Tensor,
        pointwise_bias: paddle.Tensor | None,
        dilation: int,
        epsilon: float,
        statistics: list[np.ndarray],
    ) -> paddle.Tensor:
        before, taps, matrix = as_array(x), as_array(depthwise)[:, 0], as_array(pointwise)[:, :, 0, 0]
        batch, channels, height, width = before.shape
        middle = np.empty_like(before)
        means, squares = (np.empty((batch, channels), np.float32) for _ in range(2))
        added = np.zeros(channels, np.float32) if depthwise_bias is None else as_array(depthwise_bias)
        run_in_parallel(partial(convolve, before, taps, added, dilation, middle, means, squares), batch * channels)
        mean, variance = _pooled_statistics(means, squares, height * width)
        statistics += [mean, variance]
        spread = (1.0 / np.sqrt(variance + np.float32(epsilon))).astype(np.float32)
        weight = as_array(scale)
        factor = weight * spread
        offset = as_array(shift) - mean * factor
        out, result = new_tensor([batch, len(matrix), height, width])
        planes, results = middle.reshape(batch, channels, -1), result.reshape(batch, len(matrix), -1)
        after = None if pointwise_bias is None else as_array(pointwise_bias)

        pieces = _pieces(batch, height * width)

        def band(start: int, stop: int) -> None:
            for b, first, last in pieces[start:stop]:
                active = np.empty((channels, last - first), np.float32)
                _rectify(planes[b], factor, offset, active, first)
                np.matmul(matrix, active, out=results[b, :, first:last])
                if after is not None:
                    add_to_rows(results[b], after, first, last)

        run_in_parallel(band, len(pieces))
        ctx.saved = before, taps, matrix, planes, mean, spread, factor, offset, dilation
        ctx.had = depthwise_bias is not None, pointwise_bias is not None, not x.stop_gradient
        return out

    @staticmethod
    def backward(ctx: Any, grad: paddle.Tensor) -> tuple[paddle.Tensor | None, ...]:
        before, taps, matrix, planes, mean, spread, factor, offset, dilation = ctx.saved
        had_depthwise, had_pointwise, wanted = ctx.had
        batch, channels, pixels = planes.shape
        above = as_array(grad).reshape(batch, len(matrix), -1)
        slopes = np.empty_like(planes)
        pieces = _pieces(batch, pixels)
        of_matrix = np.empty((len(pieces), *matrix.shape), np.float32)
        of_added = np.empty((len(pieces), len(matrix)), np.float32)
        plain, along = (np.empty((len(pieces), channels), np.float32) for _ in range(2))
        turned = np.ascontiguousarray(matrix.T)

        def band(start: int, stop: int) -> None:
            for index in range(start, stop):
                b, first, last = pieces[index]
                active, wide = np.empty((channels, last - first), np.float32), above[b, :, first:last]
                _rectify(planes[b], factor, offset, active, first)
                np.matmul(wide, active.T, out=of_matrix[index])
                np.matmul(turned, wide, out=slopes[b, :, first:last])
                _rectify_back(slopes[b], active, planes[b], mean, plain[index], along[index], first)
                sum_rows(above[b], of_added[index], first, last)

        run_in_parallel(band, len(pieces))
        plain, along = (part.sum(axis=0, dtype=np.float64) for part in (plain, along))
        count = batch * pixels
        scales = np.stack([factor, plain / count, along * spread * spread / count, mean]).astype(np.float32)
        of_taps, of_bias = np.empty_like(taps), np.empty(channels, np.float32)
        of_x, into = new_tensor(before.shape)
        read = before, slopes.reshape(before.shape), planes.reshape(before.shape), scales, taps, dilation, wanted
        run_in_parallel(partial(convolve_back, *read, into, of_taps, of_bias), channels)
        grads = [of_x if wanted else None, tensor_of(of_taps[:, None])]
        grads += [tensor_of(of_bias)] if had_depthwise else []
        grads += [tensor_of(along * spread), tensor_of(plain)]
        grads += [tensor_of(of_matrix.sum(axis=0)[:, :, None, None])]
        return tuple([*grads, tensor_of(of_added.sum(axis=0))] if had_pointwise else grads)


def _pieces(batch: int, pixels: int) -> list[tuple[int, int, int]]:
    """Image, first pixel and end of each piece."""
    count = -(-pixels // PIECE)
    return [(b, pixels * k // count, pixels * (k + 1) // count) for b in range(batch) for k in range(count)]


def _pooled_statistics(means: np.ndarray, squares: np.ndarray, pixels: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and biased variance (C,) of channels from their planes' (B,C), in double precision."""
    mean = means.mean(axis=0, dtype=np.float64)
    within = squares.sum(axis=0, dtype=np.float64) / (len(means) * pixels)
    variance = within + ((means - mean) ** 2).mean(axis=0)
    return mean.astype(np.float32), variance.astype(np.float32)


@njit(cache=True, nogil=True, fastmath=SUMS)
def _rectify(planes, factor, offset, out, first):  # type: ignore[no-untyped-def]
    zero = np.float32(0)
    for c in range(len(planes)):
        scale, shift, result = factor[c], offset[c], out[c]
        plane = planes[c, first : first + result.size]
        for t in range(result.size):
            value = plane[t] * scale + shift
            result[t] = zero if value < zero else value


@njit(cache=True, nogil=True, fastmath=SUMS)
def _rectify_back(slopes, active, planes, mean, plain, along, first):  # type: ignore[no-untyped-def]
    """Keep the slopes of what is active, in place; write each channel's sum of them and of their products with planes
    minus mean."""
    zero = np.float32(0)
    for c in range(len(slopes)):
        seen, centre = active[c], mean[c]
        slope, plane = slopes[c, first : first + seen.size], planes[c, first : first + seen.size]
        total, product = zero, zero
        for t in range(seen.size):
            value = slope[t] if seen[t] > zero else zero
            slope[t] = value
            total += value
            product += value * (plane[t] - centre)
        plain[c], along[c] = total, product
