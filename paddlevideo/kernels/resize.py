"""Bilinear resizes with aligned corners in training on a CPU, forward and backward, plane by plane.

As products with two narrow matrices, which they are too, they copy and turn the maps over and over.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import paddle
from numba import njit
from paddle.autograd import PyLayer

from .elementwise import positions
from .parallel import run_in_parallel
from .tensor_arrays import as_array, new_tensor


class BilinearResize(PyLayer):
    """Resize (...,h,w) to (...,H,W)."""

    @staticmethod
    def forward(ctx: Any, x: paddle.Tensor, size: Sequence[int]) -> paddle.Tensor:
        planes = as_array(x).reshape(-1, *x.shape[-2:])
        rows, columns = (positions(*sides) for sides in zip(planes.shape[1:], size, strict=True))
        out, result = new_tensor([*x.shape[:-2], *size])
        run_in_parallel(partial(_resize, planes, rows, columns, result.reshape(-1, *size)), len(planes))
        ctx.saved = rows, columns, list(x.shape)
        return out

    @staticmethod
    def backward(ctx: Any, grad: paddle.Tensor) -> paddle.Tensor:
        rows, columns, shape = ctx.saved
        slopes = as_array(grad).reshape(-1, *grad.shape[-2:])
        of_x, into = new_tensor(shape)
        run_in_parallel(partial(_resize_back, slopes, rows, columns, into.reshape(-1, *shape[-2:])), len(slopes))
        return of_x


@njit(cache=True, nogil=True)
def _resize(planes, rows, columns, out, start, stop):  # type: ignore[no-untyped-def]
    (above, down), (left, across) = rows, columns
    _, height, width = planes.shape
    line = np.zeros(width + 1, np.float32)  # a map of one column has no second one
    for p in range(start, stop):
        for y in range(len(above)):
            upper = above[y]
            top, bottom, share = planes[p, upper], planes[p, min(upper + 1, height - 1)], down[y]
            for t in range(width):
                line[t] = top[t] * (1 - share) + bottom[t] * share
            result = out[p, y]
            for t in range(len(left)):
                result[t] = line[left[t]] * (1 - across[t]) + line[left[t] + 1] * across[t]


@njit(cache=True, nogil=True)
def _resize_back(slopes, rows, columns, out, start, stop):  # type: ignore[no-untyped-def]
    (above, down), (left, across) = rows, columns
    _, height, width = out.shape
    wide, line = np.empty((height, len(left)), np.float32), np.empty(width + 1, np.float32)
    for p in range(start, stop):
        wide[:] = 0
        for y in range(len(above)):
            upper, share, slope = above[y], down[y], slopes[p, y]
            top, bottom = wide[upper], wide[min(upper + 1, height - 1)]
            for t in range(len(left)):
                top[t] += slope[t] * (1 - share)
            for t in range(len(left)):
                bottom[t] += slope[t] * share
        for y in range(height):
            line[:] = 0
            for t in range(len(left)):
                line[left[t]] += wide[y, t] * (1 - across[t])
                line[left[t] + 1] += wide[y, t] * across[t]
            for t in range(width):
                out[p, y, t] = line[t]
