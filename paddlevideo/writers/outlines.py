"""Masks as polygons: outlines of their parts, holes joined to the outline around them by a cut of no width."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.spatial import cKDTree


def edge_outlines(mask: np.ndarray) -> list[np.ndarray]:
    """Return an (N, 2) float outline (x, y) of each part of an (H, W) bool mask, along the edges of its pixels.

    Pixel (x, y) reaches from x to x + 1, as COCO counts: an object in the picture's last column ends at W. What fills
    the outlines by pixels' centres gets the mask.
    """
    left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
    # Points 0, 2, ... of this grid are the edges of pixels, points 1, 3, ... their centres.
    grid = np.zeros((2 * height + 1, 2 * width + 1), np.uint8)
    grid[1::2, 1::2] = mask[top : top + height, left : left + width]
    return [outline / 2 + (left, top) for outline in _trace(cv2.dilate(grid, np.ones((3, 3), np.uint8)))]


def centre_outlines(mask: np.ndarray) -> list[np.ndarray]:
    """Return outlines as `edge_outlines`, but through the centres of the outermost pixels, (x + 0.5, y + 0.5).

    What rounds down and paints the outline, too (`cv2.fillPoly`), gets the mask. None has fewer than three points.
    """
    found = [outline + 0.5 for outline in _trace(mask.astype(np.uint8))]
    return [np.concatenate([outline, outline[-1:].repeat(max(0, 3 - len(outline)), axis=0)]) for outline in found]


def joined(outlines: list[np.ndarray]) -> np.ndarray:
    """Return all outlines as one, with cuts of no width from one to the next; raise ValueError for none."""
    if not outlines:
        raise ValueError("no outline")
    whole, *others = outlines
    for other in others:
        whole = _join(whole, other)
    return whole


def _trace(image: np.ndarray) -> list[np.ndarray]:
    """One outline for each 8-connected part of an (H, W) uint8 image, with its holes."""
    rings, tree = cv2.findContours(image, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    points = [ring[:, 0].astype(np.float64) for ring in rings]
    parts: dict[int, list[np.ndarray]] = {}
    for place, (_, _, _, parent) in enumerate(tree[0] if tree is not None else ()):
        parts.setdefault(place if parent < 0 else int(parent), []).append(points[place])
    return [
        joined([points[outer], *(ring for ring in part if ring is not points[outer])]) for outer, part in parts.items()
    ]


def _join(whole: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Go along ``whole``, at the point nearest to ``other`` go around that, and return the same way."""
    distances, nearest = cKDTree(whole).query(other)
    start = int(np.argmin(distances))
    cut = int(nearest[start])
    around = np.roll(other, -start, axis=0)
    return np.concatenate([whole[: cut + 1], around, around[:1], whole[cut:]])
