"""A box around an object as strokes: lines through its middle, which are of the object, and around it, which are not.

All places are x, y in 0..1 of the picture's width and height.
"""

from __future__ import annotations

from collections.abc import Sequence

from .actions import Drawn

_INSIDE = 0.25  # of the box's half sides: lines that end further out may leave an object that does not fill it
_OUTSIDE = 0.12  # of the box's sides: a line closer to it may touch the object


def strokes_of_box(object_id: int, corners: Sequence[Sequence[float]]) -> list[Drawn]:
    """The strokes of a box between two corners: a cross of the object, and the background around the box."""
    (left, right), (top, bottom) = (sorted(each) for each in zip(*corners, strict=True))
    x, y = (left + right) / 2, (top + bottom) / 2
    half_x, half_y = (right - left) / 2 * _INSIDE * 2, (bottom - top) / 2 * _INSIDE * 2
    cross = [(x, y - half_y), (x, y + half_y), (x, y), (x - half_x, y), (x + half_x, y)]
    away_x, away_y = (right - left) * _OUTSIDE, (bottom - top) * _OUTSIDE
    outer = (left - away_x, top - away_y, right + away_x, bottom + away_y)
    return [Drawn(object_id, cross, "box"), *(Drawn(0, side, "box") for side in _sides(*outer))]


def _sides(left: float, top: float, right: float, bottom: float) -> list[list[tuple[float, float]]]:
    """The sides of a box, as far as they are in the picture."""
    sides = [
        (left, [(left, top), (left, bottom)]),
        (right, [(right, top), (right, bottom)]),
        (top, [(left, top), (right, top)]),
        (bottom, [(left, bottom), (right, bottom)]),
    ]
    return [[(_inside(x), _inside(y)) for x, y in side] for at, side in sides if 0 <= at <= 1]


def _inside(value: float) -> float:
    return min(1.0, max(0.0, value))
