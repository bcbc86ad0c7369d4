"""Stride-1 depthwise convolutions that keep the size, forward and backward, for training on a CPU.

A plane lies flat in the first-level cache: rows with a margin of zeros before each, which is the margin after the row
before as well. A tap of the kernel is one offset then. Loops run over margins too; what falls there is dropped.
Each function does the planes or channels from ``start`` to ``stop``.

Shapes: x (B,C,H,W), taps (C,k,k) with k of `SIZES`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .elementwise import SUMS
from .tiles import COLUMNS, LENGTH
from .window_tiles import (
    ROWS,
    correlate_3,
    correlate_5,
    correlate_7,
    correlate_9,
    product_2x3,
    product_2x4,
    product_3x3,
    product_3x4,
)

ALONE = np.empty((0, 0, 0, 0), np.float32), np.empty((0, 0), np.float32)  # `convolve_back` without a norm
UNMEASURED = np.empty((0, 0), np.float32), np.empty((0, 0), np.float32)  # `convolve` without statistics


@njit(cache=True, nogil=True)
def _layout(height, width, k, dilation):  # type: ignore[no-untyped-def]
    """Return margin, row length, first pixel and length of a flat plane, and the rows and row length of its sums."""
    margin = dilation * (k - 1) // 2
    row = width + margin
    rows = (-(-height // dilation) + ROWS - 1) // ROWS * ROWS * dilation
    front = 2 * dilation * row  # what `_taps_gradient` reads before and after the plane
    first = front + margin * row + margin
    size = front + (rows + dilation * (k - 1) + 2 * dilation) * row + COLUMNS + LENGTH + margin + dilation
    return margin, row, front, first, size, rows, (width + COLUMNS - 1) // COLUMNS * COLUMNS


@njit(cache=True, nogil=True)
def _fill(plane, first, row, values):  # type: ignore[no-untyped-def]
    height, width = values.shape
    for y in range(height):
        line = plane[first + y * row : first + y * row + width]
        for t in range(width):
            line[t] = values[y, t]


@njit(cache=True, nogil=True)
def _correlate(plane, front, row, taps, k, dilation, bias, sums, height, width):  # type: ignore[no-untyped-def]
    """Write to ``sums`` bias plus the correlation of a flat plane with taps (columns, rows)."""
    step = sums.shape[1]
    steps = (row * dilation, step * dilation, dilation)
    weights = taps.ctypes.data
    for phase in range(dilation):
        for y in range(phase, height, ROWS * dilation):
            for t in range(0, width, COLUMNS):
                source, out = plane[front + y * row + t :].ctypes.data, sums[y, t:].ctypes.data
                if k == 3:
                    correlate_3(source, weights, bias, out, steps)
                elif k == 5:
                    correlate_5(source, weights, bias, out, steps)
                elif k == 7:
                    correlate_7(source, weights, bias, out, steps)
                else:
                    correlate_9(source, weights, bias, out, steps)


@njit(cache=True, nogil=True)
def _taps_gradient(plane, grad, front, first, row, k, dilation, height, sums, gradient):  # type: ignore[no-untyped-def]
    """Add to gradient (k,k) the products of a flat plane with the gradient of its correlation, laid out alike."""
    steps = (row * dilation, dilation)
    i = 0
    while i < k:
        rows = 3 if (k - i) % 2 else 2
        count = ((height + (rows - 1) * dilation) * row + LENGTH - 1) // LENGTH
        j = 0
        while j < k:
            columns = 4 if k - j == 7 else 3
            source, slopes = plane[front + (i * row + j) * dilation :].ctypes.data, grad[first:].ctypes.data
            out = sums.ctypes.data
            if rows == 3 and columns == 4:
                product_3x4(source, slopes, out, steps, count)
            elif rows == 3:
                product_3x3(source, slopes, out, steps, count)
            elif columns == 4:
                product_2x4(source, slopes, out, steps, count)
            else:
                product_2x3(source, slopes, out, steps, count)
            for a in range(rows):
                for b in range(min(columns, k - j)):
                    total = np.float32(0)
                    for lane in range(LENGTH):
                        total += sums[(a * columns + b) * LENGTH + lane]
                    gradient[i + a, j + b] += total
            j += columns
        i += rows


@njit(cache=True, nogil=True, fastmath=SUMS)
def convolve(x, taps, bias, dilation, out, mean, squares, start, stop):  # type: ignore[no-untyped-def]
    """Write the convolution plus bias (C,) to out; unless empty, mean and squares (B,C) get each plane's mean and the
    sum of squared distances from it."""
    _, channels, height, width = x.shape
    k = taps.shape[1]
    _, row, front, first, size, rows, step = _layout(height, width, k, dilation)
    plane, sums = np.zeros(size, np.float32), np.zeros((rows, step), np.float32)
    for index in range(start, stop):
        b, c = index // channels, index % channels
        _fill(plane, first, row, x[b, c])
        _correlate(plane, front, row, np.ascontiguousarray(taps[c].T), k, dilation, bias[c], sums, height, width)
        result = out[b, c]
        total = np.float32(0)
        for y in range(height):
            for t in range(width):
                result[y, t] = sums[y, t]
                total += sums[y, t]
        if mean.size:
            centre = total / np.float32(height * width)
            around = np.float32(0)
            for y in range(height):
                for t in range(width):
                    around += (result[y, t] - centre) * (result[y, t] - centre)
            mean[b, c], squares[b, c] = centre, around


@njit(cache=True, nogil=True, fastmath=SUMS)
def convolve_back(x, grad, normed, scales, taps, dilation, wanted, into, of_taps, of_bias, start, stop):  # type: ignore[no-untyped-def]
    """Write the gradients of x (to into, where wanted), taps and bias for the gradient ``grad`` of the convolution.

    With ``scales`` (4,C) a norm followed: grad is of what it gave, normed (B,C,H,W) what it took, and the rows of
    scales are a factor, a level, a tilt and a mean: factor * (grad - level - tilt * (normed - mean)).
    """
    batch, _, height, width = x.shape
    k = taps.shape[1]
    _, row, front, first, size, rows, step = _layout(height, width, k, dilation)
    plane, slopes = np.zeros(size, np.float32), np.zeros(size, np.float32)
    sums, lanes = np.zeros((rows, step), np.float32), np.zeros(12 * LENGTH, np.float32)
    zero = np.float32(0)
    for c in range(start, stop):
        flipped = np.ascontiguousarray(taps[c, ::-1, ::-1].T)
        of_taps[c] = 0
        of_bias[c] = 0
        for b in range(batch):
            _fill(plane, first, row, x[b, c])
            if scales.size:
                factor, level, tilt, centre = scales[0, c], scales[1, c], scales[2, c], scales[3, c]
                above, taken = grad[b, c], normed[b, c]
                for y in range(height):
                    line = slopes[first + y * row : first + y * row + width]
                    for t in range(width):
                        line[t] = factor * (above[y, t] - level - tilt * (taken[y, t] - centre))
            else:
                _fill(slopes, first, row, grad[b, c])
            total = zero
            for n in range(first, first + height * row):
                total += slopes[n]
            of_bias[c] += total
            _taps_gradient(plane, slopes, front, first, row, k, dilation, height, lanes, of_taps[c])
            if wanted:
                _correlate(slopes, front, row, flipped, k, dilation, zero, sums, height, width)
                result = into[b, c]
                for y in range(height):
                    for t in range(width):
                        result[y, t] = sums[y, t]
