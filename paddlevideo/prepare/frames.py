"""The frames of an annotated video, file by file, so that each can be checked and named by itself."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np

from ..loader.frame_source import FrameSource
from ..loader.listing import entries, is_picture, missing_numbers, pictures, subfolders
from ..loader.notices import Notices
from ..loader.picture_file import Depth, Header, read_header, read_rgb
from ..loader.video import open_frames
from ..loader.video_collection import is_film
from ..utils.errors import InputError

JPEG = frozenset({".jpg", ".jpeg", ".jpe", ".jfif"})


class SourceFrames(Protocol):
    """Frames by number.

    Attributes:
        names: stems, or numbers of a film's frames.
        numbered: whether the names are numbers given here, not by a person.
    """

    names: list[str]
    numbered: bool

    def where(self, index: int) -> str:
        """The file to blame for a frame."""
        ...

    def size(self, index: int) -> tuple[int, int]:
        """(H, W), upright; `InputError` when the frame is broken."""
        ...

    def orientation(self, index: int) -> int:
        """How the frame is stored, as EXIF counts."""
        ...

    def pixels(self, index: int) -> np.ndarray:
        """(H, W, 3) uint8 RGB, upright."""
        ...

    def jpeg(self, index: int) -> Path | None:
        """The file where it is an upright JPEG, which can be taken as it is."""
        ...


class PictureFiles:
    """A picture a frame."""

    numbered = False

    def __init__(self, files: Sequence[Path]) -> None:
        self.files = files
        self.names = [file.stem for file in files]
        self._headers: dict[Path, Header] = {}

    def where(self, index: int) -> str:
        return str(self.files[index])

    def size(self, index: int) -> tuple[int, int]:
        header = self._header(index)
        self.pixels(index)  # broken ones are found now
        return header.size

    def orientation(self, index: int) -> int:
        return self._header(index).orientation

    def pixels(self, index: int) -> np.ndarray:
        header = self._header(index)
        depth = self._depth if header.deep else Depth([])
        return read_rgb(self.files[index], header.pages[0], header, depth)

    def jpeg(self, index: int) -> Path | None:
        file = self.files[index]
        return file if file.suffix.lower() in JPEG and self.orientation(index) == 1 else None

    @cached_property
    def _depth(self) -> Depth:
        return Depth([(file, 0) for place, file in enumerate(self.files) if self._is_deep(place)])

    def _is_deep(self, index: int) -> bool:
        try:
            return self._header(index).deep
        except InputError:  # told when it is its turn
            return False

    def _header(self, index: int) -> Header:
        file = self.files[index]
        if file not in self._headers:
            header = read_header(file)
            if len(header.pages) > 1:
                raise InputError(f"{file}: {len(header.pages)} pages among other pictures; save a picture a frame")
            self._headers[file] = header
        return self._headers[file]


class FilmFrames:
    """The frames of a video file, or of one picture of many pages."""

    numbered = True

    def __init__(self, clip: FrameSource) -> None:
        self._clip = clip
        self.names = clip.names

    def where(self, index: int) -> str:
        return f"{self._clip.path}: frame {index}"

    def size(self, index: int) -> tuple[int, int]:
        return (self.pixels(index).shape[0], self.pixels(index).shape[1])

    def orientation(self, index: int) -> int:
        return self._clip.orientation(index)

    def pixels(self, index: int) -> np.ndarray:
        return self._clip[index]

    def jpeg(self, index: int) -> Path | None:
        return None


def open_source_frames(place: Path, notices: Notices, beside: frozenset[str] = frozenset()) -> SourceFrames:
    """Open a video file or a folder of pictures; what else is in the folder is noted, but for suffixes ``beside``."""
    if place.is_file():
        return FilmFrames(open_frames(place))
    files = pictures(place)
    others = [
        f"{place.name}/{entry.name}"
        for entry in entries(place)
        if not is_picture(entry) and entry.suffix.lower() not in beside
    ]
    if others:
        notices.add("not read as pictures and not used", *others)
    if missing := missing_numbers([file.stem for file in files]):
        notices.add(f"{place.name}: numbers left out among the names of the pictures", *missing)
    if len(files) == 1 and len(read_header(files[0]).pages) > 1:
        return FilmFrames(open_frames(files[0]))
    return PictureFiles(files)


def videos_in(folder: Path) -> list[Path]:
    """Return the videos of ``folder``: folders and films; else the folder itself where it has pictures.

    One stack or animation by itself is the folder's own video, as a folder of pictures is.
    """
    found = [entry for entry in entries(folder) if is_film(entry) or entry in set(subfolders(folder))]
    if len(found) == 1 and is_picture(found[0]):
        return [folder]
    return found or ([folder] if pictures(folder) else [])
