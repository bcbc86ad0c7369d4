"""Damage to a true mask that makes it look like a network's: what a propagation or a correction starts from."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from .clip import IGNORE, count_ids


def object_ids(mask: np.ndarray) -> np.ndarray:
    """Return the object ids in ``mask`` in rising order, without 0 and 255."""
    present = count_ids(mask)
    present[[0, IGNORE]] = 0
    return np.flatnonzero(present)


class MaskDamage:
    """Move each object a little, and perhaps dilate or erode it (reference behaviour ``damage_masks``, mended).

    Objects are painted in random order. Against the reference: scale and rotation are about the object's own centre,
    an object of one pixel has a size, an object that leaves the picture stays where it was instead of undoing the
    whole batch, and the documented dilation exists.

    Args:
        shift: the greatest move in y and in x, as a part of the side of a square as large as the object's box.
        scale: the greatest change of size.
        rotate: the greatest turn in degrees.
        morphology: probability of a dilation or erosion (half each).
        kernel: its smallest and largest radius, as a part of the same side.
        reference: as the official code: a box without its last row and column, scaled about its half extents measured
            from the picture's corner, turned about the picture's centre; a vanished object leaves the mask undamaged.
    """

    def __init__(
        self,
        shift: float = 0.05,
        scale: float = 0.025,
        rotate: float = 3.0,
        morphology: float = 0.0,
        kernel: Sequence[float] = (0.01, 0.08),
        reference: bool = False,
    ) -> None:
        self.shift = shift
        self.scale = scale
        self.rotate = rotate
        self.morphology = morphology
        self.kernel = (float(kernel[0]), float(kernel[1]))
        self.reference = reference

    def __call__(self, mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return the damaged copy of ``mask`` (H, W) uint8: the same ids, no others; 255 becomes background."""
        if not self.reference:
            return _repaint(mask, rng, self._move)
        try:
            return _repaint(mask, rng, self._move_as_official)
        except _Vanished:
            return np.where(mask == IGNORE, 0, mask).astype(mask.dtype)

    def _move_as_official(self, binary: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        size = binary.shape[::-1]
        shifted = _extents(binary)
        offset = rng.uniform(-self.shift, self.shift, 2) * np.sqrt(shifted[0] * shifted[1])
        moved = cv2.warpAffine(binary, np.array([[1, 0, offset[0]], [0, 1, offset[1]]]), size, flags=cv2.INTER_NEAREST)
        height, width = _extents(moved)
        grow = 1 + rng.uniform(-self.scale, self.scale)
        for centre, turn, factor in (
            ((width / 2, height / 2), 0.0, grow),
            ((size[0] / 2 - 0.5, size[1] / 2 - 0.5), rng.uniform(-self.rotate, self.rotate), 1.0),
        ):
            matrix = cv2.getRotationMatrix2D(centre, turn, factor)
            moved = cv2.warpAffine(moved, matrix, size, flags=cv2.INTER_NEAREST)
        return moved

    def _move(self, binary: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        x, y, width, height = cv2.boundingRect(binary)
        side = float(np.sqrt(width * height))
        centre = (x + (width - 1) / 2, y + (height - 1) / 2)
        turn, grow = rng.uniform(-self.rotate, self.rotate), 1 + rng.uniform(-self.scale, self.scale)
        matrix = cv2.getRotationMatrix2D(centre, turn, grow)
        matrix[:, 2] += rng.uniform(-self.shift, self.shift, 2) * side
        moved = cv2.warpAffine(binary, matrix, binary.shape[::-1], flags=cv2.INTER_NEAREST)
        if rng.random() < self.morphology:
            radius = max(1, round(rng.uniform(*self.kernel) * side))
            kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
            moved = cv2.dilate(moved, kernel) if rng.random() < 0.5 else cv2.erode(moved, kernel)
        return moved if moved.any() else binary


class _Vanished(Exception):
    """An object of which no pixel is left."""


def _extents(binary: np.ndarray) -> tuple[int, int]:
    """The last row and column of an object minus its first, as the official code measures it."""
    if not binary.any():
        raise _Vanished
    _, _, width, height = cv2.boundingRect(binary)
    return height - 1, width - 1


class PartDamage:
    """Mistakes worth a correction: parts of objects lost, false patches beside them, now and then a lost object.

    Args:
        lose: probability for each object that a part of it is missed.
        gain: probability for each object of a false patch.
        drop: probability for each object that it is missed altogether.
    """

    def __init__(self, lose: float = 0.6, gain: float = 0.6, drop: float = 0.05) -> None:
        self.lose = lose
        self.gain = gain
        self.drop = drop

    def __call__(self, mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return the damaged copy of ``mask`` (H, W) uint8."""
        return _repaint(mask, rng, self._break)

    def _break(self, binary: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        if rng.random() < self.drop:
            return np.zeros_like(binary)
        pixels = np.flatnonzero(binary)
        side = float(np.sqrt(len(pixels)))
        broken = binary.copy()
        if rng.random() < self.lose:
            centre = divmod(int(pixels[rng.integers(len(pixels))]), binary.shape[1])
            _ellipse(broken, centre, rng.uniform(0.15, 0.6, 2) * side, rng, 0)
        if rng.random() < self.gain:
            y, x = divmod(int(pixels[rng.integers(len(pixels))]), binary.shape[1])
            offset = rng.normal(0, 0.7, 2) * side
            _ellipse(broken, (y + offset[0], x + offset[1]), rng.uniform(0.1, 0.5, 2) * side, rng, 1)
        return broken


def _ellipse(
    canvas: np.ndarray, centre: Sequence[float], axes: np.ndarray, rng: np.random.Generator, value: int
) -> None:
    middle = (round(centre[1]), round(centre[0]))
    extent = (max(1, round(axes[0])), max(1, round(axes[1])))
    cv2.ellipse(canvas, middle, extent, float(rng.uniform(0, 180)), 0, 360, value, -1)


def _repaint(
    mask: np.ndarray, rng: np.random.Generator, change: Callable[[np.ndarray, np.random.Generator], np.ndarray]
) -> np.ndarray:
    """Apply ``change`` to each object's binary mask and paint the results in random order, later ones on top."""
    painted = np.zeros_like(mask)
    for identity in rng.permutation(object_ids(mask)):
        binary = (mask == identity).astype(np.uint8)
        changed = change(binary, rng)
        painted[changed > 0] = identity
    return painted
