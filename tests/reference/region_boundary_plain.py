"""Slow plain definitions of J and F: sets of pixels and loops, no image library."""

from __future__ import annotations

import math

import numpy as np

Pixels = set[tuple[int, int]]


def region_similarity(pred: np.ndarray, truth: np.ndarray) -> float:
    first, second = _pixels(pred), _pixels(truth)
    return len(first & second) / len(first | second) if first | second else 1.0


def boundary_accuracy(pred: np.ndarray, truth: np.ndarray, tolerance: float = 0.008) -> float:
    radius = math.ceil(tolerance * math.sqrt(pred.shape[0] ** 2 + pred.shape[1] ** 2))
    first, second = boundary(pred), boundary(truth)
    precision = _share_near(first, second, radius) if first else 1.0
    recall = _share_near(second, first, radius) if second else 1.0
    return 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0


def boundary(mask: np.ndarray) -> Pixels:
    height, width = mask.shape
    found = set()
    for y in range(height):
        for x in range(width):
            neighbours = [(y, x + 1), (y + 1, x), (y + 1, x + 1)]
            inside = [mask[v, u] for v, u in neighbours if v < height and u < width]
            if any(bool(value) != bool(mask[y, x]) for value in inside):
                found.add((y, x))
    return found


def _share_near(of: Pixels, to: Pixels, radius: int) -> float:
    near = [any((y - v) ** 2 + (x - u) ** 2 <= radius**2 for v, u in to) for y, x in of]
    return sum(near) / len(of)


def _pixels(mask: np.ndarray) -> Pixels:
    return {(int(y), int(x)) for y, x in np.argwhere(mask)}
