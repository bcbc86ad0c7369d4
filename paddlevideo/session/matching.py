"""Global and local distance maps on a CPU, the fast way: NumPy, BLAS and compiled loops, no gradient.

`paddlevideo.modeling.matching` defines the same maps in Paddle for training. Every map is ``tanh(d / 2)`` of a squared
distance ``d``, so it lies in 0..1, and 1 means "this id is not there".

Shapes: O ids, C channels, h w embedding grid, N = h*w.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..utils.runtime import available_threads

Floats = NDArray[np.float32]
Labels = NDArray[np.integer]

# Query pixels a block: the block's distances to a few thousand references stay in the second-level cache.
BLOCK = 128
LOG2_E = np.float32(1.4426950408889634)


def subsample(indices: NDArray[np.integer], limit: int | None) -> NDArray[np.integer]:
    """At most ``limit`` of ``indices``, evenly spaced and always the same ones; all of them when None."""
    if limit is None or len(indices) <= limit:
        return indices
    return indices[np.linspace(0, len(indices) - 1, limit).astype(int)]


def workers() -> int:
    """Threads that the loops here may use: what ``OMP_NUM_THREADS`` says, else the processors of this process."""
    return int(os.environ.get("OMP_NUM_THREADS") or available_threads())


def in_bands(run: Callable[[int, int], None], count: int) -> None:
    """Call ``run(start, stop)`` for equal bands of ``range(count)``, one thread a band (the loops release the GIL)."""
    bands = max(1, min(workers(), count))
    edges = [count * band // bands for band in range(bands + 1)]
    if bands == 1:
        run(0, count)
        return
    with ThreadPoolExecutor(bands) as pool:
        list(pool.map(run, edges[:-1], edges[1:]))


class Reference:
    """The labelled embeddings of an annotated frame, gathered once a round and matched against every other frame.

    Args:
        embedding: (C,h,w) of the annotated frame.
        label: (h,w), an id or -1 (unlabelled).
        ids: the ids of the map's rows.
        max_references: keep at most so many pixels of an id; None keeps all (the reference behaviour).
    """

    def __init__(
        self, embedding: Floats, label: Labels, ids: Sequence[int], max_references: int | None = None
    ) -> None:
        pixels = embedding.reshape(len(embedding), -1).T
        flat = np.asarray(label).reshape(-1)
        chosen = [subsample(np.flatnonzero(flat == object_id), max_references) for object_id in ids]
        self.edges = np.cumsum([0, *(len(indices) for indices in chosen)])
        rows = pixels[np.concatenate(chosen)] if chosen else pixels[:0]
        # Distances do not change when everything is moved; small norms keep the float32 cancellation below small.
        self.centre = rows.mean(axis=0) if len(rows) else np.zeros(len(embedding), np.float32)
        rows = np.ascontiguousarray(rows - self.centre, dtype=np.float32)
        # |x - y|^2 = |x|^2 + (x, 1) . (-2y, |y|^2): the second term is one product, smallest where the distance is.
        self.matrix = np.ascontiguousarray(np.concatenate([-2.0 * rows, (rows * rows).sum(axis=1, keepdims=True)], 1).T)

    def map(self, query: Floats) -> Floats:
        """Distance map (O,h,w) of the frame whose embedding is ``query`` (C,h,w)."""
        channels, height, width = query.shape
        pixels = np.ones((height * width, channels + 1), np.float32)
        pixels[:, :-1] = query.reshape(channels, -1).T - self.centre
        out = np.full((len(self.edges) - 1, height * width), np.float32(1e20))
        present = [o for o in range(len(out)) if self.edges[o] < self.edges[o + 1]]
        products = np.empty((BLOCK, self.matrix.shape[1]), np.float32)
        for start in range(0, len(pixels), BLOCK):
            block = pixels[start : start + BLOCK]
            np.matmul(block, self.matrix, out=products[: len(block)])
            for o in present:
                columns = products[: len(block), self.edges[o] : self.edges[o + 1]]
                columns.min(axis=1, out=out[o, start : start + len(block)])
        out += np.einsum("nc,nc->n", pixels, pixels) - 1.0
        _squash_all(out)
        return out.reshape(-1, height, width)


@njit(cache=True, nogil=True, fastmath=True)
def _squash(distance):  # type: ignore[no-untyped-def]
    """``tanh(d / 2)``, d below 0 (rounding) taken as 0, from arithmetic alone, so that the loops around it become vector code."""
    x = min(max(distance, np.float32(0.0)), np.float32(30.0)) * -LOG2_E
    whole = np.floor(x + np.float32(0.5))
    t = (x - whole) * np.float32(0.6931471805599453)
    power = np.float32(1 / 720)
    power = power * t + np.float32(1 / 120)
    power = power * t + np.float32(1 / 24)
    power = power * t + np.float32(1 / 6)
    power = power * t + np.float32(0.5)
    power = power * t + np.float32(1.0)
    power = power * t + np.float32(1.0)
    scale = np.int32((np.int32(whole) + np.int32(127)) << np.int32(23)).view(np.float32)
    decay = power * scale
    return (np.float32(1.0) - decay) / (np.float32(1.0) + decay)


@njit(cache=True, nogil=True, fastmath=True)
def _squash_all(values):  # type: ignore[no-untyped-def]
    flat = values.reshape(-1)
    for k in range(flat.size):
        flat[k] = _squash(flat[k])


def local_map(
    current: Floats, previous: Floats, label: Labels, ids: Sequence[int], window: int = 12, border: str = "background"
) -> Floats:
    """Distance of every pixel to the nearest previous-frame pixel of each id in a window around it.

    The squared distances of 2x2 averages over ``(2 * window + 1)^2`` shifts are squashed and brought to the full grid
    (bilinear, corners aligned); each counts for the id that the previous label has at the shift, two full pixels a
    pooled one. Only one row of shifts is held at a time.

    Args:
        current, previous: embeddings (C,h,w).
        label: ids of the previous frame (h,w).
        ids: the ids of the map's rows.
        window: the radius R in pooled pixels.
        border: what lies outside the label: ``"background"`` (id 0, as the published weights were trained: a shift
            just outside may still count through the interpolation) or ``"ignore"``.

    Returns:
        (O,h,w).
    """
    height, width = label.shape
    reach = 2 * window
    padded = np.pad(np.asarray(label), reach, constant_values=0 if border == "background" else -1)
    here = np.array([o for o, object_id in enumerate(ids) if (padded == object_id).any()], np.int64)
    out = np.ones((len(ids), height, width), np.float32)
    if not len(here) or min(height, width) < 2:
        return out
    # A distance lies in 0..1, so the larger of it and this is the distance where the id fits and 1 elsewhere.
    wrong = np.stack([padded != ids[o] for o in here]).astype(np.float32)
    near = np.ascontiguousarray(_pool(current).transpose(1, 0, 2))
    far = np.ascontiguousarray(np.pad(_pool(previous), ((0, 0), (0, 0), (window, window))).transpose(1, 0, 2))
    rows, columns = positions(near.shape[0], height), positions(near.shape[2], width)
    found = np.ones((len(here), height, width), np.float32)
    in_bands(lambda start, stop: _local_band(near, far, wrong, window, rows, columns, start, stop, found), height)
    out[here] = found
    return out


def _pool(image: Floats) -> Floats:
    """Averages of 2x2 pixels; an odd last row or column is left out."""
    rows, columns = image.shape[1] // 2 * 2, image.shape[2] // 2 * 2
    pairs = image[:, 0:rows:2, :columns] + image[:, 1:rows:2, :columns]
    return (pairs[:, :, 0::2] + pairs[:, :, 1::2]) * np.float32(0.25)


def positions(source: int, target: int) -> tuple[NDArray[np.int64], Floats]:
    """For a resize with aligned corners: the lower source index of every target index, and the upper one's weight."""
    position = np.arange(target) * ((source - 1) / max(target - 1, 1))
    lower = np.minimum(position.astype(np.int64), max(source - 2, 0))
    return lower, (position - lower).astype(np.float32)


