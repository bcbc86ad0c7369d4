"""Masks and strokes drawn over frames, and those pictures as an H.264 video."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar

import av
import cv2
import numpy as np

from ..loader.scribbles import Stroke
from ..utils.files import atomic_path
from .masks import PALETTE

_BACKGROUND_STROKE = (255, 255, 255)
_BT709 = 1  # the standard's number for it, in primaries, transfer and matrix alike


def draw_overlay(frame: np.ndarray, mask: np.ndarray, alpha: float = 0.5, palette: np.ndarray = PALETTE) -> np.ndarray:
    """Return (H, W, 3) uint8: ``frame`` with every object's colour laid over at ``alpha`` and its outline in a tint.

    Args:
        frame: (H, W, 3) uint8 RGB; not changed.
        mask: (H, W) uint8 ids, 0 = background.
        alpha: 0 shows the frame alone, 1 the colour alone.
        palette: (256, 3) uint8, the ids' colours.
    """
    picture = frame.copy()
    inside = mask > 0
    picture[inside] = np.rint(frame[inside] * (1 - alpha) + palette[mask[inside]] * alpha).astype(np.uint8)
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


class OverlayWriter:
    """An H.264 video (yuv420p, plays in browsers) of RGB pictures; whole or not there.

    Used as a context manager: the file appears under its name when the block ends without an error. Odd sides are
    made even by repeating the last column or row, since the format halves the colours' resolution.

    Args:
        path: the mp4 file.
        rate: frames per second.
        size: (H, W) of the pictures.
    """

    codec, pixels, channels = "libx264", "yuv420p", "rgb24"
    options: ClassVar[dict[str, str]] = {"crf": "20", "preset": "veryfast"}
    container_options: ClassVar[dict[str, str]] = {"movflags": "faststart"}

    def __init__(self, path: str | Path, rate: float, size: tuple[int, int]) -> None:
        self._atomic = atomic_path(path)
        self._rate = Fraction(rate).limit_denominator(1001)  # 23.976 is 24000/1001
        self._size = size
        self._even = (size[0] + size[0] % 2, size[1] + size[1] % 2)

    def __enter__(self) -> OverlayWriter:
        temporary = self._atomic.__enter__()
        try:
            self._open(temporary)
        except BaseException as error:
            self._atomic.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def _open(self, path: Path) -> None:
        self._container: Any = av.open(str(path), "w", options=self.container_options)
        self._stream: Any = self._container.add_stream(self.codec, rate=self._rate)
        self._stream.height, self._stream.width = self._even
        self._stream.pix_fmt = self.pixels
        self._stream.options = self.options
        context = self._stream.codec_context  # untagged video is guessed at by size, and its colours shift
        context.colorspace = context.color_primaries = context.color_trc = _BT709

    def write(self, picture: np.ndarray) -> None:
        """Append one uint8 picture (H, W, channels), RGB here; raise ValueError for another size."""
        if picture.shape != (*self._size, 4 if self.channels == "rgba" else 3):
            raise ValueError(f"picture of shape {picture.shape} in a video of {self._size}")
        (height, width), (even_height, even_width) = self._size, self._even
        padded = np.pad(picture, ((0, even_height - height), (0, even_width - width), (0, 0)), mode="edge")
        frame = av.VideoFrame.from_ndarray(padded, format=self.channels)
        frame = frame.reformat(format=self.pixels, dst_colorspace="ITU709")
        self._container.mux(self._stream.encode(frame))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._container.mux(self._stream.encode())
        finally:
            self._container.close()
            self._atomic.__exit__(kind, error, trace)


def _tint(object_id: int, palette: np.ndarray = PALETTE) -> tuple[int, int, int]:
    red, green, blue = (int(channel) for channel in (palette[object_id].astype(np.int32) + 255) // 2)
    return red, green, blue


def _line_width(picture: np.ndarray) -> int:
    return max(1, round(min(picture.shape[:2]) / 360))
