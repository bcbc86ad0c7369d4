"""What compiled loops share: interpolation, squashing, sums of rows."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..utils.arrays import Floats

FAR = np.float32(1e20)  # a squared distance to what is not there
LOG2_E = np.float32(1.4426950408889634)
LOG_2 = np.float32(0.6931471805599453)
SUMS = {"reassoc", "contract", "arcp", "nsz"}  # fast sums, in which what is no number stays so


def positions(source: int, target: int) -> tuple[NDArray[np.int64], Floats]:
    """For a linear resize with aligned corners: the lower source index of every target index, the next one's weight."""
    position = np.arange(target) * ((source - 1) / max(target - 1, 1))
    lower = np.minimum(position.astype(np.int64), max(source - 2, 0))
    return lower, (position - lower).astype(np.float32)


# All that fastmath allows but quotients by an estimate of the reciprocal, which makes 1 a little less.
@njit(cache=True, nogil=True, fastmath={"nnan", "ninf", "nsz", "contract", "reassoc", "afn"}, error_model="numpy")
def squash(distance):  # type: ignore[no-untyped-def]
    """``tanh(d / 2)``, d below 0 (rounding) taken as 0.

    Arithmetic alone, and NumPy's division, which raises nothing: so loops become vector code.
    """
    x = min(max(distance, np.float32(0.0)), np.float32(30.0)) * -LOG2_E
    whole = np.floor(x + np.float32(0.5))
    t = (x - whole) * LOG_2
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


def largest(planes: Floats) -> NDArray[np.uint8]:
    """``planes.argmax(axis=0)`` of (O,h,w), O at most 256, several times faster."""
    planes = np.ascontiguousarray(planes, np.float32)
    rows = np.zeros(planes.shape[1:], np.uint8)
    _largest(planes.reshape(len(planes), -1), planes[0].flatten(), rows.reshape(-1))
    return rows


@njit(cache=True, nogil=True)
def _largest(planes, best, rows):  # type: ignore[no-untyped-def]
    for o in range(1, len(planes)):
        for k in range(rows.size):
            larger = planes[o, k] > best[k]
            best[k] = planes[o, k] if larger else best[k]
            rows[k] = np.uint8(o) if larger else rows[k]


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def squash_all(values):  # type: ignore[no-untyped-def]
    """`squash` in place."""
    flat = values.reshape(-1)
    for k in range(flat.size):
        flat[k] = squash(flat[k])


@njit(cache=True, nogil=True, fastmath=SUMS)
def add_to_rows(rows, added, start, stop):  # type: ignore[no-untyped-def]
    """Add a number of each row to its elements from start to stop."""
    for c in range(len(rows)):
        row, more = rows[c, start:stop], added[c]
        for t in range(row.size):
            row[t] += more


@njit(cache=True, nogil=True, fastmath=SUMS)
def sum_rows(rows, sums, start, stop):  # type: ignore[no-untyped-def]
    """Write the sum of each row's elements from start to stop."""
    for c in range(len(rows)):
        row, total = rows[c, start:stop], np.float32(0)
        for t in range(row.size):
            total += row[t]
        sums[c] = total
