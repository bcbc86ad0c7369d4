"""The list of a video's frames: when each is shown, and from which ones decoding can start."""

from __future__ import annotations

import bisect
import logging
import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import islice, pairwise
from typing import Any

import av
from tqdm import tqdm

from ..utils.errors import InputError, one_line
from .video_orientation import orientation
from .video_stream import choose_stream, decoded, open_container, open_stream

# One packet is one picture here. Elsewhere (invisible VP8 frames, packed B-frames) only decoding tells the count.
_PACKET_IS_PICTURE = frozenset({"h264", "hevc", "mpeg4", "mjpeg", "prores", "ffv1"})
# What a receiver or a camera may begin anywhere: what lies before the first keyframe was never meant to be seen.
_BEGUN_ANYWHERE = frozenset({"mpegts", "mpeg", "h264", "hevc", "m4v", "mpegvideo"})
_FALLBACK_RATE = 25.0
_DURATION = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)")
_SLACK = 0.5  # seconds that a track may say too much
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class VideoIndex:
    """Frames in presentation order."""

    times: list[int | None]  # in the stream's time units
    keys: list[int]  # ascending numbers of the keyframes
    size: tuple[int, int]  # (H, W) of the first frame as displayed
    rate: float  # frames per second
    unit: Fraction = Fraction(0)  # seconds of a time unit; 0: there are no times
    pixel_aspect: Fraction = Fraction(1)  # width of a pixel in heights of it, as displayed
    lost: frozenset[int] = frozenset()  # frames that cannot be decoded
    threads: str = "AUTO"  # how FFmpeg shares the decoding out

    @cached_property
    def seekable(self) -> bool:
        """Whether a time addresses one frame; if not, frames can only be counted from the start of the file."""
        return _rising(self.times) and bool(self.keys)

    @property
    def seconds(self) -> list[float]:
        """When each frame is shown, from the first one; empty where the file does not say."""
        first = self.times[0]
        if first is None or not self.unit or not _rising(self.times):
            return []
        return [float((time - first) * self.unit) for time in self.times if time is not None]

    def keyframe_before(self, index: int) -> int:
        """Return the last frame up to ``index`` that decoding can start from."""
        place = bisect.bisect_right(self.keys, index) if self.seekable else 0
        return self.keys[place - 1] if place else 0


def displayed_size(frame: av.VideoFrame, path: str) -> tuple[int, int]:
    """Return (H, W) of a decoded frame of ``path`` as its container asks for it to be displayed."""
    return orientation(frame, path).size(frame.height, frame.width)


def index_video(path: str, number: int | None = None) -> VideoIndex:
    """List the frames of a video.

    Packets are listed without decoding where that is enough; the first frames and the last group of pictures are then
    decoded to check the list. In any other case, and where the check fails, the whole file is decoded once. Of a
    damaged file the frames that can be decoded are listed, with those between them that cannot, and a warning says so.

    Args:
        path: of the file.
        number: of the stream; None takes the best one.

    Raises:
        InputError: no video stream, or not one frame can be decoded.
        av.FFmpegError: not a video.
    """
    number = choose_stream(path) if number is None else number
    container, stream = open_stream(path, number)
    with container:
        rate = float(stream.average_rate or stream.guessed_rate or _FALLBACK_RATE)
        unit = Fraction(stream.time_base or 0)
        announced = _announced_end(container, stream)
        listed = _by_demuxing(container, stream)
    container, stream = open_stream(path, number)
    with container:
        first = _first_frames(container, stream, 3)
        aspect = _pixel_aspect(stream)
    if not first:
        raise InputError(f"{path}: no frame of this video can be decoded; re-encode or replace it")
    size = displayed_size(first[0], path)
    if orientation(first[0], path).turns % 2:
        aspect = 1 / aspect
    if listed is not None and [frame.pts for frame in first] == listed[0][:3] and _tail_agrees(path, number, *listed):
        index = VideoIndex(*listed, size, rate, unit, aspect)
    else:
        times, keys, lost = _by_decoding(path, number)
        index = VideoIndex(times, keys, size, rate, unit, aspect, lost, _threads(stream))
    _tell_early_end(path, number, index, announced)
    return index


def _announced_end(container: Any, stream: Any) -> float | None:
    """Return the second at which a Matroska track says that it ends; its header tells no number of frames."""
    if "matroska" not in container.format.name:
        return None
    said = _DURATION.fullmatch(stream.metadata.get("DURATION", ""))
    return int(said[1]) * 3600 + int(said[2]) * 60 + float(said[3]) if said else None


