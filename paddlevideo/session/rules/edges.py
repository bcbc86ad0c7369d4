"""Masks that follow the picture's edges: the network answers on a grid of every fourth pixel, the picture shows more.

The guided filter (He, Sun, Tang, Guided Image Filtering, PAMI 2013): around each pixel the best linear function of the
picture's colours for an object's probability, so that a border lies where the colours change. The function is found in
a smaller picture (He, Sun, Fast Guided Filter, 2015), and again for what it gives there, which takes borders further.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ...kernels.elementwise import largest
from ...modeling.layers import bilinear_matrix
from ...utils.arrays import Floats, Mask

FLAT = 1e-4  # variance of colours (0..1) below which a window has no edge to follow
PASSES = 3
MARGIN = 2 * PASSES  # cells around a border that may change: two windows a pass


def with_edges(
    mask: Mask,
    probabilities: Floats,
    ids: Sequence[int],
    picture: NDArray[np.uint8],
    cell_position: float | None = None,
) -> Mask:
    """Return ``mask`` with its borders moved to the edges of the picture.

    Args:
        mask: (H,W) ids, the largest of ``probabilities``.
        probabilities: (O,h,w) of the ids in each cell of the grid, background among them.
        ids: of the rows of ``probabilities``.
        picture: (H,W,3) RGB.
        cell_position: where in its cell an answer belongs, see `bilinear_matrix`.
    """
    part = _around_borders(largest(probabilities), mask.shape)
    if part is None:
        return mask
    rows, columns = part
    left = bilinear_matrix(probabilities.shape[1], mask.shape[0], cell_position)[rows]
    right = bilinear_matrix(probabilities.shape[2], mask.shape[1], cell_position)[columns].T
    used_rows, used_columns = left.any(axis=0), right.any(axis=1)  # the cells that are of any weight here
    left, right, cells = left[:, used_rows], right[used_columns], np.ix_(used_rows, used_columns)
    filtered = _Guide(picture[rows, columns], cell=mask.shape[0] / probabilities.shape[1])
    objects = [row for row, object_id in enumerate(ids) if object_id]
    planes = np.empty((len(ids), len(left), right.shape[1]), np.float32)
    for row in objects:
        planes[row] = filtered(left @ probabilities[row][cells] @ right)
    planes[list(ids).index(0)] = 1 - planes[objects].sum(axis=0)  # as the filter would have it: it is linear
    names = np.zeros(256, np.uint8)
    names[: len(ids)] = ids
    result = mask.copy()
    result[rows, columns] = cv2.LUT(largest(planes), names)
    return result


class _Guide:
    """The guided filter of one picture (H,W,3), RGB, with windows of one ``cell`` (pixels) each way."""

    def __init__(self, picture: NDArray[np.uint8], cell: float) -> None:
        height, width = picture.shape[:2]
        shrink = max(1, int(cell) // 2)
        self._size, self._small_size = (width, height), (-(-width // shrink), -(-height // shrink))
        radius = max(1, round(cell / shrink))
        self._window = (2 * radius + 1, 2 * radius + 1)
        self._colours = [plane.astype(np.float32) / np.float32(255) for plane in cv2.split(picture)]
        self._small = [self._shrunk(colour) for colour in self._colours]
        self._means = [self._blurred(colour) for colour in self._small]
        self._inverse = self._inverse_covariance()

    def __call__(self, plane: Floats) -> Floats:
        """Filter a plane (H,W)."""
        small = self._shrunk(plane)
        for _ in range(PASSES - 1):
            small = _applied(self._fitted(small), self._small)
        full = [cv2.resize(part, self._size, interpolation=cv2.INTER_LINEAR) for part in self._fitted(small)]
        return _applied(full, self._colours)

    def _fitted(self, plane: Floats) -> list[Floats]:
        """Slopes, one a colour, and offset (h,w) of the linear functions that are nearest to ``plane`` in each window,
        as the mean of all windows that a pixel is in."""
        mean = self._blurred(plane)
        colours = list(zip(self._small, self._means, strict=True))
        shared = [self._blurred(colour * plane) - of_colour * mean for colour, of_colour in colours]
        slopes = [_products(row, shared) for row in self._inverse]
        return [self._blurred(part) for part in (*slopes, mean - _products(slopes, self._means))]

    def _inverse_covariance(self) -> list[list[Floats]]:
        """Inverse of the colours' covariance (3,3) in each window (h,w), by its adjugate."""
        covariance: list[Floats] = [
            self._blurred(self._small[i] * self._small[j])
            - self._means[i] * self._means[j]
            + np.float32(FLAT * (i == j))
            for i in range(3)
            for j in range(i, 3)
        ]
        a, b, c, d, e, f = covariance
        first = [d * f - e * e, c * e - b * f, b * e - c * d]
        size: Floats = np.float32(1) / _products((a, b, c), first)
        p, q, r = (part * size for part in first)
        s, t, u = (a * f - c * c) * size, (b * c - a * e) * size, (a * d - b * b) * size
        return [[p, q, r], [q, s, t], [r, t, u]]

    def _shrunk(self, plane: Floats) -> Floats:
        small: Floats = cv2.resize(plane, self._small_size, interpolation=cv2.INTER_AREA)
        return small

    def _blurred(self, plane: Floats) -> Floats:
        blurred: Floats = cv2.boxFilter(plane, -1, self._window)
        return blurred


def _products(some: Sequence[Floats], others: Sequence[Floats]) -> Floats:
    """Sum of three products."""
    total: Floats = some[0] * others[0] + some[1] * others[1] + some[2] * others[2]
    return total


def _applied(function: Sequence[Floats], colours: Sequence[Floats]) -> Floats:
    """What slopes and offset make of the colours, at each pixel."""
    return _products(function, colours) + function[3]


def _around_borders(grid: NDArray[np.integer], size: Sequence[int]) -> tuple[slice, slice] | None:
    """The pixels of a picture of ``size`` around all borders of a label (h,w), as two slices; None without borders."""
    across = grid[:, 1:] != grid[:, :-1]
    down = grid[1:] != grid[:-1]
    if not across.any() and not down.any():
        return None
    cells = [
        np.flatnonzero(lines) for lines in (across.any(axis=1), down.any(axis=1), down.any(axis=0), across.any(axis=0))
    ]
    rows, columns = np.concatenate(cells[:2]), np.concatenate(cells[2:])
    return _pixels(rows, grid.shape[0], size[0]), _pixels(columns, grid.shape[1], size[1])


def _pixels(cells: NDArray[np.integer], count: int, pixels: int) -> slice:
    """The pixels of all ``cells`` of ``count``, one more for the border's far side, and the margin."""
    first, last = int(cells.min()) - MARGIN, int(cells.max()) + 2 + MARGIN
    return slice(max(first, 0) * pixels // count, -(-min(last, count) * pixels // count))
