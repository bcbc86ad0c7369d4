"""Frames by number from a video file, a folder of pictures, a glob or memory, read lazily.

``open_frames(path)[i]`` is the picture that decoding everything in presentation order gives at place ``i``, whatever
was asked for before.
"""

from __future__ import annotations

import copy
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain
from os import PathLike
from pathlib import Path
from typing import Any

import av
import numpy as np

from ..utils.errors import InputError, one_line
from .array_frames import ArrayFrames
from .frame_source import FrameSource, sealed, size_text
from .listing import SUFFIXES, entries, existing, is_pattern, is_picture, listed, matching
from .picture_file import holds_picture, read_header
from .pictures import PictureFrames
from .video_index import displayed_size, index_video
from .video_orientation import orientation
from .video_packets import FilmCodec, film_codec, film_packets
from .video_stream import choose_stream, decoded, open_stream, other_streams

DOUBTFUL = "frames after one that cannot be read, up to the next keyframe: their pictures may be wrong"
CACHE_BYTES = 128 << 20  # decoded frames kept: about 100 of 854x480, 48 of 1280x720

Video = str | Path | FrameSource | np.ndarray | Sequence[Any]

__all__ = ["FrameSource", "PictureFrames", "Video", "VideoFrames", "open_frames"]


def open_frames(video: Video, *, lenient: bool = False) -> FrameSource:
    """Open a video file, a folder of pictures, one picture, a glob such as ``clip/*.jpg``, or frames in memory.

    What is there and is not used is logged, a line a kind, and stays in the clip's ``notices``.

    Args:
        video: its path, where ``~`` is the home folder; or frames, see `ArrayFrames`. What is open already is returned.
        lenient: a frame that cannot be read is replaced by the nearest one and named, see `FrameSource`.

    Raises:
        InputError: nothing there, nothing readable in it, or pictures of different sizes.
    """
    if isinstance(video, FrameSource):
        return video
    if not isinstance(video, (str, PathLike)):
        return ArrayFrames(video)
    place = existing(video)
    try:
        frames = _open(place, str(video), lenient)
    except OSError as error:
        raise InputError(f"{video}: cannot be opened ({one_line(error)}); check the path and its rights") from error
    frames.notices.tell()
    return frames


def _open(place: Path, path: str, lenient: bool) -> FrameSource:
    if place.is_dir():
        found = entries(place)
    elif place.is_file():
        if is_picture(place) or holds_picture(place):
            return PictureFrames(path, [place], lenient=lenient)
        return VideoFrames(place, lenient=lenient)
    elif is_pattern(path):
        found = matching(path)
    else:
        raise InputError(f"{path}: no such file or folder; give a video, a folder of pictures or a quoted glob")
    dead = [entry.name for entry in found if entry.is_symlink() and not entry.exists()]
    files = [entry for entry in found if is_picture(entry)]
    if found and not files:
        raise InputError(
            f"{path}: no pictures here but {listed(entry.name for entry in found)}; name one film, or for many videos "
            f"folders as --scribbles or --masks; pictures are {', '.join(sorted(SUFFIXES))}"
        )
    frames = PictureFrames(path, files, lenient=lenient)
    if dead:
        frames.notices.add("links that lead nowhere", *dead)
    if others := [entry.name for entry in found if not is_picture(entry) and entry.name not in dead]:
        frames.notices.add("not read as pictures and not used", *others)
    return frames


def announced(path: Path) -> tuple[int, int, int]:
    """Return (frames, width, height) of a film or a picture from its header, before anything large is decoded.

    Frames are 0 where the header does not say. Raises as `open_frames`, or what FFmpeg raises.
    """
    if is_picture(path) or holds_picture(path):
        header = read_header(path)
        return len(header.pages), header.size[1], header.size[0]
    container, stream = open_stream(str(path))
    with container:
        return stream.frames, stream.width, stream.height


