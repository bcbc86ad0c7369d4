"""Changes of single pixels of a mask (H,W) of object ids. Points are x, y in 0..1 of its width and height."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np


def painted(
    mask: np.ndarray, object_id: int, points: Sequence[Sequence[float]], width: int, out: bool = False
) -> np.ndarray:
    """The mask with an object on a line ``width`` pixels wide, or ``out`` of it.

    A line one pixel wide is connected by its corners. What is painted out becomes background; others stay.
    """
    height, length = mask.shape
    places = np.clip(np.asarray(points) * (length, height), 0, (length - 1, height - 1)).astype(np.int32)
    line = np.zeros(mask.shape, np.uint8)
    cv2.polylines(line, [places.reshape(-1, 1, 2)], isClosed=False, color=1, thickness=width, lineType=cv2.LINE_8)
    if len(places) == 1:
        cv2.circle(line, tuple(map(int, places[0])), (width - 1) // 2, 1, cv2.FILLED)
    if out:
        return np.where((line > 0) & (mask == object_id), 0, mask).astype(np.uint8)
    return np.where(line > 0, object_id, mask).astype(np.uint8)


def without(mask: np.ndarray, object_id: int) -> np.ndarray:
    """The mask without an object."""
    return np.where(mask == object_id, 0, mask).astype(np.uint8)


def filled(mask: np.ndarray, object_id: int, pixels: int) -> np.ndarray:
    """The mask without an object's holes of at most so many pixels; what holds another object is none."""
    mask = mask.copy()
    _, parts, facts, _ = cv2.connectedComponentsWithStats((mask != object_id).astype(np.uint8), connectivity=4)
    edges = {*parts[0], *parts[-1], *parts[:, 0], *parts[:, -1]}
    for part in range(1, len(facts)):
        inside = parts == part
        if part not in edges and facts[part, cv2.CC_STAT_AREA] <= pixels and not mask[inside].any():
            mask[inside] = object_id
    return mask


def without_islands(mask: np.ndarray, object_id: int, pixels: int) -> np.ndarray:
    """The mask without an object's parts of at most so many pixels; its largest part stays."""
    mask = mask.copy()
    _, parts, facts, _ = cv2.connectedComponentsWithStats((mask == object_id).astype(np.uint8), connectivity=8)
    areas = facts[1:, cv2.CC_STAT_AREA]
    for part in range(1, len(facts)):
        if areas[part - 1] <= pixels and part - 1 != areas.argmax():
            mask[parts == part] = 0
    return mask
