"""A film's pictures as they are stored, for a program that decodes them itself, such as a browser.

Frame numbers are those of `VideoFrames`: a packet's time says which frame it becomes, so a player cannot be off by one.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import av

from .video_index import VideoIndex
from .video_orientation import UPRIGHT, orientation
from .video_stream import decoded, open_stream

MOST_BYTES = 64 << 20  # of a group of pictures
_HEADER = struct.Struct("<III")  # frame, whether decoding can start here, bytes


@dataclass(frozen=True)
class FilmCodec:
    """What a decoder has to know: the codec's name as browsers write it, and its header."""

    name: str
    header: bytes


def film_codec(path: str, stream: int, index: VideoIndex) -> FilmCodec | None:
    """The codec of an H.264 film whose stored pictures are its frames, upright; None of any other."""
    try:
        container, video = open_stream(path, stream)
        with container:
            header = bytes(video.codec_context.extradata or b"")
            if video.codec_context.name != "h264" or header[:1] != b"\x01" or not index.seekable or index.lost:
                return None
            first = next(decoded(container, video), None)
            if first is None or orientation(first, path) != UPRIGHT:
                return None
    except av.FFmpegError:
        return None
    return FilmCodec(f"avc1.{header[1:4].hex()}", header)


def film_packets(path: str, stream: int, index: VideoIndex, frame: int, least: int) -> bytes | None:
    """Packets from the keyframe before ``frame`` on, to a keyframe that is ``least`` frames later or to the end.

    They are in the order to be decoded in, each after twelve bytes: frame number, 1 for a keyframe, length (little
    endian). None where they are too many, or are not the frames that were listed.
    """
    start = index.keyframe_before(frame)
    places = {time: place for place, time in enumerate(index.times)}
    found, size, begun = [], 0, False
    try:
        container, video = open_stream(path, stream)
        with container:
            container.seek(index.times[start], stream=video)
            for packet in container.demux(video):
                place = places.get(packet.pts)
                begun = begun or place == start
                if not begun or not packet.size:
                    continue
                if packet.is_keyframe and place is not None and place >= start + least:
                    break
                size += packet.size
                if place is None or size > MOST_BYTES:
                    return None
                found.append(_HEADER.pack(place, packet.is_keyframe, packet.size) + bytes(packet))
    except av.FFmpegError:
        return None
    return b"".join(found) or None
