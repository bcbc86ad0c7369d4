"""Frames of projects as pictures for the page: JPEG at full size or smaller, and thumbnails that are kept on disk."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from ...loader.frame_source import FrameSource
from ...loader.video import VideoFrames, open_frames
from ...loader.video_packets import FilmCodec
from ...utils.errors import InputError
from ...utils.files import atomic_path
from ..errors import AppError
from .project import Project

THUMB_HEIGHT = 96
_OPEN = 4  # videos held open
_QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 90]
_THUMB_QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 75]


class Pictures:
    """Opens the videos of projects and gives their frames, to any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: OrderedDict[str, FrameSource] = OrderedDict()

    def source(self, project: Project) -> FrameSource:
        """The project's video, shared by all who look at single frames."""
        with self._lock:
            found = self._open.get(project.id)
            if found is None:
                found = self._open[project.id] = open_video(project)
                while len(self._open) > _OPEN:
                    self._open.popitem(last=False)
            self._open.move_to_end(project.id)
            return found

    def reader(self, project: Project) -> FrameSource:
        """The project's video for one who reads it in an order of their own."""
        source = self.source(project)
        return source.another() if isinstance(source, VideoFrames) else source

    def close(self, project: str) -> None:
        """Forget a project's video."""
        with self._lock:
            self._open.pop(project, None)

    def jpeg(self, project: Project, frame: int, width: int | None = None) -> bytes:
        """Frame number ``frame``, ``width`` pixels wide where that is less than its own."""
        project.check_frame(frame)
        picture = self.source(project)[frame]
        if width and width < picture.shape[1]:
            height = max(1, round(picture.shape[0] * width / picture.shape[1]))
            picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        return _jpeg(picture, _QUALITY)

    def film(self, project: Project) -> tuple[VideoFrames, FilmCodec]:
        """The project's video and its codec, where a browser may decode it itself."""
        source = self.source(project)
        if isinstance(source, VideoFrames) and source.codec:
            return source, source.codec
        raise AppError("no_film")

    def thumb(self, project: Project, frame: int) -> Path:
        """The file of a frame's thumbnail, which is made where it is not there yet."""
        project.check_frame(frame)
        path = _thumb_path(project, frame)
        if not path.exists():
            _write_thumb(path, self.source(project)[frame])
        return path

    def make_thumbs(self, project: Project) -> Iterator[int]:
        """Make all thumbnails, one at each step; gives how many there are."""
        source = self.reader(project)
        for frame in range(project.frames):
            path = _thumb_path(project, frame)
            if not path.exists():
                _write_thumb(path, source[frame])
            yield frame + 1


def open_video(project: Project) -> FrameSource:
    """Open a project's video; raise `AppError` when it is gone or is another one by now."""
    name = project.video_path.name
    try:
        source = open_frames(project.video_path)
    except InputError as error:
        raise AppError("no_video", name=name) from error
    video = project.video
    if (len(source), *source.size) != (video.frames, video.height, video.width):
        raise AppError("no_video", name=name)
    return source


def _thumb_path(project: Project, frame: int) -> Path:
    return project.folder / "thumbs" / f"{frame:05d}.jpg"


def _write_thumb(path: Path, picture: np.ndarray) -> None:
    height = min(THUMB_HEIGHT, picture.shape[0])
    width = max(1, round(picture.shape[1] * height / picture.shape[0]))
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    with atomic_path(path) as temporary:
        temporary.write_bytes(_jpeg(small, _THUMB_QUALITY))


def _jpeg(picture: np.ndarray, quality: list[int]) -> bytes:
    return bytes(cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), quality)[1])