class VideoFrames(FrameSource):
    """Frames of a video file through PyAV, upright (as the container's display matrix says).

    Reading onwards never seeks. Any other order seeks to the keyframe before and decodes from there, keeping the
    frames just before the wanted one, so that walking backwards decodes a group of pictures once or a few times.

    Frames keep their numbers whatever is damaged. Those that are found to be lost while a file is listed are replaced
    by the nearest one, with a warning; one that turns out to be unreadable later raises `InputError`, unless the clip
    is ``lenient``. Several threads may read.
    """

    def __init__(self, path: str | Path, *, lenient: bool = False) -> None:
        self.path = str(path)
        self.files = [Path(path)]
        self.lenient = lenient
        try:
            self._stream = choose_stream(self.path)
            self._index = index_video(self.path, self._stream)
            others = other_streams(self.path, self._stream)
        except (av.FFmpegError, ValueError) as error:
            reason = getattr(error, "strerror", None) or one_line(error)  # without the path, which is told already
            raise InputError(f"{path}: not a readable video ({reason}); re-encode or replace it") from error
        self.rate = self._index.rate
        self.size = self._index.size
        self.pixel_aspect = self._index.pixel_aspect
        self.names = [f"{index:05d}" for index in range(len(self._index.times))]
        self._lost = set(self._index.lost)
        self._keep = max(2, CACHE_BYTES // (self.size[0] * self.size[1] * 3))
        self._cache: OrderedDict[int, np.ndarray] = OrderedDict()
        self._lock = threading.Lock()
        self._container: Any = None
        self._decoder: Iterator[av.VideoFrame] = iter(())
        self._next = -1  # the frame that the decoder gives next; -1: nothing is open
        self._doubtful = False  # whether what it gives may lean on a frame that is lost
        if others:
            self.notices.add(f"stream {self._stream} is the film, other video streams are not used", *others)
        for index in sorted(self._lost):
            self._give_up(index, self._lose(index))

    @cached_property
    def times(self) -> list[float]:
        """When each frame is shown, in seconds from the first one; of a file without times, by its rate."""
        return self._index.seconds or [index / self.rate for index in range(len(self))]

    @cached_property
    def codec(self) -> FilmCodec | None:
        """What decodes `packets`; None where they cannot be had."""
        return film_codec(self.path, self._stream, self._index)

    def packets(self, frame: int, least: int) -> bytes | None:
        """The stored pictures around ``frame``, see `film_packets`."""
        return film_packets(self.path, self._stream, self._index, frame, least)

    def another(self) -> VideoFrames:
        """A second reader of the same file, at a place of its own, without the time that listing the frames takes."""
        twin = copy.copy(self)
        twin._cache, twin._lock = OrderedDict(), threading.Lock()
        twin._container, twin._decoder, twin._next = None, iter(()), -1
        return twin

    def close(self) -> None:
        """Close the file; reading again reopens it."""
        with self._lock:
            self._close()

    def _read(self, index: int) -> np.ndarray:
        with self._lock:
            if index not in self._cache:
                if index not in self._lost:
                    self._find(index)
                if index not in self._cache:
                    raise InputError(self._lose(index))
            return self._cache[index]

    def _lose(self, index: int) -> str:
        """Note that frame ``index`` cannot be decoded; return the reason."""
        self._lost.add(index)
        reason = f"{self.path}: frame {index} cannot be decoded; re-encode the video"
        if self.lenient:
            self._give_up(index, reason)
        return reason

    def _find(self, index: int) -> None:
        """Decode frame ``index`` into the cache, where that is possible."""
        start = self._index.keyframe_before(index)
        if not start <= self._next <= index:
            self._seek(start)
        if not self._decode_to(index):
            self._open()
            if not self._decode_to(index, passing_over=True):
                self._close()

    def _decode_to(self, index: int, passing_over: bool = False) -> bool:
        """Decode up to frame ``index`` and cache it with those before; False where the file gives other frames.

        Decoding from the start (``passing_over``) tells for good which frames are lost.
        """
        try:
            for frame in self._decoder:
                place = self._place_of(frame, passing_over)
                if place is None:
                    return False
                self._doubtful = not frame.key_frame and (self._doubtful or place > self._next)
                if self._doubtful:
                    self.notices.add(DOUBTFUL, self.names[place])
                self._next = place + 1
                if place > index - self._keep:
                    self._remember(place, frame)
                if place >= index:
                    return place == index
        except av.FFmpegError:
            pass
        return False

    def _place_of(self, frame: av.VideoFrame, passing_over: bool) -> int | None:
        """Return the number of the frame that the decoder gave; None where it is not the one that should come."""
        times, place = self._index.times, self._next
        if not self._index.seekable:
            return place
        while place in self._lost:
            place += 1
        if place < len(times) and frame.pts == times[place]:
            return place
        if passing_over and frame.pts in times[place:]:
            found = times.index(frame.pts, place)
            for lost in range(place, found):
                self._lose(lost)
            return found
        return None

    def _seek(self, start: int) -> None:
        """Set the decoder up to give keyframe ``start``, or an earlier one where it cannot be reached, next."""
        while start > 0:
            self._open()
            target = self._index.times[start]
            try:
                self._container.seek(target, stream=self._container.streams[self._stream])
                for frame in self._decoder:
                    # Frames shown before the keyframe but stored after it lean on frames that the seek has skipped.
                    if frame.pts == target:
                        self._decoder, self._next = chain([frame], self._decoder), start
                        return
                    if frame.pts is None or frame.pts > target:
                        break
            except av.FFmpegError:
                pass
            start = self._index.keyframe_before(start - 1)
        self._open()

    def _open(self) -> None:
        self._close()
        self._container, stream = open_stream(self.path, self._stream)
        stream.thread_type = self._index.threads
        self._decoder, self._next = decoded(self._container, stream), 0

    def _close(self) -> None:
        self._decoder, self._next, self._doubtful = iter(()), -1, False
        if self._container is not None:
            self._container.close()
            self._container = None

    def _remember(self, place: int, frame: av.VideoFrame) -> None:
        size = displayed_size(frame, self.path)
        if size != self.size:
            raise InputError(
                f"{self.path}: frame {place} is {size_text(size)}, the first is {size_text(self.size)}; "
                "re-encode the video to one size"
            )
        self._cache[place] = sealed(orientation(frame, self.path).upright(frame.to_ndarray(format="rgb24")))
        self._cache.move_to_end(place)
        while len(self._cache) > self._keep:
            self._cache.popitem(last=False)
