"""Shapes of an annotation file: which picture they are of, which object, and how they are painted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import cv2
import numpy as np
from pycocotools import mask as pycocotools

from ..loader.listing import composed
from ..loader.notices import Notices
from ..utils.errors import InputError

OBJECT_KEYS = ("object_id", "track_id", "instance_id", "id")
"""Where an annotation may say which object it is of; the same number means the same object in every frame."""
MAX_COUNT = 1 << 28
_MOST_COCO = 1 << 16  # pycocotools takes memory for every step along an outline
_PREFIX = re.compile(r"[0-9a-f]{8}-")  # that Label Studio puts before the names of what is uploaded


@dataclass(frozen=True)
class Shape:
    """One shape of an object: outlines [[x, y, x, y, ...], ...] in pixels, or a mask (H, W) bool.

    Whole numbers of an outline are centres of pixels that belong to it; with ``coco`` they are edges between pixels.
    """

    number: int
    outlines: Sequence[Sequence[float]] = ()
    mask: Any = None  # run lengths, or a mask; see `paint`
    window: tuple[int, int] = (0, 0)  # the mask's left and top corner
    coco: bool = False


@dataclass
class Annotations:
    """The shapes of every picture by the name that the file gives it; one without shapes is annotated as empty."""

    source: Path
    pictures: dict[str, list[Shape]] = field(default_factory=dict)
    by_place: bool = False  # its names are numbers of frames, counted from 0
    notices: Notices = field(default_factory=Notices)
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)  # (H, W) of a picture, where the file says it

    def add(self, name: str, *shapes: Shape) -> None:
        """Add shapes to a picture, or the picture without any."""
        self.pictures.setdefault(name, []).extend(shapes)

    def say_size(self, name: str, height: Any, width: Any) -> None:
        """Note the size that the file gives a picture; one that is missing or 0 says nothing."""
        size = int(height or 0), int(width or 0)
        if min(size) > 0:
            self.sizes[name] = size

    def paint(self, name: str, shapes: Sequence[Shape], size: tuple[int, int], where: str) -> np.ndarray:
        """Paint a picture's shapes, see `paint`; those that lie outside of it are noted.

        Raises `InputError` when the file says that it is of another size than its frame.
        """
        height, width = self.sizes.get(name, size)
        if (height, width) != size:
            raise InputError(
                f"{where}: annotated at {width}x{height}, its frame is {size[1]}x{size[0]}; give the frames that were "
                "annotated, upright"
            )
        mask = paint(shapes, size, where)
        if any(_outside(shape, size) for shape in shapes):
            self.notices.add("shapes outside of their picture, not used", name)
        return mask

    def match(self, folder: Path, names: Sequence[str], numbered: bool, whole: bool) -> list[str | None]:
        """Return which picture of the file each frame is; folders and suffixes need not agree, names do.

        Args:
            folder: of the frames, or the film.
            names: of its frames.
            numbered: the names are numbers, so that ``frame_000005`` is frame 5.
            whole: there is no other video, so that folders in the file say nothing.

        Raises:
            InputError: two pictures of the file are one frame.
        """
        stems = {_parts(name)[-1] for name in self.pictures}
        if numbered or (self.by_place and not stems & {composed(name) for name in names}):
            if not numbered:
                self.notices.add("frames are counted through the folder, from 0", folder.name)
            return self._match_numbers(names)
        found: list[str | None] = []
        by_stem: dict[str, list[str]] = {}
        prefixed: dict[str, list[str]] = {}
        for name in self.pictures:
            stem = _parts(name)[-1]
            by_stem.setdefault(stem, []).append(name)
            if _PREFIX.match(stem):
                prefixed.setdefault(_PREFIX.sub("", stem), []).append(name)
        for name in names:
            candidates = by_stem.get(composed(name)) or prefixed.get(composed(name), [])
            own = [each for each in candidates if _parts(each)[-2:-1] == [composed(folder.name)]]
            plain = [each for each in candidates if len(_parts(each)) == 1]
            fitting = own or plain or (candidates if whole else [])
            if len(fitting) > 1:
                raise InputError(
                    f"{self.source}: {fitting[0]} and {fitting[1]} could both be {name} of {folder.name}; put each "
                    "video's pictures into a folder of its own"
                )
            found.append(fitting[0] if fitting else None)
        return found

    def _match_numbers(self, names: Sequence[str]) -> list[str | None]:
        numbers: dict[int, str] = {}
        for name in self.pictures:
            digits = re.search(r"(\d+)$", _parts(name)[-1])
            if digits is None:
                raise InputError(f"{self.source}: '{name}' has no frame number; it must end with one, as frame_000005")
            if int(digits[1]) in numbers:
                raise InputError(f"{self.source}: {name} and {numbers[int(digits[1])]} are both frame {int(digits[1])}")
            numbers[int(digits[1])] = name
        if numbers and 0 not in numbers and max(numbers) == len(names):
            raise InputError(
                f"{self.source}: its frames are counted from 1 (the last is {max(numbers)}), the film's from 0 to "
                f"{len(names) - 1}; export the film's frames as pictures and annotate these"
            )
        return [numbers.get(index) for index in range(len(names))]


def _parts(name: str) -> list[str]:
    parts = [part for part in composed(name).replace("\\", "/").split("/") if part not in ("", ".")]
    return [*parts[:-1], PurePosixPath(parts[-1]).stem] if parts else [""]


@contextmanager
def entry(place: str) -> Iterator[None]:
    """Within the block what a malformed entry raises becomes an `InputError` that names it by ``place``."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        problem = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        raise InputError(f"{place}: {problem}; mend the entry, or export the file again") from error