@njit(cache=True, nogil=True, fastmath=True)
def _local_band(near, far, wrong, window, rows, columns, start, stop, out):  # type: ignore[no-untyped-def]
    """Fill rows ``start..stop`` of ``out`` (O,h,w).

    ``near`` (h/2,C,w/2) and ``far`` (h/2,C,w/2 + 2R) are pooled embeddings, ``wrong`` (O,h + 4R,w + 4R) is 0 where the
    id fits and 1 elsewhere. ``rows`` and ``columns`` say where to interpolate.
    """
    height, channels, width = near.shape
    full = out.shape[2]
    side = 2 * window + 1
    top, down = rows
    left, right = columns
    first, last = top[start], min(top[stop - 1] + 1, height - 1)
    small = np.empty((side, width), np.float32)
    wide = np.empty((last - first + 1, side, full), np.float32)
    for a in range(side):
        for i in range(first, last + 1):
            other = i + a - window
            if other < 0 or other >= height:
                wide[i - first] = np.float32(1.0)
                continue
            _shift_row(near[i], far[other], small, window)
            for b in range(side):
                _widen(small[b], left, right, wide[i - first, b])
        for i in range(start, stop):
            upper = wide[top[i] - first]
            lower = wide[min(top[i] + 1, last) - first]
            for b in range(side):
                for o in range(out.shape[0]):
                    _least(upper[b], lower[b], down[i], wrong[o, i + 2 * a, 2 * b : 2 * b + full], out[o, i])


@njit(cache=True, nogil=True, fastmath=True)
def _shift_row(near, far, small, window):  # type: ignore[no-untyped-def]
    """``small[b]`` = squashed squared distances of row ``near`` (C,w) to ``far`` (C,w + 2R) moved by b - R."""
    channels, width = near.shape
    small[:] = np.float32(0.0)
    for c in range(channels):
        x = near[c]
        for b in range(small.shape[0]):
            y = far[c, b : b + width]
            total = small[b]
            for j in range(width):
                difference = x[j] - y[j]
                total[j] += difference * difference
    for b in range(small.shape[0]):
        total = small[b]
        for j in range(width):
            total[j] = _squash(total[j])
        total[: max(window - b, 0)] = np.float32(1.0)
        total[max(width + window - b, 0) :] = np.float32(1.0)


@njit(cache=True, nogil=True, fastmath=True)
def _widen(narrow, left, right, wide):  # type: ignore[no-untyped-def]
    for j in range(wide.size):
        k = left[j]
        wide[j] = narrow[k] + (narrow[min(k + 1, narrow.size - 1)] - narrow[k]) * right[j]


@njit(cache=True, nogil=True, fastmath=True)
def _least(upper, lower, weight, wrong, out):  # type: ignore[no-untyped-def]
    for j in range(out.size):
        distance = max(upper[j] + (lower[j] - upper[j]) * weight, wrong[j])
        out[j] = min(out[j], distance)
