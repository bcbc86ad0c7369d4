"""Convolutions for training on a CPU: pointwise and stride-1 depthwise, forward and backward.

Paddle's eager depthwise kernels on a CPU are scalar, and a step of a depthwise network spends most of its time there.
Here a zero-padded plane lies flat in the cache, so that a tap of the kernel is one offset and the loop over pixels is
one long vector loop. It runs over the margins as well, which costs little; what falls there is dropped. Each loop does
the channels or planes from ``start`` to ``stop``.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import paddle
from numba import njit
from paddle.autograd import PyLayer

from .parallel import run_in_parallel
from .tensor_arrays import as_array, new_tensor, tensor_of

GROUP = 4  # taps a pass over the pixels: sums stay in registers longer


@njit(cache=True, nogil=True)
def _offsets(k, dilation, row):  # type: ignore[no-untyped-def]
    """Offsets of the k*k taps in a flat plane of that row length, filled up with zeros to whole groups."""
    offsets = np.zeros((k * k + GROUP - 1) // GROUP * GROUP, np.int64)
    for i in range(k):
        for j in range(k):
            offsets[i * k + j] = i * dilation * row + j * dilation
    return offsets


@njit(cache=True, nogil=True, fastmath=True)
def _correlate(x, weight, bias, dilation, out, start, stop):  # type: ignore[no-untyped-def]
    """Correlate x (B,C,H,W) with weight (C,k,k), size kept, add bias (C,), write to out."""
    _, channels, height, width = x.shape
    k = weight.shape[1]
    margin = dilation * (k - 1) // 2
    row = width + 2 * margin
    length = height * row - 2 * margin
    offsets = _offsets(k, dilation, row)
    for plane in range(start, stop):
        b, c = plane // channels, plane % channels
        padded = np.zeros((height + 2 * margin) * row, np.float32)
        for y in range(height):
            first = (y + margin) * row + margin
            for t in range(width):
                padded[first + t] = x[b, c, y, t]
        taps = np.zeros(len(offsets), np.float32)
        for i in range(k):
            for j in range(k):
                taps[i * k + j] = weight[c, i, j]
        total = np.full(length, bias[c], np.float32)
        for q in range(0, len(offsets), GROUP):
            a0 = padded[offsets[q] : offsets[q] + length]
            a1 = padded[offsets[q + 1] : offsets[q + 1] + length]
            a2 = padded[offsets[q + 2] : offsets[q + 2] + length]
            a3 = padded[offsets[q + 3] : offsets[q + 3] + length]
            w0, w1, w2, w3 = taps[q], taps[q + 1], taps[q + 2], taps[q + 3]
            for t in range(length):
                total[t] += w0 * a0[t] + w1 * a1[t] + w2 * a2[t] + w3 * a3[t]
        for y in range(height):
            for t in range(width):
                out[b, c, y, t] = total[y * row + t]


@njit(cache=True, nogil=True, fastmath=True)
def _weight_gradient(x, grad, dilation, result, start, stop):  # type: ignore[no-untyped-def]
    """Write the gradient (C,k,k) of the weight from the input and the output's gradient, both (B,C,H,W)."""
    batch, _, height, width = x.shape
    k = result.shape[1]
    margin = dilation * (k - 1) // 2
    row = width + 2 * margin
    length = height * row - 2 * margin
    offsets = _offsets(k, dilation, row)
    for c in range(start, stop):
        padded = np.zeros((height + 2 * margin) * row, np.float32)
        after = np.zeros(height * row, np.float32)
        totals = np.zeros(len(offsets), np.float32)
        for b in range(batch):
            for y in range(height):
                first = (y + margin) * row + margin
                for t in range(width):
                    padded[first + t] = x[b, c, y, t]
                    after[y * row + t] = grad[b, c, y, t]
            for q in range(0, len(offsets), GROUP):
                a0 = padded[offsets[q] : offsets[q] + length]
                a1 = padded[offsets[q + 1] : offsets[q + 1] + length]
                a2 = padded[offsets[q + 2] : offsets[q + 2] + length]
                a3 = padded[offsets[q + 3] : offsets[q + 3] + length]
                s0 = s1 = s2 = s3 = np.float32(0)
                for t in range(length):
                    value = after[t]
                    s0 += value * a0[t]
                    s1 += value * a1[t]
                    s2 += value * a2[t]
                    s3 += value * a3[t]
                totals[q] += s0
                totals[q + 1] += s1
                totals[q + 2] += s2
                totals[q + 3] += s3
        for i in range(k):
            for j in range(k):
                result[c, i, j] = totals[i * k + j]