def object_id(said: Any) -> int:
    """Return the number of an object as a file says it."""
    try:
        number = int(said)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"object {said!r} is no number; number the objects from 1 to 254") from None
    if isinstance(said, bool) or (isinstance(said, float) and said != number):
        raise ValueError(f"object {said!r} is no whole number; number the objects from 1 to 254")
    return number


def ellipse(x: float, y: float, across: float, down: float) -> list[float]:
    """Return the outline [x, y, ...] of an ellipse with its centre and half axes."""
    turns = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    return np.stack([x + across * np.cos(turns), y + down * np.sin(turns)], 1).ravel().tolist()


def paint(shapes: Sequence[Shape], size: tuple[int, int], where: str) -> np.ndarray:
    """Paint shapes as ids (H, W); later ones are in front."""
    mask = np.zeros(size, np.uint8)
    for shape in shapes:
        if not 0 < shape.number < 255:
            raise InputError(f"{where}: object {shape.number}; number the objects from 1 to 254")
        with entry(f"{where}: object {shape.number}"):
            if isinstance(shape.mask, Mapping):
                _paint_runs(mask, shape, where)
            elif shape.mask is not None:
                _paint_window(mask, shape)
            for points in shape.outlines:  # one by one: where two parts overlap there is no hole
                outline = np.asarray(points, float).reshape(-1, 2)
                if not np.isfinite(outline).all() or np.abs(outline).max(initial=0) > MAX_COUNT:
                    raise ValueError("points that are no places in the picture")
                if shape.coco and len(outline) > 2 and np.abs(outline).max() <= _MOST_COCO:
                    runs = pycocotools.frPyObjects([outline.ravel().tolist()], *size)
                    mask[pycocotools.decode(runs)[..., 0] > 0] = shape.number
                elif len(outline):
                    cv2.fillPoly(mask, [outline.round().astype(np.int32)], shape.number)
    return mask


def _outside(shape: Shape, size: tuple[int, int]) -> bool:
    outlines = [np.asarray(points, float).reshape(-1, 2) for points in shape.outlines]
    if not sum(map(len, outlines)):
        return False
    points = np.concatenate(outlines)
    return bool((points.max(axis=0) < 0).any() or (points.min(axis=0) >= size[::-1]).any())


def _paint_runs(mask: np.ndarray, shape: Shape, where: str) -> None:
    height, width = (int(side) for side in shape.mask["size"])
    if (height, width) != mask.shape:
        raise InputError(f"{where}: its encoding is {width}x{height}, it is {mask.shape[1]}x{mask.shape[0]}")
    counts = shape.mask["counts"]
    inside = runs_to_mask(counts if isinstance(counts, list) else counts_of(counts), height * width)
    mask[inside.reshape(width, height).T] = shape.number


def _paint_window(mask: np.ndarray, shape: Shape) -> None:
    left, top = shape.window
    height, width = shape.mask.shape
    if left < 0 or top < 0 or top + height > mask.shape[0] or left + width > mask.shape[1]:
        raise ValueError(f"its mask of {width}x{height} at {left}, {top} is not within the picture")
    mask[top : top + height, left : left + width][shape.mask] = shape.number


def runs_to_mask(counts: Sequence[int], pixels: int) -> np.ndarray:
    """Return (pixels,) bool from the lengths of runs of outside and inside in turn."""
    lengths = np.array([int(count) for count in counts], np.int64)
    if (lengths < 0).any() or (lengths > MAX_COUNT).any() or lengths.sum() != pixels:
        raise ValueError(f"run lengths that are not of {pixels} pixels")
    return np.repeat(np.arange(len(lengths)) % 2 == 1, lengths)


def counts_of(text: Any) -> list[int]:
    """Return the run lengths in COCO's compressed text: 5 bits a character, and each from the third on as a difference.

    pycocotools does not check their sum, and would give what happens to be in memory.
    """
    codes = text.encode("ascii", "replace") if isinstance(text, str) else bytes(text)
    counts: list[int] = []
    value = shift = 0
    for code in codes:
        code -= 48
        if not 0 <= code < 64 or shift > 60:
            raise ValueError("run lengths that are no COCO text")
        value |= (code & 31) << shift
        shift += 5
        if not code & 32:
            if code & 16:
                value -= 1 << shift
            counts.append(value + (counts[-2] if len(counts) > 2 else 0))
            value = shift = 0
    return counts
