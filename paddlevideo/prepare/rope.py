"""A thin thing before a video: a rope that swings, a few pixels wide, as masks of people's videos have them."""

from __future__ import annotations

import cv2
import numpy as np

WIDTH = (0.004, 0.009)  # of the picture's shorter side: 2 to 4 pixels of 480
SWING = 0.08  # of the same side, either way
POINTS = 60
_SHIFT = 4  # bits behind the point of OpenCV's coordinates


class Rope:
    """A striped curve over T frames (H,W); it is read as a `paddlevideo.loader.davis.Sequence` is.

    Args:
        frames: how many.
        size: H and W.
        rng: draws its place, width, colours and motion.
    """

    name = "rope"

    def __init__(self, frames: int, size: tuple[int, int], rng: np.random.Generator) -> None:
        self._size, self._frames = size, frames
        self._thickness = max(1, round(min(size) * rng.uniform(*WIDTH)))
        self._ends = rng.uniform(0.1, 0.9, (3, 2)) * (size[1], size[0])  # start, control, end: x, y
        self._speed, self._phase = rng.uniform(0.1, 0.3, (3, 2)), rng.uniform(0, 2 * np.pi, (3, 2))
        self._colours = rng.integers(0, 256, (2, 3))

    def __len__(self) -> int:
        return self._frames

    def frame(self, t: int) -> np.ndarray:
        """The picture (H,W,3) uint8 whose pixels count where the mask is."""
        picture = np.zeros((*self._size, 3), np.uint8)
        curve = self._curve(t)
        for step, (start, end) in enumerate(zip(curve, curve[1:], strict=False)):
            colour = tuple(int(value) for value in self._colours[step // 4 % 2])
            cv2.line(picture, start, end, colour, self._thickness + 2, cv2.LINE_8, _SHIFT)
        return picture

    def mask(self, t: int) -> np.ndarray:
        """(H,W) uint8 of 0 and 1."""
        mask = np.zeros(self._size, np.uint8)
        cv2.polylines(mask, [np.array(self._curve(t))], False, 1, self._thickness, cv2.LINE_8, _SHIFT)
        return mask

    def _curve(self, t: int) -> list[tuple[int, int]]:
        """Bézier's quadratic curve at frame ``t`` in OpenCV's coordinates."""
        swing = SWING * min(self._size) * np.sin(self._speed * t + self._phase)
        start, control, end = self._ends + swing
        at = np.linspace(0, 1, POINTS)[:, None]
        curve = (1 - at) ** 2 * start + 2 * at * (1 - at) * control + at**2 * end
        return [(int(x), int(y)) for x, y in np.round(curve * 2**_SHIFT)]