def _multiply(matrix: np.ndarray, flat: np.ndarray, out: np.ndarray, added: np.ndarray | None = None) -> None:
    """Write matrix (D,C) times each of flat (B,C,N), plus ``added`` (D,), to out (B,D,N).

    A thread makes some rows of all products. One `dot` an image: `matmul` does not always reach BLAS here.
    """

    def band(start: int, stop: int) -> None:
        rows = np.ascontiguousarray(matrix[start:stop])
        for image, result in zip(flat, out, strict=True):
            part = result[start:stop]
            np.dot(rows, image, out=part)
            if added is not None:
                part += added[start:stop, None]

    run_in_parallel(band, len(matrix))


def _outer_sums(after: np.ndarray, before: np.ndarray, sums: np.ndarray | None) -> np.ndarray:
    """Return the sum over images of after (B,D,N) times before (B,C,N) transposed; write that of after to sums (D,)."""
    result = np.empty((after.shape[1], before.shape[1]), np.float32)

    def band(start: int, stop: int) -> None:
        total, product = result[start:stop], np.empty((stop - start, before.shape[1]), np.float32)
        for index, (left, right) in enumerate(zip(after, before, strict=True)):
            np.dot(left[start:stop], right.T, out=product if index else total)
            if index:
                total += product
        if sums is not None:
            np.sum(after[:, start:stop], axis=(0, 2), out=sums[start:stop])

    run_in_parallel(band, len(result))
    return result


def _in_planes(x: np.ndarray, taps: np.ndarray, bias: np.ndarray, dilation: int, out: np.ndarray) -> None:
    run_in_parallel(partial(_correlate, x, taps, bias, dilation, out), x.shape[0] * x.shape[1])


class PointwiseCorrelation(PyLayer):
    """1x1 convolution: x (B,C,H,W), weight (D,C,1,1), bias (D,)."""

    @staticmethod
    def forward(ctx: Any, x: paddle.Tensor, weight: paddle.Tensor, bias: paddle.Tensor | None) -> paddle.Tensor:
        batch, channels, height, width = x.shape
        flat = as_array(x).reshape(batch, channels, -1)
        matrix = as_array(weight)[:, :, 0, 0]
        out, result = new_tensor([batch, len(matrix), height, width])
        _multiply(matrix, flat, result.reshape(batch, len(matrix), -1), None if bias is None else as_array(bias))
        ctx.saved = flat, matrix, bias is not None, not x.stop_gradient
        return out

    @staticmethod
    def backward(ctx: Any, grad: paddle.Tensor) -> tuple[paddle.Tensor | None, ...]:
        flat, matrix, has_bias, needs_input = ctx.saved
        batch, outputs, height, width = grad.shape
        after = as_array(grad).reshape(batch, outputs, -1)
        sums = np.empty(outputs, np.float32) if has_bias else None
        weight = _outer_sums(after, flat, sums)
        before = None
        if needs_input:
            before, into = new_tensor([batch, flat.shape[1], height, width])
            _multiply(matrix.T, after, into.reshape(flat.shape))
        grads = [before, tensor_of(weight[:, :, None, None])]
        return tuple([*grads, tensor_of(sums)] if sums is not None else grads)


class DepthwiseCorrelation(PyLayer):
    """Stride-1, size-keeping depthwise convolution: x (B,C,H,W), weight (C,1,k,k) with k odd, bias (C,)."""

    @staticmethod
    def forward(
        ctx: Any, x: paddle.Tensor, weight: paddle.Tensor, bias: paddle.Tensor | None, dilation: int
    ) -> paddle.Tensor:
        before, taps = as_array(x), as_array(weight)[:, 0]
        added = np.zeros(len(taps), np.float32) if bias is None else as_array(bias)
        out, result = new_tensor(x.shape)
        _in_planes(before, taps, added, dilation, result)
        ctx.saved = before, taps, bias is not None, not x.stop_gradient, dilation
        return out

    @staticmethod
    def backward(ctx: Any, grad: paddle.Tensor) -> tuple[paddle.Tensor | None, ...]:
        before, taps, has_bias, needs_input, dilation = ctx.saved
        after = as_array(grad)
        weight = np.empty_like(taps)
        run_in_parallel(partial(_weight_gradient, before, after, dilation, weight), len(taps))
        gradient = None
        if needs_input:
            gradient, into = new_tensor(grad.shape)
            flipped = np.ascontiguousarray(taps[:, ::-1, ::-1])
            _in_planes(after, flipped, np.zeros(len(taps), np.float32), dilation, into)
        grads = [gradient, tensor_of(weight[:, None])]
        if has_bias:
            grads.append(tensor_of(after.sum(axis=(0, 2, 3))))
        return tuple(grads)
