"""Frames that are in memory as a clip."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

import numpy as np

from ..utils.errors import InputError
from .frame_source import FrameSource, sealed, size_text
from .pictures import RATE

_HELP = "give an array (T,H,W,3), a list of arrays (H,W,3), RGB of uint8 each, or the path of a video"


class ArrayFrames(FrameSource):
    """Frames (H,W,3) uint8 RGB that the caller keeps in memory, or makes when they are asked for.

    They are not copied, so nobody may change them. They count as 25 a second.

    Args:
        frames: an array (T,H,W,3), or what has a length and gives an array (H,W,3) for each number from 0 on. Those of
            a list or tuple are all checked at once, others when they are read.

    Raises:
        InputError: no frames, or one of another type, shape or size.
    """

    def __init__(self, frames: Any) -> None:
        if isinstance(frames, (Mapping, Set)) or not (hasattr(frames, "__len__") and hasattr(frames, "__getitem__")):
            raise InputError(f"frames: a {type(frames).__name__} is not read; {_HELP}")
        if not len(frames):
            raise InputError(f"frames: there are none; {_HELP}")
        self.path = "clip"
        self.files = []
        self.rate = RATE
        self.names = [f"{index:05d}" for index in range(len(frames))]
        self._frames = frames
        self.size = self._frame(0).shape[:2]
        if isinstance(frames, (list, tuple)):
            for index in range(1, len(frames)):
                self._read(index)

    def _read(self, index: int) -> np.ndarray:
        frame = self._frame(index)
        if frame.shape[:2] != self.size:
            raise InputError(
                f"frames: number {index} is {size_text(frame.shape)}, the first is {size_text(self.size)}; bring all "
                "to one size"
            )
        return sealed(frame.view())  # the caller's own array stays writeable

    def _frame(self, index: int) -> np.ndarray:
        try:
            frame = np.asarray(self._frames[index])
        except (TypeError, ValueError) as error:  # of what is no array
            raise InputError(f"frames: number {index} is no picture ({error}); {_HELP}") from error
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3 or not frame.size:
            raise InputError(f"frames: number {index} is {frame.dtype} of shape {frame.shape}; {_HELP}")
        return frame
