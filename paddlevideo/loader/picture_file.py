"""One picture file: what its header says, and its pages as upright RGB pixels."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from tqdm import tqdm

from ..utils.errors import InputError, one_line

ORIENTATION, _SUBFILE, _BITS = 274, 254, 258  # tags of EXIF and TIFF
_WIDTH, _REDUCED_OR_MASK = 256, 1 | 4
_VIDEOS = frozenset({"GIF", "MPEG"})  # read with FFmpeg
_STACKS = frozenset({"TIFF", "PNG", "WEBP"})  # a JPEG's second picture is a preview, not a second frame


@dataclass(frozen=True)
class Header:
    """What a picture file says of itself.

    Attributes:
        size: (H, W) upright.
        orientation: how it is stored, as EXIF counts; 1 is upright.
        pages: the places in the file of the pictures that are frames.
        left_out: how many further pictures there are, smaller copies and the like.
        deep: more than 8 bits a channel.
    """

    size: tuple[int, int]
    orientation: int
    pages: tuple[int, ...]
    left_out: int
    deep: bool


@contextmanager
def decoding(file: Path, what: str = "broken picture") -> Iterator[None]:
    """Within the block whatever a decoder raises becomes an `InputError` that names ``file``."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on odd metadata
            yield
    except InputError:
        raise
    except FileNotFoundError as error:
        raise InputError(f"{file}: {what} (no such file, or a link that leads nowhere); put it back") from error
    except Exception as error:  # Pillow raises nearly anything on damaged files
        reason = "no picture is in it" if isinstance(error, UnidentifiedImageError) else one_line(error)
        raise InputError(f"{file}: {what} ({reason}); replace or remove it") from error


@contextmanager
def opened(file: Path) -> Iterator[Image.Image]:
    """Open a picture. Not by its name: Pillow would map a turned grey TIFF into memory with its sides exchanged."""
    with file.open("rb") as data, Image.open(data) as picture:
        yield picture


def holds_picture(file: Path) -> bool:
    """Whether a file of whatever name holds a picture (``.gif`` files are videos here)."""
    try:
        with opened(file) as picture:
            return picture.format not in _VIDEOS
    except Exception:  # Pillow raises nearly anything on what is no picture
        return False


def read_header(file: Path) -> Header:
    """Read what ``file`` says of itself; raise `InputError` when it is no picture."""
    with decoding(file, "not a readable picture"), opened(file) as picture:
        orientation = int(picture.getexif().get(ORIENTATION, 1) or 1)
        orientation = orientation if 1 <= orientation <= 8 else 1
        width, height = picture.size
        # Pillow gives a turned TIFF's size upright, and that of other formats as stored.
        upright = picture.format == "TIFF" and picture.tag_v2.get(_WIDTH) != width  # type: ignore[attr-defined]
        size = (width, height) if orientation >= 5 and not upright else (height, width)
        pages, left_out = _pages(picture)
        return Header(size, orientation, pages, left_out, _is_deep(picture))


def _pages(picture: Image.Image) -> tuple[tuple[int, ...], int]:
    count = getattr(picture, "n_frames", 1) if picture.format in _STACKS else 1
    pages = list(range(count))
    if picture.info.get("default_image") and count > 1:  # of an animated PNG, for viewers that show no animation
        pages = pages[1:]
    if picture.format == "TIFF" and count > 1:
        pages = [page for page in pages if not _seek_tag(picture, page) & _REDUCED_OR_MASK] or [0]
        picture.seek(0)
    return tuple(pages), count - len(pages)


def _seek_tag(picture: Image.Image, page: int) -> int:
    picture.seek(page)
    return int(picture.tag_v2.get(_SUBFILE) or 0)  # type: ignore[attr-defined]


def _is_deep(picture: Image.Image) -> bool:
    if picture.mode.startswith("I"):
        return True
    if picture.format == "TIFF":
        bits = picture.tag_v2.get(_BITS) or (8,)  # type: ignore[attr-defined]
        return max(bits if isinstance(bits, Sequence) else (bits,)) > 8 and picture.mode != "F"
    tiles = getattr(picture, "tile", [])  # how the pixels are stored
    return picture.format == "PNG" and any("16" in str(tile[3]) for tile in tiles)


class Depth:
    """One scale for all pictures of a clip that have more than 8 bits: from their largest value, not one a picture."""

    def __init__(self, pages: Sequence[tuple[Path, int]]) -> None:
        self._pages = pages

    @cached_property
    def bits(self) -> int:
        """Bits of the largest value in any of the pictures; reads them all, once."""
        bar = tqdm(self._pages, desc="reading 16-bit pictures", unit="picture", delay=2, leave=False)
        return max((int(read_deep(file, page).max(initial=0)).bit_length() for file, page in bar), default=8)

    def to_bytes(self, values: np.ndarray) -> np.ndarray:
        """Return grey or colour ``values`` as uint8 of the clip's scale."""
        if self.bits <= 8:
            return values.clip(0, 255).astype(np.uint8)
        values = values.astype(np.int64).clip(0, None)
        return (values // 257 if self.bits == 16 and values.ndim == 2 else values >> (self.bits - 8)).astype(np.uint8)


def read_rgb(file: Path, page: int, header: Header, depth: Depth) -> np.ndarray:
    """Return page ``page`` of ``file`` upright as (H, W, 3) uint8 RGB; grey is repeated, alpha dropped.

    Raises:
        InputError: broken, or of floating-point numbers.
    """
    if header.deep:
        values = depth.to_bytes(read_deep(file, page))
        return np.repeat(values[..., None], 3, axis=2) if values.ndim == 2 else values
    with decoding(file), opened(file) as picture:
        picture.seek(page)
        return rgb_of(picture, file)


def rgb_of(picture: Image.Image, file: Path) -> np.ndarray:
    """Return an open picture of 8 bits upright as (H, W, 3) uint8 RGB."""
    if picture.mode == "F":
        raise InputError(f"{file}: pictures of floating-point numbers are not read; save it with 8 or 16 bits")
    return np.array(ImageOps.exif_transpose(picture).convert("RGB"))


def read_deep(file: Path, page: int) -> np.ndarray:
    """Return a page of more than 8 bits upright, its values as stored: (H, W) grey or (H, W, 3) RGB."""
    with decoding(file), opened(file) as picture:
        # OpenCV turns TIFFs upright by itself, and PNGs not.
        orientation = 1 if picture.format == "TIFF" else picture.getexif().get(ORIENTATION, 1)
        picture.seek(page)
        if picture.mode.startswith("I"):
            return np.asarray(ImageOps.exif_transpose(picture))
    with decoding(file):  # Pillow keeps 8 bits of colours
        found, pages = cv2.imdecodemulti(np.fromfile(file, np.uint8), cv2.IMREAD_UNCHANGED, range=(page, page + 1))
        if not found:
            raise ValueError("cannot be decoded")
        values = pages[0]
        values = values if values.ndim == 2 else cv2.cvtColor(values[..., :3], cv2.COLOR_BGR2RGB)
        return _turned(values, int(orientation or 1))


def _turned(values: np.ndarray, orientation: int) -> np.ndarray:
    """Return pixels that are stored with an EXIF orientation upright."""
    if orientation in (5, 6, 7, 8):
        values = values.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        values = values[:, ::-1]
    if orientation in (3, 4, 7, 8):
        values = values[::-1]
    return values
