"""Pictures as a video, without and with transparency."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar

import av
import numpy as np

from ..utils.files import atomic_path

_BT709 = 1  # the standard's number for it, in primaries, transfer and matrix alike


class VideoWriter:
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

    def __enter__(self) -> VideoWriter:
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


class AlphaVideoWriter(VideoWriter):
    """A VP9 video with transparency (WebM, plays in browsers) of (H, W, 4) RGBA pictures; else as `VideoWriter`."""

    codec, pixels, channels = "libvpx-vp9", "yuva420p", "rgba"
    options: ClassVar[dict[str, str]] = {
        "crf": "24",
        "b:v": "0",
        "deadline": "realtime",
        "cpu-used": "5",
        "row-mt": "1",
    }
    container_options: ClassVar[dict[str, str]] = {}
