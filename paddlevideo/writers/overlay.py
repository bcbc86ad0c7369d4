"""Masks and strokes drawn over frames."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from ..loader.palette import PALETTE
from ..loader.scribbles import Stroke
from .edges import Edge, coverage, nearest_object

_BACKGROUND_STROKE = (255, 255, 255)


def draw_overlay(
    frame: np.ndarray, mask: np.ndarray, alpha: float = 0.5, palette: np.ndarray = PALETTE, edge: Edge = Edge()
) -> np.ndarray:
    """Return (H, W, 3) uint8: ``frame`` with every object's colour laid over at ``alpha`` and its outline in a tint.

    Args:
        frame: (H, W, 3) uint8 RGB; not changed.
        mask: (H, W) uint8 ids, 0 = background.
        alpha: 0 shows the frame alone, 1 the colour alone.
        palette: (256, 3) uint8, the ids' colours.
        edge: of the objects; a soft one has no outline.
    """
    picture = frame.copy()
    covered = coverage(mask > 0, edge)
    mask = nearest_object(mask, covered > 0)
    inside = mask > 0
    strength = alpha * covered[inside, None].astype(np.float64)
    picture[inside] = np.rint(frame[inside] * (1 - strength) + palette[mask[inside]] * strength).astype(np.uint8)
    if edge.feather > 1:
        return picture
    thickness = _line_width(frame)
    for object_id in np.unique(mask[inside]):
        outlines, _ = cv2.findContours((mask == object_id).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(picture, outlines, -1, _tint(int(object_id), palette), thickness)
    return picture


def draw_strokes(picture: np.ndarray, strokes: Iterable[Stroke]) -> np.ndarray:
    """Return (H, W, 3) uint8: ``picture`` with strokes in their objects' tints, white for the background."""
    drawn = picture.copy()
    height, width = drawn.shape[:2]
    thickness = 2 * _line_width(drawn)
    for stroke in strokes:
        colour = _tint(stroke.object_id) if stroke.object_id else _BACKGROUND_STROKE
        dot_or_line = stroke.points if len(stroke.points) > 1 else stroke.points * 2
        points = np.rint(np.array(dot_or_line) * (width - 1, height - 1)).astype(np.int32)
        for ink, extra in (((0, 0, 0), 2), (colour, 0)):  # a dark rim keeps it visible on any ground
            cv2.polylines(drawn, [points], False, ink, thickness + extra, cv2.LINE_AA)
    return drawn


def _tint(object_id: int, palette: np.ndarray = PALETTE) -> tuple[int, int, int]:
    red, green, blue = (int(channel) for channel in (palette[object_id].astype(np.int32) + 255) // 2)
    return red, green, blue


def _line_width(picture: np.ndarray) -> int:
    return max(1, round(min(picture.shape[:2]) / 360))
