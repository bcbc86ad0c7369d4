"""Frames by number from a video file, a folder of pictures or a glob, read lazily.

``open_frames(path)[i]`` is the picture that decoding everything in presentation order gives at place ``i``, whatever
was asked for before.
"""

from __future__ import annotations

import copy
import glob
import threading
from collections import OrderedDict
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import av
import numpy as np

from ..utils.errors import InputError
from .frame_source import FrameSource, one_line, sealed, size_text
from .pictures import PictureFrames, is_picture
from .video_index import decoded, displayed_size, index_video, open_stream

CACHE_BYTES = 128 << 20  # decoded frames kept: about 100 of 854x480, 48 of 1280x720

__all__ = ["FrameSource", "PictureFrames", "VideoFrames", "open_frames"]


def open_frames(path: str | Path) -> FrameSource:
    """Open a video file, a folder of pictures, one picture, or a glob such as ``clip/*.jpg``.

    Raises:
        InputError: nothing there, nothing readable in it, or pictures of different sizes.
    """
    place = Path(path)
    try:
        if place.is_dir():
            return PictureFrames(str(path), [entry for entry in place.iterdir() if is_picture(entry)])
        if place.is_file():
            return PictureFrames(str(path), [place]) if is_picture(place) else VideoFrames(place)
        if glob.has_magic(str(path)):
            found = [Path(name) for name in glob.glob(str(path), recursive=True)]
            return PictureFrames(str(path), [entry for entry in found if is_picture(entry)])
    except OSError as error:
        raise InputError(f"{path}: cannot be opened ({one_line(error)}); check the path and its rights") from error
    raise InputError(f"{path}: no such file or folder; give a video, a folder of pictures or a quoted glob")


class VideoFrames(FrameSource):
    """Frames of a video file through PyAV, upright (the container's rotation is applied).

    Reading onwards never seeks. Any other order seeks to the keyframe before and decodes from there, keeping the
    frames just before the wanted one, so that walking backwards decodes a group of pictures once or a few times.

    Of a damaged file there are the frames that can be decoded, with a warning where the container announced more; one
    that turns out to be unreadable later raises `InputError`. Several threads may read.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        self.files = [Path(path)]
        try:
            self._index = index_video(self.path)
        except (av.FFmpegError, ValueError) as error:
            raise InputError(f"{path}: not a readable video ({one_line(error)}); re-encode or replace it") from error
        self.rate = self._index.rate
        self.size = self._index.size
        self.names = [f"{index:05d}" for index in range(len(self._index.times))]
        self._keep = max(2, CACHE_BYTES // (self.size[0] * self.size[1] * 3))
        self._cache: OrderedDict[int, np.ndarray] = OrderedDict()
        self._lock = threading.Lock()
        self._container: Any = None
        self._decoder: Iterator[av.VideoFrame] = iter(())
        self._next = -1  # the frame that the decoder gives next; -1: nothing is open

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
                start = self._index.keyframe_before(index)
                if not start <= self._next <= index:
                    self._seek(start)
                if not self._decode_to(index):
                    self._open()
                    if not self._decode_to(index):
                        self._close()
                        raise InputError(f"{self.path}: frame {index} cannot be decoded; re-encode the video")
            return self._cache[index]

    def _decode_to(self, index: int) -> bool:
        """Decode up to frame ``index`` and cache it with those before; False where the file gives other frames."""
        try:
            for frame in self._decoder:
                place = self._next
                if self._index.seekable and frame.pts != self._index.times[place]:
                    return False
                self._next += 1
                if place > index - self._keep:
                    self._remember(place, frame)
                if place == index:
                    return True
        except av.FFmpegError:
            pass
        return False

    def _seek(self, start: int) -> None:
        """Set the decoder up to give keyframe ``start``, or an earlier one where it cannot be reached, next."""
        while start > 0:
            self._open()
            target = self._index.times[start]
            try:
                self._container.seek(target, stream=self._container.streams.video[0])
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
        self._container, stream = open_stream(self.path)
        self._decoder, self._next = decoded(self._container, stream), 0

    def _close(self) -> None:
        self._decoder, self._next = iter(()), -1
        if self._container is not None:
            self._container.close()
            self._container = None

    def _remember(self, place: int, frame: av.VideoFrame) -> None:
        size = displayed_size(frame)
        if size != self.size:
            raise InputError(
                f"{self.path}: frame {place} is {size_text(size)}, the first is {size_text(self.size)}; "
                "re-encode the video to one size"
            )
        turns = round(frame.rotation / 90)
        self._cache[place] = sealed(np.rot90(frame.to_ndarray(format="rgb24"), turns))
        self._cache.move_to_end(place)
        while len(self._cache) > self._keep:
            self._cache.popitem(last=False)
