"""Distance maps for training on a CPU, all ids of a frame at once, with gradients (paper section 3.3).

`paddlevideo.modeling.matching` defines the same maps in Paddle. A map takes one distance for each pixel and id, the
smallest, so the gradient flows through those alone: which they were is all that is kept.

Shapes: O ids, C channels, h w embedding grid, N = h*w, P pixels of the grid pooled 2x2, S shifts.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np
import paddle
from numba import njit
from numpy.typing import NDArray
from paddle.autograd import PyLayer

from .elementwise import positions, squash
from .parallel import run_in_parallel
from .tensor_arrays import as_array, new_tensor

BLOCK = 512  # query pixels whose distances are held at a time
NOWHERE = -1


class NearestDistances(PyLayer):
    """Squashed squared distances (O,h,w) of the pixels of ``query`` to the nearest chosen ones of ``reference``.

    Both are (C,h,w); ``chosen`` has the flat indices of each id's reference pixels. An id without any gives 1.
    """

    @staticmethod
    def forward(
        ctx: Any, query: paddle.Tensor, reference: paddle.Tensor, chosen: Sequence[NDArray[np.integer]]
    ) -> paddle.Tensor:
        channels, height, width = query.shape
        seen, stored = (as_array(x).reshape(channels, -1) for x in (query, reference))
        out, result = new_tensor([len(chosen), height, width])
        flat = result.reshape(len(chosen), -1)
        ends = np.cumsum([0, *map(len, chosen)])
        pixels = np.concatenate([np.zeros(0, np.int64), *chosen])
        columns = stored[:, pixels]
        rows, squares = -2 * columns.T, (columns * columns).sum(axis=0)
        nearest = np.full(flat.shape, NOWHERE, np.int64)

        def band(start: int, stop: int) -> None:
            for first in range(start, stop, BLOCK):
                last = min(first + BLOCK, stop)
                products = np.matmul(rows, seen[:, first:last])
                _smallest(products, squares, ends, pixels, nearest, first)
            _squared_distances(seen, stored, nearest, flat, start, stop)

        run_in_parallel(band, flat.shape[1])
        ctx.saved = seen, stored, nearest, flat, [not x.stop_gradient for x in (query, reference)]
        return out

    @staticmethod
    def backward(ctx: Any, grad: paddle.Tensor) -> tuple[paddle.Tensor | None, ...]:
        seen, stored, nearest, result, wanted = ctx.saved
        slopes = as_array(grad).reshape(result.shape) * (1 - result * result)  # of tanh(d / 2), times the square's 2
        (of_query, query), (of_reference, reference) = (new_tensor([len(seen), *grad.shape[1:]]) for _ in range(2))
        into = query.reshape(seen.shape), reference.reshape(seen.shape)
        run_in_parallel(partial(_pair_gradients, seen, stored, nearest, slopes, *into), len(seen))
        return tuple(g if want else None for g, want in zip((of_query, of_reference), wanted, strict=True))


@njit(cache=True, nogil=True)
def _smallest(products, squares, ends, pixels, nearest, first):  # type: ignore[no-untyped-def]
    """Note the pixel of each id whose product (a row) plus its square is the smallest, for the queries from first."""
    count = products.shape[1]
    for o in range(len(ends) - 1):
        if ends[o] == ends[o + 1]:
            continue
        best = np.full(count, np.inf, np.float32)
        place = np.full(count, ends[o], np.int32)
        for m in range(ends[o], ends[o + 1]):
            row, square, here = products[m], squares[m], np.int32(m)
            for n in range(count):
                value = row[n] + square
                less = value < best[n]
                best[n] = value if less else best[n]
                place[n] = here if less else place[n]
        for n in range(count):
            nearest[o, first + n] = pixels[place[n]]


@njit(cache=True, nogil=True, error_model="numpy")
def _squared_distances(seen, stored, nearest, out, start, stop):  # type: ignore[no-untyped-def]
    for o in range(len(nearest)):
        if nearest[o, start] < 0:
            out[o, start:stop] = 1
            continue
        total = np.zeros(stop - start, np.float32)
        for c in range(len(seen)):
            for n in range(start, stop):
                away = seen[c, n] - stored[c, nearest[o, n]]
                total[n - start] += away * away
        for n in range(start, stop):
            out[o, n] = squash(total[n - start])


@njit(cache=True, nogil=True)
def _pair_gradients(seen, stored, nearest, slopes, of_seen, of_stored, start, stop):  # type: ignore[no-untyped-def]
    """Write the gradients of channels start to stop: slope times the difference, and its opposite."""
    pixels = seen.shape[1]
    for c in range(start, stop):
        of_seen[c] = 0
        of_stored[c] = 0
        for o in range(len(nearest)):
            if nearest[o, 0] < 0:
                continue
            for n in range(pixels):
                m = nearest[o, n]
                pull = slopes[o, n] * (seen[c, n] - stored[c, m])
                of_seen[c, n] += pull
                of_stored[c, m] -= pull


class LocalDistances(PyLayer):
    """Squashed distances (O,h,w) of the pixels of ``current`` to the nearest of each id in a window of ``previous``.

    Both (C,h,w); ``padded`` is the previous label with 2 * window more pixels on each side. Distances of 2x2 averages
    are squashed and interpolated to (h,w); the label is read at steps of two pixels.
    """

    @staticmethod
    def forward(
        ctx: Any,
        current: paddle.Tensor,
        previous: paddle.Tensor,
        padded: NDArray[np.integer],
        ids: Sequence[int],
        window: int,
    ) -> paddle.Tensor:
        _, height, width = current.shape
        x, y = _pooled(as_array(current)), _pooled(as_array(previous))
        pooled = height // 2, width // 2
        product = np.empty((x.shape[1], y.shape[1]), np.float32)
        planes = np.empty(((2 * window + 1) ** 2, x.shape[1]), np.float32)
        far = _shifted_pixels(*pooled, window)
        squares = (x * x).sum(axis=0), (y * y).sum(axis=0)
        left = -2 * x.T

        def band(start: int, stop: int) -> None:
            np.matmul(left[start:stop], y, out=product[start:stop])
            _squash_shifted(product, *squares, far, planes, start, stop)

        run_in_parallel(band, x.shape[1])
        out, result = new_tensor([len(ids), height, width])
        chosen = np.empty(result.shape, np.int32)
        wanted = np.asarray(ids, np.int32)
        grids = positions(pooled[0], height), positions(pooled[1], width)
        labels = np.ascontiguousarray(padded, np.int32)
        run_in_parallel(
            partial(_nearest_shift, planes, pooled[1], labels, wanted, *grids, window, result, chosen), height
        )
        ctx.saved = x, y, planes, far, chosen, grids, [not x.stop_gradient for x in (current, previous)]
        return out

    @staticmethod
    def backward(ctx: Any, grad: paddle.Tensor) -> tuple[paddle.Tensor | None, ...]:
        x, y, planes, far, chosen, grids, wanted = ctx.saved
        pull = np.zeros((x.shape[1], y.shape[1]), np.float32)
        _distance_gradients(as_array(grad), planes, grad.shape[2] // 2, far, chosen, *grids, pull)
        size = grad.shape[1:]
        grads = []
        for own, other, by_pair, want in ((x, y, pull.T, wanted[0]), (y, x, pull, wanted[1])):
            # d = |x|^2 - 2xy + |y|^2
            slope = 2 * (own * by_pair.sum(axis=0) - np.matmul(other, by_pair)) if want else None
            grads.append(_unpooled(slope, size) if slope is not None else None)
        return tuple(grads)


def _pooled(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Averages (C,P) of 2x2 pixels of (C,h,w); an odd last row or column is left out."""
    channels, height, width = image.shape
    out = np.empty((channels, height // 2, width // 2), np.float32)
    run_in_parallel(partial(_pool, image, out), channels)
    return out.reshape(channels, -1)


def _unpooled(slopes: NDArray[np.float32], size: Sequence[int]) -> paddle.Tensor:
    out, result = new_tensor([len(slopes), *size])
    height, width = size
    run_in_parallel(partial(_spread, slopes.reshape(-1, height // 2, width // 2), result), len(slopes))
    return out


@njit(cache=True, nogil=True)
def _pool(image, out, start, stop):  # type: ignore[no-untyped-def]
    for c in range(start, stop):
        for y in range(out.shape[1]):
            for t in range(out.shape[2]):
                above = image[c, 2 * y, 2 * t] + image[c, 2 * y, 2 * t + 1]
                below = image[c, 2 * y + 1, 2 * t] + image[c, 2 * y + 1, 2 * t + 1]
                out[c, y, t] = np.float32(0.25) * (above + below)


@njit(cache=True, nogil=True)
def _spread(slopes, out, start, stop):  # type: ignore[no-untyped-def]
    _, height, width = slopes.shape
    for c in range(start, stop):
        out[c] = 0
        for y in range(2 * height):
            for t in range(2 * width):
                out[c, y, t] = np.float32(0.25) * slopes[c, y // 2, t // 2]


@lru_cache(maxsize=8)
def _shifted_pixels(height: int, width: int, window: int) -> NDArray[np.int32]:
    """The pixel (S,P) that each shift of each pixel reads, `NOWHERE` where it leaves the grid."""
    offset = np.arange(-window, window + 1)
    rows, columns = offset[:, None] + np.arange(height), offset[:, None] + np.arange(width)
    index = rows[:, None, :, None] * width + columns[None, :, None, :]
    inside = ((rows >= 0) & (rows < height))[:, None, :, None] & ((columns >= 0) & (columns < width))[None, :, None, :]
    return np.where(inside, index, NOWHERE).astype(np.int32).reshape(len(offset) ** 2, -1)


@njit(cache=True, nogil=True, error_model="numpy")
def _squash_shifted(product, own, other, far, planes, start, stop):  # type: ignore[no-untyped-def]
    for s in range(len(planes)):
        for p in range(start, stop):
            q = far[s, p]
            planes[s, p] = np.float32(1) if q < 0 else squash(own[p] + other[q] + product[p, q])


@njit(cache=True, nogil=True)
def _nearest_shift(planes, stride, labels, ids, rows, columns, window, out, chosen, start, stop):  # type: ignore[no-untyped-def]
    """Write each id's smallest distance in rows start to stop and its shift; 1 and `NOWHERE` where no shift has it."""
    (above, down), (left, across) = rows, columns
    width, side = out.shape[2], 2 * window + 1
    value = np.empty(width, np.float32)
    mixed = np.zeros(stride + 1, np.float32)  # a grid of one column has no second one
    for y in range(start, stop):
        best = np.full((len(ids), width), 2, np.float32)
        place = np.full((len(ids), width), NOWHERE, np.int32)
        upper = above[y] * stride
        lower = min(upper + stride, planes.shape[1] - stride)
        for s in range(len(planes)):
            for t in range(stride):
                mixed[t] = planes[s, upper + t] * (1 - down[y]) + planes[s, lower + t] * down[y]
            for t in range(width):
                value[t] = mixed[left[t]] * (1 - across[t]) + mixed[left[t] + 1] * across[t]
            label = labels[y + 2 * (s // side), 2 * (s % side) :]
            here = np.int32(s)
            for o in range(len(ids)):
                for t in range(width):
                    less = (label[t] == ids[o]) & (value[t] < best[o, t])
                    best[o, t] = value[t] if less else best[o, t]
                    place[o, t] = here if less else place[o, t]
        for o in range(len(ids)):
            for t in range(width):
                out[o, y, t] = best[o, t] if place[o, t] >= 0 else 1
                chosen[o, y, t] = place[o, t]


@njit(cache=True, nogil=True)
def _distance_gradients(grad, planes, stride, far, chosen, rows, columns, pull):  # type: ignore[no-untyped-def]
    """Add to ``pull`` (P,P) the gradient of each pair's squared distance: of the four that an answer was mixed from."""
    (above, down), (left, across) = rows, columns
    count, height, width = grad.shape
    for o in range(count):
        for y in range(height):
            for t in range(width):
                s = chosen[o, y, t]
                if s < 0:
                    continue
                for corner in range(4):
                    low, near = corner // 2, corner % 2
                    weight = (down[y] if low else 1 - down[y]) * (across[t] if near else 1 - across[t])
                    if weight == 0:
                        continue
                    p = (above[y] + low) * stride + left[t] + near
                    q, value = far[s, p], planes[s, p]
                    if q >= 0:
                        pull[p, q] += grad[o, y, t] * weight * np.float32(0.5) * (1 - value * value)
