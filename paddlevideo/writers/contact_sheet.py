"""One picture that shows a whole clip: evenly spaced frames in a grid."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from ..utils.files import atomic_path

_GAP = 6
_PAPER = (32, 32, 32)
_MARK = (255, 200, 0)


def choose_frames(total: int, count: int, always: Iterable[int] = ()) -> list[int]:
    """Return up to ``count`` evenly spaced frames of ``total``, first and last among them, plus those of ``always``."""
    spaced = np.linspace(0, total - 1, min(count, total)).round().astype(int).tolist()
    return sorted({*spaced, *always})


class ContactSheet:
    """Collects pictures, small, and writes them as a grid with their frame numbers; annotated frames have a border.

    Args:
        annotated: frames to mark.
        width: pixels of one picture in the grid.
        columns: pictures a row.
        pixel_aspect: width of the pictures' pixels by their height.
    """

    def __init__(
        self,
        annotated: Iterable[int] = (),
        width: int = 320,
        columns: int = 4,
        pixel_aspect: Fraction = Fraction(1),
    ) -> None:
        self._annotated = frozenset(annotated)
        self._width = width
        self._columns = columns
        self._pixel_aspect = pixel_aspect
        self._tiles: list[np.ndarray] = []

    def add(self, frame: int, picture: np.ndarray) -> None:
        """Add (H, W, 3) uint8 RGB ``picture`` of frame number ``frame``."""
        height = max(1, round(picture.shape[0] * self._width / (picture.shape[1] * self._pixel_aspect)))
        tile = cv2.resize(np.asarray(picture), (self._width, height), interpolation=cv2.INTER_AREA)
        marked = frame in self._annotated
        text = f"{frame} annotated" if marked else str(frame)
        if marked:
            cv2.rectangle(tile, (0, 0), (self._width - 1, height - 1), _MARK, 4)
        for ink, thickness in (((0, 0, 0), 3), (_MARK if marked else (255, 255, 255), 1)):
            cv2.putText(tile, text, (8, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.5, ink, thickness, cv2.LINE_AA)
        self._tiles.append(tile)

    def draw(self) -> np.ndarray:
        """Return the sheet as (H, W, 3) uint8 RGB; raise ValueError when nothing was added."""
        if not self._tiles:
            raise ValueError("a contact sheet needs at least one picture")
        columns = min(self._columns, len(self._tiles))
        rows = math.ceil(len(self._tiles) / columns)
        step_y, step_x = max(tile.shape[0] for tile in self._tiles) + _GAP, self._width + _GAP
        sheet = np.full((rows * step_y + _GAP, columns * step_x + _GAP, 3), _PAPER, dtype=np.uint8)
        for place, tile in enumerate(self._tiles):
            top, left = _GAP + place // columns * step_y, _GAP + place % columns * step_x
            sheet[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
        return sheet

    def write(self, path: str | Path) -> None:
        """Write the sheet as PNG, whole or not at all."""
        image = Image.fromarray(self.draw())
        with atomic_path(path) as temporary:
            image.save(temporary, format="PNG")
