"""Convolutions for training on a CPU: pointwise and stride-1 depthwise, forward and backward.

Paddle's eager depthwise kernels on a CPU are scalar, and a step of a depthwise network spends most of its time there.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import paddle
from paddle.autograd import PyLayer

from .depthwise import ALONE, UNMEASURED, convolve, convolve_back
from .elementwise import add_to_rows, sum_rows
from .parallel import run_in_parallel
from .tensor_arrays import as_array, new_tensor, tensor_of


def _multiply(matrix: np.ndarray, flat: np.ndarray, out: np.ndarray, added: np.ndarray | None = None) -> None:
    """Write matrix (D,C) times each of flat (B,C,N), plus ``added`` (D,), to out (B,D,N).

    A thread makes some rows of all products. One product an image: of whole stacks NumPy's do not always reach BLAS,
    and `dot` would first fill its output with zeros.
    """

    def band(start: int, stop: int) -> None:
        rows = np.ascontiguousarray(matrix[start:stop])
        for image, result in zip(flat, out, strict=True):
            part = result[start:stop]
            np.matmul(rows, image, out=part)
            if added is not None:
                add_to_rows(part, added[start:stop], 0, part.shape[1])

    run_in_parallel(band, len(matrix))


def _outer_sums(after: np.ndarray, before: np.ndarray, sums: np.ndarray | None) -> np.ndarray:
    """Return the sum over images of after (B,D,N) times before (B,C,N) transposed; write that of after to sums (D,)."""
    result = np.empty((after.shape[1], before.shape[1]), np.float32)

    def band(start: int, stop: int) -> None:
        total, product = result[start:stop], np.empty((stop - start, before.shape[1]), np.float32)
        part = np.empty(stop - start, np.float32)
        if sums is not None:
            sums[start:stop] = 0
        for index, (left, right) in enumerate(zip(after, before, strict=True)):
            np.matmul(left[start:stop], right.T, out=product if index else total)
            if index:
                total += product
            if sums is not None:
                sum_rows(left[start:stop], part, 0, left.shape[1])
                sums[start:stop] += part

    run_in_parallel(band, len(result))
    return result


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
    """Stride-1, size-keeping depthwise convolution: x (B,C,H,W), weight (C,1,k,k), k of `SIZES`, bias (C,)."""

    @staticmethod
    def forward(
        ctx: Any, x: paddle.Tensor, weight: paddle.Tensor, bias: paddle.Tensor | None, dilation: int
    ) -> paddle.Tensor:
        before, taps = as_array(x), as_array(weight)[:, 0]
        added = np.zeros(len(taps), np.float32) if bias is None else as_array(bias)
        out, result = new_tensor(x.shape)
        planes = before.shape[0] * before.shape[1]
        run_in_parallel(partial(convolve, before, taps, added, dilation, result, *UNMEASURED), planes)
        ctx.saved = before, taps, bias is not None, not x.stop_gradient, dilation
        return out

    @staticmethod
    def backward(ctx: Any, grad: paddle.Tensor) -> tuple[paddle.Tensor | None, ...]:
        before, taps, has_bias, needs_input, dilation = ctx.saved
        weight, sums = np.empty_like(taps), np.empty(len(taps), np.float32)
        gradient, into = new_tensor(grad.shape)
        read = before, as_array(grad), *ALONE, taps, dilation, needs_input
        run_in_parallel(partial(convolve_back, *read, into, weight, sums), len(taps))
        grads = [gradient if needs_input else None, tensor_of(weight[:, None])]
        return tuple([*grads, tensor_of(sums)] if has_bias else grads)
