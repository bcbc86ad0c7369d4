"""Slow definitions of the two distance maps, written as sums over pixels; fast code is held against them.

Shapes: O ids, C channels, h w embedding grid. Everything is computed in float64.
"""

from __future__ import annotations

import numpy as np


def squash(distance: np.ndarray) -> np.ndarray:
    """``(sigmoid(d) - 0.5) * 2``; infinity gives 1."""
    return (1.0 / (1.0 + np.exp(-distance)) - 0.5) * 2.0


def global_map_plain(
    query: np.ndarray, reference: np.ndarray, label: np.ndarray, ids: list[int], max_references: int | None = None
) -> np.ndarray:
    """For every query pixel and id: squashed smallest squared distance to a reference pixel of that id.

    ``query`` and ``reference`` are (C,h,w), ``label`` is (h,w); returns (O,h,w), 1 where the id is absent.
    """
    channels, height, width = query.shape
    out = np.ones((len(ids), height, width))
    for o, object_id in enumerate(ids):
        pixels = [(r, c) for r in range(label.shape[0]) for c in range(label.shape[1]) if label[r, c] == object_id]
        if max_references is not None and len(pixels) > max_references:
            pixels = [pixels[int(k * (len(pixels) - 1) / (max_references - 1))] for k in range(max_references)]
        for i in range(height):
            for j in range(width):
                differences = [query[:, i, j].astype(np.float64) - reference[:, r, c] for r, c in pixels]
                if differences:
                    out[o, i, j] = squash(np.array([float(d @ d) for d in differences])).min()
    return out


def _pool(image: np.ndarray) -> np.ndarray:
    channels, height, width = image.shape
    rows, columns = height // 2, width // 2
    cut = image[:, : rows * 2, : columns * 2].astype(np.float64)
    return cut.reshape(channels, rows, 2, columns, 2).mean(axis=(2, 4))


def _upsample(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Bilinear with corners aligned, one output pixel at a time."""
    rows, columns = image.shape
    out = np.empty(size)
    for i in range(size[0]):
        y = i * (rows - 1) / (size[0] - 1) if size[0] > 1 else 0.0
        top = int(y)
        bottom, v = min(top + 1, rows - 1), y - top
        for j in range(size[1]):
            x = j * (columns - 1) / (size[1] - 1) if size[1] > 1 else 0.0
            left = int(x)
            right, u = min(left + 1, columns - 1), x - left
            upper = image[top, left] * (1 - u) + image[top, right] * u
            lower = image[bottom, left] * (1 - u) + image[bottom, right] * u
            out[i, j] = upper * (1 - v) + lower * v
    return out


def local_map_plain(
    current: np.ndarray,
    previous: np.ndarray,
    label: np.ndarray,
    ids: list[int],
    window: int = 12,
    border: str = "background",
) -> np.ndarray:
    """For every pixel and id: smallest distance to the previous frame's pixels of that id in a window around it.

    ``current`` and ``previous`` are (C,h,w), ``label`` is (h,w). Distances are taken between 2x2 averages for the
    shifts ``-window..window`` in both directions, squashed, and only then brought to the full grid; the label of a
    shift lies two full-grid pixels further for every pooled pixel, and outside the map is 0 (``"background"``) or
    nothing (``"ignore"``). Returns (O,h,w).
    """
    height, width = label.shape
    near, far = _pool(current), _pool(previous)
    rows, columns = near.shape[1:]
    outside = 0 if border == "background" else -1
    out = np.ones((len(ids), height, width))
    for a in range(-window, window + 1):
        for b in range(-window, window + 1):
            distance = np.full((rows, columns), np.inf)
            for i in range(max(0, -a), min(rows, rows - a)):
                for j in range(max(0, -b), min(columns, columns - b)):
                    difference = near[:, i, j] - far[:, i + a, j + b]
                    distance[i, j] = difference @ difference
            up = _upsample(squash(distance), (height, width))
            shifted = np.full((height, width), outside)
            for i in range(max(0, -2 * a), min(height, height - 2 * a)):
                for j in range(max(0, -2 * b), min(width, width - 2 * b)):
                    shifted[i, j] = label[i + 2 * a, j + 2 * b]
            for o, object_id in enumerate(ids):
                out[o] = np.minimum(out[o], np.where(shifted == object_id, up, 1.0))
    return out
