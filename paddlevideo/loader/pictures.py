"""A folder or glob of pictures as a clip."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from ..utils.errors import InputError
from .frame_source import FrameSource, one_line, sealed, size_text

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"})
RATE = 25.0  # frames per second: pictures state none
_EXIF_ORIENTATION = 274
_UNREADABLE = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)  # what Pillow raises on broken files


class PictureFrames(FrameSource):
    """Pictures in natural order of their names (``frame2`` before ``frame10``), all of one size.

    Grey, palette, alpha (dropped) and 16-bit pictures come out as 8-bit RGB; an EXIF orientation is applied.

    Raises:
        InputError: no pictures, one that is broken or of another size, two that would share a mask's name.
    """

    def __init__(self, path: str, files: list[Path]) -> None:
        self.path = path
        self.rate = RATE
        self.files = sorted(files, key=natural_key)
        if not files:
            raise InputError(f"{path}: no pictures here; looked for {', '.join(sorted(SUFFIXES))}")
        self.names = [file.stem for file in self.files]
        self._check_names()
        self.size = _picture_size(self.files[0])
        for file in self.files[1:]:
            size = _picture_size(file)
            if size != self.size:
                raise InputError(
                    f"{file}: {size_text(size)}, but {self.files[0].name} is {size_text(self.size)}; "
                    "bring all pictures of a clip to one size"
                )

    def _check_names(self) -> None:
        seen: dict[str, Path] = {}
        for file in self.files:
            if file.stem in seen:
                raise InputError(
                    f"{self.path}: the masks of {seen[file.stem]} and {file} would both be called {file.stem}.png; "
                    "rename one of them"
                )
            seen[file.stem] = file

    def _read(self, index: int) -> np.ndarray:
        file = self.files[index]
        try:
            with Image.open(file) as picture:
                pixels = _to_rgb(ImageOps.exif_transpose(picture), file)
        except _UNREADABLE as error:
            raise InputError(f"{file}: broken picture ({one_line(error)}); replace or remove it") from error
        if pixels.shape[:2] != self.size:
            raise InputError(f"{file}: became {size_text(pixels.shape[:2])} after it was opened; run again")
        return sealed(pixels)


def is_picture(file: Path) -> bool:
    """Whether ``file`` looks like a picture of a clip: by its suffix, and not hidden."""
    return file.suffix.lower() in SUFFIXES and not file.name.startswith(".") and file.is_file()


def natural_key(file: Path) -> tuple[list[tuple[int, int, str]], str]:
    # The plain path decides between names that differ in zeros only (1, 01), so that the order is one everywhere.
    pieces = re.split(r"(\d+)", file.as_posix())
    return [(1, int(piece), "") if piece.isdecimal() else (0, 0, piece) for piece in pieces], file.as_posix()


def _picture_size(file: Path) -> tuple[int, int]:
    """Return (H, W) as displayed, from the header alone."""
    try:
        with Image.open(file) as picture:
            width, height = picture.size
            turned = picture.getexif().get(_EXIF_ORIENTATION, 1) >= 5
    except _UNREADABLE as error:
        raise InputError(f"{file}: not a readable picture ({one_line(error)}); replace or remove it") from error
    return (width, height) if turned else (height, width)


def _to_rgb(picture: Image.Image, file: Path) -> np.ndarray:
    if picture.mode == "F":
        raise InputError(f"{file}: pictures of floating-point numbers are not read; save it with 8 or 16 bits")
    if picture.mode.startswith("I"):  # 16-bit grey; plain "I" may also hold 8-bit values
        values = np.asarray(picture).astype(np.int64)
        grey = (values // 257 if values.max(initial=0) > 255 else values).clip(0, 255).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    return np.array(picture.convert("RGB"))
