"""From a frame as read to what the network is fed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from ..kernels.parallel import run_in_parallel
from ..utils.errors import InputError

_INTERPOLATION = {"cubic": cv2.INTER_CUBIC, "area": cv2.INTER_AREA}
_COLORS = ("bgr", "rgb")
GRID_STRIDE = 4  # of the embedding
_BYTES = np.arange(256, dtype=np.float32)


class Preprocess:
    """Resize, reorder and normalise frames; the keys of ``PIPELINE.input`` are the arguments.

    The defaults are those of the reference: frames as BGR, yet normalised by the RGB statistics of ImageNet in index
    order, resized to 480x854 whatever their shape, with cubic interpolation of the unclipped float values. Weights
    state which of these they were trained with.

    Args:
        color: channel order that the network expects, ``"bgr"`` or ``"rgb"``.
        mean, std: one number a channel, of values in 0..1, in the order of ``color``'s channels.
        size: ``[h, w]`` fixed; an int for the short side, aspect kept and never enlarged; None for the video's own.
        stride: a multiple of 4. Sides become the nearest multiples of it and one more pixel (16: 481 x 849), so that
            the corners of the network's maps at all scales are the same pixels; 1 leaves them as ``size`` has them, as
            the reference does.
        interpolation: ``"cubic"``, or ``"area"``, which averages and so does not alias when frames are made smaller.

    Raises:
        InputError: a value that makes no sense, named by its key.
    """

    def __init__(
        self,
        color: str = "bgr",
        mean: Sequence[float] = (0.485, 0.456, 0.406),
        std: Sequence[float] = (0.229, 0.224, 0.225),
        size: int | Sequence[int] | None = (480, 854),
        stride: int = 1,
        interpolation: str = "cubic",
    ) -> None:
        _check_choice("color", color, _COLORS)
        _check_choice("interpolation", interpolation, tuple(_INTERPOLATION))
        self.color = color
        self.interpolation = interpolation
        self.mean = _three_numbers("mean", mean)
        self.std = _three_numbers("std", std)
        if (self.std <= 0).any():
            raise InputError(f"PIPELINE.input.std: {list(std)} must be above 0")
        self.size = _check_size(size)
        if not _is_length(stride) or (stride > 1 and stride % GRID_STRIDE):
            raise InputError(f"PIPELINE.input.stride: {stride!r} must be 1 or a multiple of {GRID_STRIDE}")
        self.stride = stride

    @property
    def aligned(self) -> bool:
        """Whether the corners of the embedding grid are the picture's; labels reach it at every fourth pixel then."""
        return self.stride > 1

    def input_size(self, height: int, width: int) -> tuple[int, int]:
        """Return (h, w) that a frame of ``height`` x ``width`` is fed at."""
        height, width = self._scaled(height, width)
        if self.stride == 1:
            return height, width
        return self._with_corners(height), self._with_corners(width)

    def _with_corners(self, side: int) -> int:
        return max(1, round((side - 1) / self.stride)) * self.stride + 1

    def _scaled(self, height: int, width: int) -> tuple[int, int]:
        if self.size is None:
            return height, width
        if isinstance(self.size, tuple):
            return self.size
        short = min(height, width)
        if short <= self.size:
            return height, width
        return tuple(max(1, round(side * self.size / short)) for side in (height, width))  # type: ignore[return-value]

    def __call__(self, frame: np.ndarray) -> np.ndarray:
        """Return the (3, h, w) contiguous float32 input of an (H, W, 3) uint8 RGB frame."""
        height, width = self.input_size(*frame.shape[:2])
        if frame.shape[:2] != (height, width):
            # On floats, because cubic interpolation overshoots and the reference lets it.
            size, interpolation = (width, height), _INTERPOLATION[self.interpolation]
            frame = cv2.resize(frame.astype(np.float32), size, interpolation=interpolation)
        planes = np.empty((3, height, width), np.float32)
        run_in_parallel(lambda start, stop: self._normalise(frame[start:stop], planes[:, start:stop]), height)
        return planes

    def _normalise(self, pixels: np.ndarray, planes: np.ndarray) -> None:
        """Fill ``planes`` (3,h,w) with RGB ``pixels`` (h,w,3), uint8 or float32."""
        channels = range(3) if self.color == "rgb" else (2, 1, 0)
        for plane, channel, mean, std in zip(planes, channels, self.mean, self.std, strict=True):
            values = cv2.extractChannel(pixels, channel)
            if values.dtype == np.uint8:  # few values: looked up
                plane[:] = cv2.LUT(values, (_BYTES / np.float32(255) - mean) / std)
            else:
                plane[:] = (values / np.float32(255) - mean) / std


def _check_choice(key: str, value: Any, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise InputError(f"PIPELINE.input.{key}: {value!r} must be one of {', '.join(choices)}")


def _three_numbers(key: str, values: Any) -> np.ndarray:
    good = isinstance(values, Sequence) and len(values) == 3
    if not good or not all(isinstance(value, (int, float)) and math.isfinite(value) for value in values):
        raise InputError(f"PIPELINE.input.{key}: {values!r} must be three numbers, one a channel")
    return np.asarray(values, dtype=np.float32)


def _is_length(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _check_size(size: Any) -> int | tuple[int, int] | None:
    if size is None or _is_length(size):
        return size
    if isinstance(size, Sequence) and not isinstance(size, str) and len(size) == 2 and all(map(_is_length, size)):
        return size[0], size[1]
    raise InputError(
        f"PIPELINE.input.size: {size!r} must be a short side, [height, width], or null for the video's own"
    )
