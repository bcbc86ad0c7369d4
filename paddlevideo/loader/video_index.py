"""The list of a video's frames: when each is shown, and from which ones decoding can start."""

from __future__ import annotations

import bisect
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, pairwise
from typing import Any

import av
from tqdm import tqdm

from ..utils.errors import InputError
from .frame_source import one_line

# One packet is one picture here. Elsewhere (invisible VP8 frames, packed B-frames) only decoding tells the count.
_PACKET_IS_PICTURE = frozenset({"h264", "hevc", "mpeg4", "mjpeg"})
_FALLBACK_RATE = 25.0
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class VideoIndex:
    """Frames in presentation order."""

    times: list[int | None]  # in the stream's time units
    keys: list[int]  # ascending numbers of the keyframes
    size: tuple[int, int]  # (H, W) of the first frame as displayed
    rate: float  # frames per second

    @cached_property
    def seekable(self) -> bool:
        """Whether a time addresses one frame; if not, frames can only be counted from the start of the file."""
        return _rising(self.times) and bool(self.keys)

    def keyframe_before(self, index: int) -> int:
        """Return the last frame up to ``index`` that decoding can start from."""
        place = bisect.bisect_right(self.keys, index) if self.seekable else 0
        return self.keys[place - 1] if place else 0


def open_stream(path: str) -> tuple[Any, Any]:
    """Open ``path`` and return (container, first video stream); raise `InputError` without one."""
    # Playlists and concat scripts may name further files and addresses; a clip is one local file.
    container = av.open(path, options={"protocol_whitelist": "file"})
    if not container.streams.video or container.format.name == "tty":  # "tty" makes a picture of any text file
        container.close()
        raise InputError(f"{path}: no video in this file; give a video, a folder of pictures or a quoted glob")
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    return container, stream


def decoded(container: Any, stream: Any) -> Iterator[av.VideoFrame]:
    """Yield the frames from where ``container`` stands, passing over packets that cannot be decoded."""
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.FFmpegError:
            continue
        yield from frames


def displayed_size(frame: av.VideoFrame) -> tuple[int, int]:
    """Return (H, W) of a decoded frame after the rotation that its container asks for."""
    turned = round(frame.rotation / 90) % 2
    return (frame.width, frame.height) if turned else (frame.height, frame.width)


def index_video(path: str) -> VideoIndex:
    """List the frames of a video.

    Packets are listed without decoding where that is enough; the first frames and the last group of pictures are then
    decoded to check the list. In any other case, and where the check fails, the whole file is decoded once. Of a
    damaged file the frames that can be decoded are listed, and a warning says so.

    Raises:
        InputError: no video stream, or not one frame can be decoded.
        av.FFmpegError: not a video.
    """
    container, stream = open_stream(path)
    with container:
        rate = float(stream.average_rate or stream.guessed_rate or _FALLBACK_RATE)
        listed = _by_demuxing(container, stream)
    container, stream = open_stream(path)
    with container:
        first = _first_frames(container, stream, 3)
    if not first:
        raise InputError(f"{path}: no frame of this video can be decoded; re-encode or replace it")
    size = displayed_size(first[0])
    if listed is not None and [frame.pts for frame in first] == listed[0][:3] and _tail_agrees(path, *listed):
        return VideoIndex(*listed, size, rate)
    return VideoIndex(*_by_decoding(path), size, rate)


def _rising(times: list[int | None]) -> bool:
    return all(a is not None and b is not None and a < b for a, b in pairwise([-(1 << 63), *times]))


def _by_demuxing(container: Any, stream: Any) -> tuple[list[int | None], list[int]] | None:
    """Return (times, keys) from the packets, or None where they do not tell the frames."""
    if stream.codec_context.name not in _PACKET_IS_PICTURE:
        return None
    packets = []
    try:
        for packet in container.demux(stream):
            if not packet.size:  # the mark of the end
                continue
            if packet.pts is None or packet.is_discard or packet.is_corrupt:
                return None
            packets.append((packet.pts, packet.is_keyframe))
    except av.FFmpegError:
        return None
    packets.sort()
    times: list[int | None] = [time for time, _ in packets]
    keys = [place for place, (_, key) in enumerate(packets) if key]
    complete = len(packets) >= stream.frames
    return (times, keys) if complete and _rising(times) and keys[:1] == [0] else None


def _first_frames(container: Any, stream: Any, count: int) -> list[av.VideoFrame]:
    try:
        return list(islice(decoded(container, stream), count))
    except av.FFmpegError:
        return []


def _tail_agrees(path: str, times: list[int | None], keys: list[int]) -> bool:
    """Whether decoding from the last keyframe gives just the frames that are listed from there on."""
    start = times[keys[-1]]
    container, stream = open_stream(path)
    with container:
        try:
            if keys[-1]:
                container.seek(start, stream=stream)
            shown = [frame.pts for frame in decoded(container, stream)]
        except av.FFmpegError:
            return False
    return start in shown and shown[shown.index(start) :] == times[keys[-1] :]


def _by_decoding(path: str) -> tuple[list[int | None], list[int]]:
    """Return (times, keys) of all frames that can be decoded, in the order the decoder gives them."""
    times: list[int | None] = []
    keys: list[int] = []
    container, stream = open_stream(path)
    with container, tqdm(desc="listing frames", unit="frame", delay=2, leave=False) as bar:
        announced = stream.frames
        try:
            for frame in decoded(container, stream):
                if frame.key_frame:
                    keys.append(len(times))
                times.append(frame.pts)
                bar.update()
        except av.FFmpegError as error:
            _logger.warning("%s: %s", path, one_line(error))
    if not times:
        raise InputError(f"{path}: no frame of this video can be decoded; re-encode or replace it")
    if len(times) < announced:
        _logger.warning("%s: damaged; going on with the %d of %d frames that can be read", path, len(times), announced)
    return times, keys
