"""Changes of single pixels of a mask (H,W) of object ids. Points are x, y in 0..1 of its width and height."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

Points = Sequence[Sequence[float]]
_ALIKE = 20.0  # of 8-bit CIELAB with half the lightness: two colours no further apart are one to a soft brush


def hard_line(shape: tuple[int, int], points: Points, width: int) -> np.ndarray:
    """A line ``width`` pixels wide, (H,W) bool. One pixel wide it is connected by its corners."""
    height, length = shape
    places = np.clip(np.asarray(points) * (length, height), 0, (length - 1, height - 1)).astype(np.int32)
    line = np.zeros(shape, np.uint8)
    cv2.polylines(line, [places.reshape(-1, 1, 2)], isClosed=False, color=1, thickness=width, lineType=cv2.LINE_8)
    if len(places) == 1:
        cv2.circle(line, tuple(map(int, places[0])), (width - 1) // 2, 1, cv2.FILLED)
    return line > 0


def soft_line(picture: np.ndarray, points: Points, width: int, hardness: float) -> np.ndarray:
    """A line that keeps to the edges of the RGB ``picture`` (H,W,3), (H,W) bool.

    Its core, ``hardness`` (0..1) of the width, is whole. Around it are the pixels whose colour is like that of the
    nearest pixel under the line's middle.
    """
    shape = picture.shape[:2]
    whole, middle = hard_line(shape, points, width), hard_line(shape, points, 1)
    rows, columns = (np.flatnonzero(whole.any(axis)) for axis in (1, 0))
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    colours = cv2.cvtColor(np.ascontiguousarray(picture[part]), cv2.COLOR_RGB2LAB).astype(np.float32)
    colours[..., 0] /= 2  # light and shadow change the lightness within an object
    apart = (~middle[part]).astype(np.uint8)
    _, nearest = cv2.distanceTransformWithLabels(apart, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    under = np.zeros((int(nearest.max()) + 1, 3), np.float32)
    under[nearest[middle[part]]] = colours[middle[part]]
    line = hard_line(shape, points, max(1, round(hardness * width)))
    line[part] |= whole[part] & (np.linalg.norm(colours - under[nearest], axis=2) <= _ALIKE)
    return line


def painted(mask: np.ndarray, object_id: int, line: np.ndarray, out: bool = False) -> np.ndarray:
    """The mask with an object on a ``line`` (H,W) bool, or ``out`` of it: that becomes background, others stay."""
    if out:
        return np.where(line & (mask == object_id), 0, mask).astype(np.uint8)
    return np.where(line, object_id, mask).astype(np.uint8)


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
