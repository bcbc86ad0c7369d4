"""A clip: the few frames of one training sample and their masks, which every augmentation moves together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from ..utils.arrays import IGNORE as IGNORE  # part of what a clip is


def count_ids(mask: np.ndarray) -> np.ndarray:
    """Return (256,) int64: the number of pixels of each value of a uint8 mask."""
    return cv2.calcHist([np.ascontiguousarray(mask)], [0], None, [256], [0, 256]).ravel().astype(np.int64)


@dataclass(frozen=True)
class TrainingClip:
    """Frame 0 is the reference (annotated) frame, frames 1.. follow each other in time.

    Attributes:
        frames: T arrays (H, W, 3) uint8 RGB.
        masks: T arrays (H, W) uint8, object ids, 0 background, 255 ignore.
    """

    frames: list[np.ndarray]
    masks: list[np.ndarray]

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        height, width = self.masks[0].shape
        return height, width

    def map(
        self, on_frame: Callable[[np.ndarray], np.ndarray], on_mask: Callable[[np.ndarray], np.ndarray]
    ) -> TrainingClip:
        """Return the clip with one function applied to every frame and another to every mask."""
        return TrainingClip([on_frame(frame) for frame in self.frames], [on_mask(mask) for mask in self.masks])

    def resized(self, size: tuple[int, int], smooth: bool = False) -> TrainingClip:
        """Return the clip at ``size`` (height, width): cubic frames, nearest masks.

        With ``smooth``, frames that get smaller are averaged, as in use, where a cubic resize leaves pixels out; masks
        are read in the middle of their pixels, where the reference reads them at the corner.
        """
        if size == self.size:
            return self
        width_height = (size[1], size[0])
        shrinks = size[0] < self.size[0]
        of_frames = cv2.INTER_AREA if smooth and shrinks else cv2.INTER_CUBIC
        of_masks = cv2.INTER_NEAREST_EXACT if smooth else cv2.INTER_NEAREST
        return self.map(
            lambda frame: cv2.resize(frame, width_height, interpolation=of_frames),
            lambda mask: cv2.resize(mask, width_height, interpolation=of_masks),
        )

    def window(self, window: tuple[slice, slice]) -> TrainingClip:
        """Return the rows and columns of ``window``."""
        return self.map(lambda frame: frame[window].copy(), lambda mask: mask[window].copy())

    def without(self, ids: np.ndarray) -> TrainingClip:
        """Return the clip with these object ids turned into background."""
        table = np.arange(256, dtype=np.uint8)
        table[ids] = 0
        return TrainingClip(self.frames, [table[mask] for mask in self.masks])

    def compact(self, min_area: int = 1) -> tuple[TrainingClip, int]:
        """Return the clip with its ids renumbered 1..n, and n.

        Objects of fewer than ``min_area`` pixels in the reference mask become background in every frame: nobody has
        annotated them. When that would leave none, any object with a pixel there stays.
        """
        areas = count_ids(self.masks[0])
        areas[[0, IGNORE]] = 0
        kept = np.flatnonzero(areas >= max(1, min_area))
        if not len(kept):
            kept = np.flatnonzero(areas)
        table = np.zeros(256, np.uint8)
        table[kept] = np.arange(1, len(kept) + 1)
        table[IGNORE] = IGNORE
        return TrainingClip(self.frames, [table[mask] for mask in self.masks]), len(kept)
