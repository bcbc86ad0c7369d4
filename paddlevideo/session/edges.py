"""Masks that follow the picture's edges: the network answers on a grid of every fourth pixel, the picture shows more.

The guided filter (He, Sun, Tang, Guided Image Filtering, PAMI 2013): around each pixel the best linear function of the
picture's brightness for an object's share, so that a border lies where the brightness changes.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ..modeling.layers import bilinear_matrix
from .loops import Floats, largest
from .masks import Mask

FLAT = 1e-4  # variance of brightness (0..1) below which a window has no edge to follow
MARGIN = 3  # cells around a border that may change


def with_edges(mask: Mask, shares: Floats, ids: Sequence[int], picture: NDArray[np.uint8]) -> Mask:
    """Return ``mask`` with its borders moved to the edges of the picture.

    Args:
        mask: (H,W) ids, the largest of ``shares``.
        shares: (O,h,w) of the ids in each cell of the grid, background among them.
        ids: of the rows of ``shares``.
        picture: (H,W,3) RGB.
    """
    part = _around_borders(largest(shares), mask.shape)
    if part is None:
        return mask
    rows, columns = part
    guide = cv2.cvtColor(np.ascontiguousarray(picture[rows, columns]), cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    left = bilinear_matrix(shares.shape[1], mask.shape[0])[rows]
    right = bilinear_matrix(shares.shape[2], mask.shape[1])[columns].T
    radius = max(1, round(mask.shape[0] / shares.shape[1]))  # one cell
    filtered = _Guide(guide, radius)
    objects = [row for row, object_id in enumerate(ids) if object_id]
    planes = np.empty((len(ids), *guide.shape), np.float32)
    for row in objects:
        planes[row] = filtered(left @ shares[row] @ right)
    planes[list(ids).index(0)] = 1 - planes[objects].sum(axis=0)  # as the filter would have it: it is linear
    result = mask.copy()
    result[rows, columns] = np.asarray(ids, np.uint8)[largest(planes)]
    return result


class _Guide:
    """The guided filter of one picture (H,W), 0..1, with windows of ``radius`` pixels each way."""

    def __init__(self, picture: Floats, radius: int) -> None:
        self._picture = picture
        self._window = (2 * radius + 1, 2 * radius + 1)
        self._mean = self._blurred(picture)
        self._variance = self._blurred(picture * picture) - self._mean * self._mean + FLAT

    def __call__(self, plane: Floats) -> Floats:
        mean = self._blurred(plane)
        slope = (self._blurred(self._picture * plane) - self._mean * mean) / self._variance
        offset = mean - slope * self._mean
        return self._blurred(slope) * self._picture + self._blurred(offset)

    def _blurred(self, plane: NDArray[np.floating]) -> Floats:
        blurred: Floats = cv2.boxFilter(plane, -1, self._window)
        return blurred


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
