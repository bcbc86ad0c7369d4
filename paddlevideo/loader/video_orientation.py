"""How a film's pictures are turned for display: by the matrix that its container has for them."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

import av
import numpy as np
from av.sidedata.sidedata import Type

from ..utils.errors import InputError

_MATRIX = struct.Struct("<9i")  # rows (a, b, u), (c, d, v), (x, y, w): a point becomes (a x + c y, b x + d y)
_SLACK = 1.0  # degrees that a quarter turn may be off


@dataclass(frozen=True)
class Orientation:
    """Quarter turns counterclockwise, after which the picture is ``mirrored`` left to right or not."""

    turns: int = 0
    mirrored: bool = False

    def size(self, height: int, width: int) -> tuple[int, int]:
        """Return the (H, W) of a stored picture as displayed."""
        return (width, height) if self.turns % 2 else (height, width)

    def upright(self, picture: np.ndarray) -> np.ndarray:
        """Return a stored picture (H, W, ...) as displayed."""
        turned = np.rot90(picture, self.turns)
        return turned[:, ::-1] if self.mirrored else turned


UPRIGHT = Orientation()


def orientation(frame: av.VideoFrame, path: str) -> Orientation:
    """Return how a decoded frame of the film at ``path`` is to be displayed.

    Raises:
        InputError: a turn that is no quarter turn.
    """
    said = frame.side_data.get(Type.DISPLAYMATRIX)
    if said is None:
        return UPRIGHT
    a, b, _, c, d, *_ = _MATRIX.unpack(bytes(said)[: _MATRIX.size])
    mirrored = a * d - b * c < 0
    degrees = -math.degrees(math.atan2(b, -a if mirrored else a))
    turns = round(degrees / 90)
    if abs(degrees - 90 * turns) > _SLACK:
        raise InputError(f"{path}: asks to be shown turned by {degrees:.0f} degrees; re-encode it upright")
    return Orientation(turns % 4, mirrored)
