"""Pictures as a video, without and with transparency, at the pace and in the shape of the film they come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar

import av
import cv2
import numpy as np

from ..utils.files import atomic_path
from .clip_info import ClipInfo
from .sound import Sound

_BT709 = 1  # the standard's number for it, in primaries, transfer and matrix alike
_CLOCK = Fraction(1, 90000)  # seconds of a time unit where the rate varies
_JITTER = 0.001  # seconds: containers that count in milliseconds round even steps


@dataclass(frozen=True)
class Look:
    """How a video is shown besides its pictures.

    Attributes:
        times: seconds at which each picture is shown, rising from 0. Those of an even pace change nothing.
        pixel_aspect: width of a pixel by its height.
        sound: a film whose sound is copied.
    """

    times: Sequence[float] = ()
    pixel_aspect: Fraction = Fraction(1)
    sound: Path | None = None

    @classmethod
    def of(cls, clip: ClipInfo, *, sound: bool = False) -> Look:
        """Return that of a clip, with its sound where it is wanted and the clip is a file."""
        source = clip.source if sound and clip.source is not None and clip.source.is_file() else None
        return cls(clip.times, clip.pixel_aspect, source)


class VideoWriter:
    """An H.264 video (yuv420p, plays in browsers) of RGB pictures; whole or not there.

    Used as a context manager: the file appears under its name when the block ends without an error. Odd sides are
    made even by repeating the last column or row, since the format halves the colours' resolution.

    Args:
        path: the mp4 file.
        rate: frames per second, the average where it varies.
        size: (H, W) of the pictures.
        look: how it is shown.
    """

    codec, pixels, channels = "libx264", "yuv420p", "rgb24"
    halved, has_aspect = True, True
    options: ClassVar[dict[str, str]] = {"crf": "20", "preset": "veryfast"}
    container_options: ClassVar[dict[str, str]] = {"movflags": "faststart"}

    def __init__(self, path: str | Path, rate: float, size: tuple[int, int], look: Look = Look()) -> None:
        self._atomic = atomic_path(path)
        self._rate = Fraction(rate).limit_denominator(1001)  # 23.976 is 24000/1001
        self._size = size
        self._stored = size if self.has_aspect else _square(size, look.pixel_aspect)
        self._padding = [(0, side % 2 if self.halved else 0) for side in self._stored]
        self._look = look
        self._times = [] if _even(look.times, self._rate) else _in_units(look.times, self._rate)
        self._written = 0

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
        self._stream.height, self._stream.width = (
            side + after for side, (_, after) in zip(self._stored, self._padding, strict=True)
        )
        self._stream.pix_fmt = self.pixels
        self._stream.options = self.options
        context = self._stream.codec_context  # untagged video is guessed at by size, and its colours shift
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        if self.has_aspect and self._look.pixel_aspect != 1:
            context.sample_aspect_ratio = self._look.pixel_aspect
        if self._times:
            context.time_base = self._stream.time_base = _CLOCK
        self._sound = Sound(self._look.sound, self._container) if self._look.sound else None

    def write(self, picture: np.ndarray) -> None:
        """Append one uint8 picture (H, W, channels), RGB here; raise ValueError for another size."""
        if picture.shape != (*self._size, 4 if self.channels == "rgba" else 3):
            raise ValueError(f"picture of shape {picture.shape} in a video of {self._size}")
        if self._stored != self._size:
            picture = cv2.resize(picture, self._stored[::-1], interpolation=cv2.INTER_LINEAR)
        padded = np.pad(picture, (*self._padding, (0, 0)), mode="edge")
        frame = av.VideoFrame.from_ndarray(padded, format=self.channels)
        frame = frame.reformat(format=self.pixels, dst_colorspace="ITU709")
        if self._times:
            shown, until = self._times[self._written : self._written + 2]
            frame.pts, frame.duration, frame.time_base = shown, until - shown, _CLOCK
        self._written += 1
        self._container.mux(self._stream.encode(frame))
        if self._sound:
            self._sound.copy_until(self._end())

    def _end(self) -> float:
        """When the picture that was written last ends, in seconds."""
        return float(self._times[self._written] * _CLOCK if self._times else self._written / self._rate)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._container.mux(self._stream.encode())
                if self._sound:
                    self._sound.finish()
        finally:
            if self._sound:
                self._sound.close()
            self._container.close()
            self._atomic.__exit__(kind, error, trace)


class SmallVideoWriter(VideoWriter):
    """As `VideoWriter`, but an encoder that holds few pictures, for videos of which many are written at once."""

    options: ClassVar[dict[str, str]] = {"crf": "12", "preset": "ultrafast", "threads": "1"}


class AlphaVideoWriter(VideoWriter):
    """A VP9 video with transparency (WebM, plays in browsers) of (H, W, 4) RGBA pictures; else as `VideoWriter`.

    PyAV writes no pixel aspect into WebM, so pictures are stretched until their pixels are square.
    """

    codec, pixels, channels = "libvpx-vp9", "yuva420p", "rgba"
    has_aspect = False
    options: ClassVar[dict[str, str]] = {
        "crf": "24",
        "b:v": "0",
        "deadline": "realtime",
        "cpu-used": "5",
        "row-mt": "1",
    }
    container_options: ClassVar[dict[str, str]] = {}


class ProResWriter(VideoWriter):
    """A ProRes 4444 video (MOV, for compositors) of (H, W, 4) RGBA pictures; odd sides stay, else as `VideoWriter`."""

    codec, pixels, channels = "prores_ks", "yuva444p10le", "rgba"
    halved = False
    options: ClassVar[dict[str, str]] = {"profile": "4444", "vendor": "apl0", "alpha_bits": "16"}
    container_options: ClassVar[dict[str, str]] = {}


def _square(size: tuple[int, int], pixel_aspect: Fraction) -> tuple[int, int]:
    """Return (H, W) of pictures that look as those of ``size`` do, with square pixels; no side gets shorter."""
    height, width = size
    return (height, round(width * pixel_aspect)) if pixel_aspect >= 1 else (round(height / pixel_aspect), width)


def _even(times: Sequence[float], rate: Fraction) -> bool:
    """Whether ``times`` are what ``rate`` says."""
    return all(abs(time - index / rate) <= _JITTER for index, time in enumerate(times))


def _in_units(times: Sequence[float], rate: Fraction) -> list[int]:
    """Return ``times`` in units of the clock, all different even in milliseconds, and the last picture's end."""
    units: list[int] = []
    apart = round(_JITTER / _CLOCK)
    for time in times:
        units.append(max(round(time / _CLOCK), units[-1] + apart if units else 0))
    return [*units, units[-1] + round(1 / rate / _CLOCK)]
