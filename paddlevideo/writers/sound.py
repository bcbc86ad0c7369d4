"""The sound of a film, copied beside pictures that are written anew."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from ..loader.video_stream import choose_stream, open_container
from ..utils.errors import InputError

_COPIED = frozenset({"aac", "mp3", "alac", "ac3", "eac3", "opus", "flac"})  # what players know in an MP4
_GAP = 0.05  # seconds without sound that stay
_RUN_IN = 0.1  # seconds before the first picture: decoders need some sound before the one that is heard
_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)  # that AAC has
_logger = logging.getLogger(__name__)


class Sound:
    """Copies the sound of a film into a container, as far as the pictures have come.

    Packets are copied as they are where an MP4 takes them, else coded anew as AAC. Sound keeps its place beside the
    pictures; what comes before the first and after the last picture is left out. A film without sound adds nothing;
    sound that cannot be read ends with a warning, the pictures stay.

    Args:
        path: of the film.
        target: a container that is open for writing, before its first packet.
    """

    def __init__(self, path: Path, target: Any) -> None:
        self._path, self._target = path, target
        self._packets: Iterator[Any] = iter(())
        self._waiting: Any = None  # the packet that comes next
        self._source: Any = None
        self._encoder: Any = None
        self._samples: int | None = None  # where the encoder has got to
        try:
            number = choose_stream(str(path))
            self._source = open_container(str(path))
            self._begin(self._source.streams[number])
        except InputError:  # pictures, a TIFF stack or an animation: no film, no sound
            return
        except av.FFmpegError as error:
            self._give_up(error)

    def copy_until(self, seconds: float) -> None:
        """Copy what begins before this time from the first picture."""
        try:
            while (packet := self._next()) is not None and self._place(packet) < seconds:
                self._waiting = None
                self._copy(packet)
        except ValueError as error:  # FFmpeg's for damaged data; a full disk is another
            self._give_up(error)

    def finish(self) -> None:
        """Write what the encoder still holds; call after the last picture."""
        if self._encoder is not None:
            self._target.mux(self._encoder.encode(None))

    def close(self) -> None:
        """Close the film."""
        if self._source is not None:
            self._source.close()

    def _begin(self, film: Any) -> None:
        sound = self._source.streams.best("audio")
        if sound is None:
            return
        if sound.codec_context is None:
            return self._give_up("no decoder is known for it")
        start = film.start_time * film.time_base if film.start_time is not None else 0
        self._start = round(start / sound.time_base)  # of the pictures, in units of the sound
        if sound.codec_context.codec.canonical_name in _COPIED:
            self._stream = self._target.add_stream_from_template(sound)
        else:
            context = sound.codec_context
            rate = context.sample_rate if context.sample_rate in _RATES else 48000
            self._encoder = self._target.add_stream("aac", rate=rate)
            self._encoder.layout = "mono" if context.layout.nb_channels == 1 else "stereo"
        self._packets = self._source.demux(sound)

    def _next(self) -> Any:
        while self._waiting is None:
            packet = next(self._packets, None)
            if packet is None:
                return None
            if packet.size and packet.pts is not None and self._place(packet) > -_RUN_IN:
                self._waiting = packet
        return self._waiting

    def _place(self, packet: Any) -> float:
        """When a packet begins, in seconds from the first picture."""
        return float((packet.pts - self._start) * packet.time_base)

    def _copy(self, packet: Any) -> None:
        if self._encoder is None:
            packet.pts -= self._start
            packet.dts = packet.pts
            packet.stream = self._stream
            self._target.mux(packet)
            return
        for frame in packet.decode():
            clock = Fraction(1, frame.sample_rate)
            shown = packet.pts if frame.pts is None else frame.pts
            place = round((shown - self._start) * packet.time_base / clock)
            if self._samples is None or (place - self._samples) * clock > _GAP:  # containers round times
                self._samples = place
            frame.pts, frame.time_base = self._samples, clock
            self._samples += frame.samples
            self._target.mux(self._encoder.encode(frame))

    def _give_up(self, reason: object) -> None:
        self._packets, self._waiting = iter(()), None
        _logger.warning(
            "%s: the sound cannot be read on (%s) and ends there", self._path, " ".join(str(reason).split())
        )
