"""What inference is measured on: a drawn clip of any length, and annotations of which one knows the size.

Shapes: H W frames, h w embedding grid.
"""

from __future__ import annotations

import numpy as np

from paddlevideo.loader.frame_source import FrameSource, sealed
from paddlevideo.loader.scribbles import Stroke
from paddlevideo.prepare.toy_davis import draw_sequence

DRAWN = 24  # frames
JITTER = 3  # pixels
REFERENCE_SHARE = 0.383  # labelled pixels; with the border that a first round adds, 10,000 of a grid of 120x214


class RepeatedClip(FrameSource):
    """A short drawn sequence, played forward and backward, each time moved by a few pixels; made as it is read."""

    path, rate = "drawn clip", 25.0

    def __init__(self, frames: int, size: tuple[int, int]) -> None:
        self.size = size
        self.names = [f"{t:05d}" for t in range(frames)]
        self._drawn, _ = draw_sequence(3, min(frames, DRAWN), size, np.random.default_rng(0))

    def _read(self, index: int) -> np.ndarray:
        turn, place = divmod(index, len(self._drawn))
        picture = self._drawn[place if turn % 2 == 0 else -1 - place]
        shift = np.random.default_rng(index).integers(-JITTER, JITTER + 1, 2) if turn else (0, 0)
        return sealed(np.roll(picture, shift, axis=(0, 1)))


def disc_label(grid: tuple[int, int], objects: int) -> np.ndarray:
    """Ids (h,w) of objects 1 to ``objects``, discs in rows of five, over background 0."""
    label = np.zeros(grid, np.int64)
    rows, columns = -(-objects // 5), min(objects, 5)
    y, x = np.mgrid[: grid[0], : grid[1]]
    radius = 0.35 * min(grid[0] / rows, grid[1] / columns)
    for index in range(objects):
        row, column = divmod(index, 5)
        centre = (row + 0.5) * grid[0] / rows, (column + 0.5) * grid[1] / columns
        label[(y - centre[0]) ** 2 + (x - centre[1]) ** 2 <= radius**2] = index + 1
    return label


def reference_label(grid: tuple[int, int], objects: int) -> np.ndarray:
    """A share of `disc_label` (h,w), -1 elsewhere, spread so that a first round's region of interest is all."""
    labelled = np.random.default_rng(0).random(grid) < REFERENCE_SHARE
    return np.where(labelled, disc_label(grid, objects), -1)


def strokes(frame: int) -> list[Stroke]:
    """A stroke over the object in the middle, and one for the background."""
    return [
        Stroke(1, frame, ((0.4, 0.5), (0.5, 0.55), (0.6, 0.5))),
        Stroke(0, frame, ((0.1, 0.1), (0.3, 0.1))),
    ]