def _tell_early_end(path: str, number: int, index: VideoIndex, announced: float | None) -> None:
    """Warn of a file that breaks off: its last packet, as long as that lasts, ends before the track does."""
    last = index.times[-1]
    if announced is None or last is None or announced - last * index.unit <= _SLACK:
        return
    with open_container(path) as container:
        try:
            for packet in container.demux(container.streams[number]):
                if packet.pts is not None:
                    last = max(last, packet.pts + (packet.duration or 0))
        except av.FFmpegError:
            pass  # where it breaks off
    end = float(last * index.unit)
    if announced - end > _SLACK:
        _logger.warning("%s: damaged; it should last %.1f s, its pictures end at %.1f s", path, announced, end)


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


def _pixel_aspect(stream: Any) -> Fraction:
    """Return the shape of a pixel as stored; the container's word counts before the codec's."""
    aspect = Fraction(stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio or 1)
    return aspect if aspect > 0 else Fraction(1)


def _tail_agrees(path: str, number: int, times: list[int | None], keys: list[int]) -> bool:
    """Whether decoding from the last keyframe gives just the frames that are listed from there on."""
    start = times[keys[-1]]
    container, stream = open_stream(path, number)
    with container:
        try:
            if keys[-1]:
                container.seek(start, stream=stream)
            shown = [frame.pts for frame in decoded(container, stream)]
        except av.FFmpegError:
            return False
    return start in shown and shown[shown.index(start) :] == times[keys[-1] :]


def _by_decoding(path: str, number: int) -> tuple[list[int | None], list[int], frozenset[int]]:
    """Return (times, keys, lost) of all frames, in the order the decoder gives them."""
    times: list[int | None] = []
    keys: list[int] = []
    stored: list[int | None] = []  # times of the packets
    errors = 0
    container, stream = open_stream(path, number)
    stream.thread_type = _threads(stream)
    with container, tqdm(desc="listing frames", unit="frame", delay=2, leave=False) as bar:
        announced, begun = stream.frames, container.format.name not in _BEGUN_ANYWHERE
        try:
            for packet in container.demux(stream):
                begun = begun or packet.is_keyframe
                if packet.size and begun and not packet.is_discard:
                    stored.append(packet.pts)
                try:
                    frames = packet.decode()
                except av.FFmpegError:
                    errors += begun
                    continue
                for frame in frames:
                    if frame.key_frame:
                        keys.append(len(times))
                    times.append(frame.pts)
                    bar.update()
        except av.FFmpegError as error:
            _logger.warning("%s: %s", path, one_line(error))
    if not times:
        raise InputError(f"{path}: no frame of this video can be decoded; re-encode or replace it")
    whole = _with_lost(times, stored) if errors and stream.codec_context.name in _PACKET_IS_PICTURE else times
    count = len(whole)
    if count < announced and (count < len(stored) or _missing(path, number, announced)):
        _logger.warning("%s: damaged; going on with the %d of %d frames that are there", path, count, announced)
    elif errors and whole is times:
        _logger.warning("%s: damaged; %d of its packets cannot be decoded, frames may be missing", path, errors)
    if whole is times:
        return times, keys, frozenset()
    places = {time: place for place, time in enumerate(whole)}
    lost = frozenset(range(len(whole))) - {places[time] for time in times}
    return whole, [places[times[key]] for key in keys], lost


def _threads(stream: Any) -> str:
    """With a thread a frame, an error takes along good frames that other threads have at the time. Where a packet is a
    picture the whole film is decoded only because something is wrong."""
    return "SLICE" if stream.codec_context.name in _PACKET_IS_PICTURE else "AUTO"


def _with_lost(times: list[int | None], stored: list[int | None]) -> list[int | None]:
    """Return ``times`` with those of the packets that were not decoded; pictures that come before the first one
    stored lean on what is not there."""
    if not stored or not _rising(times) or not _rising(sorted(stored, key=lambda time: -1 if time is None else time)):
        return times
    shown = [time for time in times if time is not None]
    begin = min(time for time in (stored[0], shown[0]) if time is not None)
    known = {time for time in stored if time is not None and time >= begin}
    if not known >= set(shown):
        return times
    whole = sorted(known)
    places = {time: place for place, time in enumerate(whole)}
    gaps = sum(places[after] - places[before] > 1 for before, after in pairwise(shown))
    # With two packets a picture (fields) half of them would look lost, one beside nearly every picture.
    return [*whole] if 2 * gaps < len(shown) else times


def _missing(path: str, number: int, announced: int) -> bool:
    """Whether fewer pictures are stored than the header announces; those that an edit list hides are stored."""
    with open_container(path, ignore_editlist="1") as container:
        in_slots = container.format.name == "avi"  # its header counts the slots that repeat a picture, too
        try:
            packets = [packet for packet in container.demux(container.streams[number]) if packet.size]
        except av.FFmpegError:
            return True
        places = [packet.dts for packet in packets if packet.dts is not None]
    if in_slots and len(places) > 1:
        return announced - places[-1] > max(after - before for before, after in pairwise(places))
    return len(packets) < announced
