"""A folder or glob of pictures, or one file of many pages, as a clip."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

import numpy as np

from ..utils.errors import InputError
from .animation import Animation
from .frame_source import FrameSource, sealed, size_text
from .listing import SUFFIXES, composed, is_picture, missing_numbers, natural_key
from .picture_file import Depth, Header, read_header, read_rgb

RATE = 25.0  # frames per second: pictures state none

__all__ = ["RATE", "SUFFIXES", "PictureFrames", "is_picture", "natural_key"]


class PictureFrames(FrameSource):
    """Pictures in natural order of their names (``frame2`` before ``frame10``), all of one size.

    Grey, palette, alpha (dropped) and 16-bit pictures come out as 8-bit RGB; an EXIF orientation is applied. Pictures
    of more than 8 bits have one scale for the whole clip. The pages of a TIFF stack and of an animated PNG or WebP are
    frames one by one.

    Args:
        path: the folder or glob, for messages.
        files: of the pictures, in any order.
        depth: the scale of a longer clip that these pictures are a part of; None finds their own.
        lenient: a picture that cannot be read is replaced by the nearest one.

    Raises:
        InputError: no pictures, one that is broken or of another size, two that would share a mask's name.
    """

    def __init__(self, path: str, files: Sequence[Path], depth: Depth | None = None, *, lenient: bool = False) -> None:
        self.path = path
        self.rate = RATE
        self.lenient = lenient
        self.files = sorted(files, key=natural_key)
        if not files:
            raise InputError(f"{path}: no pictures here; looked for {', '.join(sorted(SUFFIXES))}")
        self._frames: list[tuple[Path, int]] = []
        self._headers: dict[Path, Header] = {}
        self.names: list[str] = []
        for file in self.files:
            self._add(file)
        self._check_names()
        self._check_sizes()
        self.depth = depth or Depth([frame for frame in self._frames if self._is_deep(frame[0])])
        self._animations = {
            file: Animation(file) for file, header in self._headers.items() if _is_animation(file, header)
        }
        if len(self.files) == 1 and self._animations:
            self._set_times()
        if missing := missing_numbers(self.names):
            self.notices.add("numbers left out among the names of the pictures", *missing)

    @property
    def frame_files(self) -> list[Path]:
        """The file of each frame."""
        return [file for file, _ in self._frames]

    def orientation(self, index: int) -> int:
        header = self._headers.get(self._frames[index][0])
        return header.orientation if header else 1

    def _add(self, file: Path) -> None:
        try:
            header = read_header(file)
        except InputError as error:
            if not self.lenient:
                raise
            self.names.append(file.stem)
            self._frames.append((file, 0))
            self._give_up(len(self.names) - 1, str(error))
            return
        self._headers[file] = header
        many = len(header.pages) > 1
        for number, page in enumerate(header.pages):
            stem = f"{number:05d}" if len(self.files) == 1 else f"{file.stem}_{number:05d}"
            self.names.append(stem if many else file.stem)
            self._frames.append((file, page))
        if header.left_out:
            self.notices.add("pages that are smaller copies, masks or stand-ins are not used", file.name)

    def _check_names(self) -> None:
        seen: dict[str, Path] = {}
        for name, file in zip(self.names, self.frame_files, strict=True):
            if composed(name) in seen:
                raise InputError(
                    f"{self.path}: the masks of {seen[composed(name)]} and {file} would both be called {name}.png; "
                    "rename one of them"
                )
            seen[composed(name)] = file

    def _check_sizes(self) -> None:
        if not self._headers:
            raise InputError(next(iter(self.unreadable.values())))
        first = next(iter(self._headers))
        self.size = self._headers[first].size
        for file, header in self._headers.items():
            if header.size != self.size:
                raise InputError(
                    f"{file}: {size_text(header.size)}, but {first.name} is {size_text(self.size)}; "
                    "bring all pictures of a clip to one size"
                )

    def _is_deep(self, file: Path) -> bool:
        return file in self._headers and self._headers[file].deep

    def _set_times(self) -> None:
        (file,) = self.files
        seconds = self._animations[file].durations(self._headers[file].pages)
        if all(each > 0 for each in seconds):
            self.rate = round(len(seconds) / sum(seconds), 6)
            self.times = [0.0, *accumulate(seconds[:-1])]

    def _read(self, index: int) -> np.ndarray:
        file, page = self._frames[index]
        if file in self._animations:
            pixels = self._animations[file].page(page)
        else:
            pixels = read_rgb(file, page, self._headers[file], self.depth)
        if pixels.shape[:2] != self.size:
            at = f"{file}: page {page}" if len(self._headers[file].pages) > 1 else f"{file}"
            raise InputError(
                f"{at}: {size_text(pixels.shape[:2])}, not {size_text(self.size)} as the clip; bring all pictures of "
                "a clip to one size, and run again if one was changed"
            )
        return sealed(pixels)


def _is_animation(file: Path, header: Header) -> bool:
    return len(header.pages) > 1 and not header.deep and file.suffix.lower() not in (".tif", ".tiff")
