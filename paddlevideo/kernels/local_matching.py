"""Local distance maps on a CPU: a fused loop that never holds all shifts (paper section 3.3; reference: local map).

Shapes: O ids, C channels, h w embedding grid, R window.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit

from ..utils.arrays import Floats, Labels
from .elementwise import positions, squash
from .parallel import run_in_parallel
from .tiles import LENGTH, SHIFTS, least_tile, shifted_tile


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
    margin, outside = 2 * window, 0 if border == "background" else -1
    across = (margin, margin + _whole(width, LENGTH) - width)
    padded = np.pad(np.asarray(label), [(margin, margin), across], constant_values=outside)
    present = np.array([o for o, object_id in enumerate(ids) if (padded == object_id).any()], np.int64)
    out = np.ones((len(ids), height, width), np.float32)
    if not len(present) or min(height, width) < 2:
        return out
    # A distance lies in 0..1, so the larger of it and this is the distance where the id fits and 1 elsewhere.
    wrong = np.stack([padded != ids[o] for o in present]).astype(np.float32)
    shifts, narrow = _whole(2 * window + 1, SHIFTS), width // 2
    now = _rows(current, 0, _whole(narrow, LENGTH))
    before = _rows(previous, window, now.shape[2] + shifts - 1)
    rows, (lower, upper) = positions(now.shape[0], height), positions(narrow, width)
    columns = lower.astype(np.uint32), upper  # indices without a sign: loops over them become vector code
    distances = np.ones((len(present), height, _whole(width, LENGTH)), np.float32)
    given = (now, before, wrong, window, rows, columns)
    run_in_parallel(lambda start, stop: _local_rows(*given, start, stop, distances), height)
    out[present] = distances[:, :, :width]
    return out


def _rows(image: Floats, left: int, width: int) -> Floats:
    """Averages of 2x2 pixels of ``image`` (C,h,w) by rows (h/2,C,width), zeros around them, ``left`` of them before.

    An odd last row or column is left out.
    """
    channels, height, _ = image.shape
    rows = np.zeros((height // 2, channels, width), np.float32)
    image = np.ascontiguousarray(image)
    run_in_parallel(lambda start, stop: _pool(image, left, start, stop, rows), len(rows))
    return rows


@njit(cache=True, nogil=True)
def _pool(image, left, start, stop, rows):  # type: ignore[no-untyped-def]
    inner = min(image.shape[2] // 2, rows.shape[2] - left)
    for i in range(start, stop):
        for c in range(len(image)):
            upper, lower, out = image[c, 2 * i], image[c, 2 * i + 1], rows[i, c]
            for j in range(inner):
                sums = (upper[2 * j] + lower[2 * j]) + (upper[2 * j + 1] + lower[2 * j + 1])
                out[left + j] = sums * np.float32(0.25)


def _whole(count: int, step: int) -> int:
    """``count`` rounded up to whole steps."""
    return -(-count // step) * step


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _local_rows(now, before, wrong, window, rows, columns, start, stop, out):  # type: ignore[no-untyped-def]
    """Fill rows ``start..stop`` of ``out`` (O,h,w).

    ``now`` (h/2,C,w/2) and ``before`` (h/2,C,R + w/2 + R) are pooled embeddings, with zeros on the right up to whole
    tiles; ``wrong`` (O,h + 4R,w + 4R) is 0 where the id fits and 1 elsewhere. ``rows`` and ``columns`` say where to
    interpolate, and how far ``out`` is of use.
    """
    height = now.shape[0]
    side = 2 * window + 1
    top, down = rows
    left, right = columns
    width, step = right.size // 2, out.shape[2]
    first, last = top[start], min(top[stop - 1] + 1, height - 1)
    small = np.empty((-(-side // SHIFTS) * SHIFTS, now.shape[2]), np.float32)
    wide = np.zeros((last - first + 1, side, step), np.float32)
    for a in range(side):
        for i in range(first, last + 1):
            other = i + a - window
            if other < 0 or other >= height:
                wide[i - first] = np.float32(1.0)
                continue
            _shift_row(now[i], before[other], small, window, width)
            for b in range(side):
                _widen(small[b], left, right, wide[i - first, b])
        for i in range(start, stop):
            upper, lower = wide[top[i] - first], wide[min(top[i] + 1, last) - first]
            for o in range(out.shape[0]):
                for j in range(0, step, LENGTH):
                    beside = (upper[:, j:].ctypes.data, lower[:, j:].ctypes.data)
                    fits = wrong[o, i + 2 * a, j:].ctypes.data
                    least_tile(beside, down[i], fits, out[o, i, j:].ctypes.data, step, side)


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _shift_row(now, before, small, window, width):  # type: ignore[no-untyped-def]
    """``small[b]`` = squashed squared distances of row ``now`` (C,w) to ``before`` (C,R + w + R) moved by b - R."""
    channels, columns = now.shape
    steps = (columns, before.shape[1], columns)
    for j in range(0, columns, LENGTH):
        left = now[:, j:].ctypes.data
        for b in range(0, small.shape[0], SHIFTS):
            shifted_tile(left, before[:, j + b :].ctypes.data, small[b:, j:].ctypes.data, channels, steps)
    for b in range(2 * window + 1):
        total = small[b, :width]
        for j in range(width):
            total[j] = squash(total[j])
        total[: max(window - b, 0)] = np.float32(1.0)
        total[max(width + window - b, 0) :] = np.float32(1.0)


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _widen(narrow, left, right, wide):  # type: ignore[no-untyped-def]
    """``narrow`` may be longer than what ``left`` says; the last number's right neighbour has weight 0."""
    for j in range(left.size):
        k = left[j]
        wide[j] = narrow[k] + (narrow[k + np.uint32(1)] - narrow[k]) * right[j]
