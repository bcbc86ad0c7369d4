"""The stream of a container that is the film: not its cover, not a thumbnail, and no text that FFmpeg would draw."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
from av.stream import Disposition

from ..utils.errors import InputError

# What FFmpeg opens as a video by a guess: text and text art. Single pictures ("png_pipe") are no videos either.
_NO_FILMS = frozenset({"tty", "bin", "xbin", "adf", "idf", "image2", "image2pipe", "ico", "txd", "psxstr"})
_PHOTOGRAPHS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1", b"avif"})  # brands of files like a video's
_ARCHIVES = (b"PK\x03\x04", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b")  # zip, rar, 7z, gzip
_NO_VIDEO = "give a video, a folder of pictures or a quoted glob"


def open_container(path: str, **options: str) -> Any:
    """Open ``path`` for demuxing with FFmpeg's ``options``; raise `InputError` when it is no film."""
    if not Path(path).is_file():
        raise InputError(f"{path}: no such file; {_NO_VIDEO}")
    with Path(path).open("rb") as file:
        head = file.read(12)
    if not head:
        raise InputError(f"{path}: the file is empty; copy it again from where it was made")
    if head.startswith(_ARCHIVES):
        raise InputError(f"{path}: an archive (zip or the like); unpack it and give what is in it")
    if head[4:8] == b"ftyp" and head[8:12] in _PHOTOGRAPHS:
        raise InputError(f"{path}: a photograph (HEIF or AVIF), which is not read; save it as JPEG or PNG")
    # An absolute path is never taken for an address (10:30.mp4). Playlists and concat scripts may name further files
    # and addresses; a clip is one local file.
    container = av.open(str(Path(path).absolute()), options={**options, "protocol_whitelist": "file"})
    name = container.format.name
    if name in _NO_FILMS or name.endswith("_pipe"):
        container.close()
        raise InputError(f"{path}: no video in this file, FFmpeg takes it for '{name}'; {_NO_VIDEO}")
    return container


def choose_stream(path: str) -> int:
    """Return the number of the stream with the most pictures; covers and thumbnails are none.

    Raises:
        InputError: no video in the file.
        av.FFmpegError: not a video.
    """
    with open_container(path) as container:
        videos = list(container.streams.video)
        films = [stream for stream in videos if not stream.disposition & _COVER and stream.codec_context]
        if not films:
            covers = videos and all(stream.disposition & _COVER for stream in videos)
            what = "nothing but sound and its cover picture" if covers else "no video in this file"
            raise InputError(f"{path}: {what}; {_NO_VIDEO}")
        if len(films) == 1:
            return int(films[0].index)
        counts = {stream.index: stream.frames for stream in films}
        if not all(counts.values()):
            counts = _count_packets(container, films)
        shown = {stream.index: bool(stream.disposition & Disposition.default) for stream in films}
    # Of several with as many the one that players show.
    return max(counts, key=lambda index: (counts[index], shown[index], -index))


def other_streams(path: str, number: int) -> list[str]:
    """Return the video streams that are not read, covers left out, in words."""
    with open_container(path) as container:
        return [
            f"{stream.index} ({stream.codec_context.name}, {stream.width}x{stream.height})"
            for stream in container.streams.video
            if stream.index != number and stream.codec_context and not stream.disposition & _COVER
        ]


def open_stream(path: str, number: int | None = None) -> tuple[Any, Any]:
    """Open ``path`` and return (container, video stream); ``number`` None takes the best one.

    Raises:
        InputError: no video in the file.
        av.FFmpegError: not a video.
    """
    number = choose_stream(path) if number is None else number
    container = open_container(path)
    stream = container.streams[number]
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


def _count_packets(container: Any, streams: list[Any]) -> dict[int, int]:
    counts = {stream.index: 0 for stream in streams}
    try:
        for packet in container.demux(*streams):
            counts[packet.stream.index] += packet.size > 0
    except av.FFmpegError:
        pass  # what was counted up to the damage decides
    return counts


_COVER = Disposition.attached_pic | Disposition.timed_thumbnails
