"""The one reader of masks: object ids from palette, grey, 1-bit, 16-bit, soft-edged and coloured pictures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from ..utils.errors import InputError
from .clip import IGNORE
from .listing import listed
from .mask_picture import WHITE, MaskPicture, as_mask_picture, read_mask_picture
from .notices import Notices
from .palette import PALETTE

USUAL_IDS = 20
"""Grey levels up to this are ids; larger ones are, when ids are numbered through up to them."""
_NEAR = 16  # levels from black or white that are still one of the two
_EDGE = 11  # pixels across which edges may be soft
_APART = 32  # levels between colours that are told apart
_MOST_COLOURS = 64
_DAVIS = {tuple(colour): index for index, colour in enumerate(PALETTE.tolist())}
_HELP = "save it with a palette, values being ids 1, 2, ..."


class MaskReader:
    """Reads the masks of one clip.

    A palette picture holds ids. So does a grey one of small numbers, or of ids numbered through; 255 is not judged.
    White on black is object 1, with soft edges too. Other grey levels and colours become objects in their order over
    all masks of the clip; DAVIS's colours become their ids. What is taken for granted so is noted.

    Args:
        files: the masks that belong together.
        max_objects: grey levels up to this are ids.
        notices: where it is noted.
    """

    def __init__(
        self, files: Sequence[Path] = (), max_objects: int = USUAL_IDS, notices: Notices | None = None
    ) -> None:
        self._files = files
        self._help = _HELP if files else "give ids 1, 2, ..."
        self._most = max(max_objects, USUAL_IDS)
        self._notices = Notices() if notices is None else notices
        self._white: Path | None = None  # a mask whose white was read as object 1

    def read(self, path: Path, orientation: int = 1) -> np.ndarray:
        """Return the mask at ``path`` upright as (H, W) uint8 ids, 0 background, 255 not judged.

        Args:
            path: of the mask.
            orientation: of its frame, as EXIF counts.

        Raises:
            InputError: it cannot be decoded, its values are no ids, or nobody can know which way it is turned.
        """
        picture = read_mask_picture(path)
        ids = self._ids(picture, path)
        height, width = ids.shape
        turned = orientation in (2, 3, 4) or (orientation > 4 and height == width)
        if turned and not picture.oriented and ids.any():
            raise InputError(
                f"{path}: its frame is stored turned (EXIF orientation {orientation}), the mask fits it either way; "
                "save the frames upright, without an orientation, and give masks of these"
            )
        return ids

    def read_array(self, mask: np.ndarray, name: Path) -> np.ndarray:
        """Return a mask in memory as (H, W) uint8 ids, see `as_mask_picture`; ``name`` is for messages."""
        return self._ids(as_mask_picture(mask, name), name)

    def _ids(self, picture: MaskPicture, path: Path) -> np.ndarray:
        if picture.form == "ids":
            return picture.values.astype(np.uint8)
        return self._of_colours(picture, path) if picture.form == "colour" else self._of_grey(picture, path)

    def _of_grey(self, picture: MaskPicture, path: Path) -> np.ndarray:
        values = picture.values
        levels = np.unique(values[values > 0])
        if picture.deep and len(levels) and levels[-1] > WHITE:
            raise InputError(f"{path}: id {levels[-1]}; a mask holds ids from 0 (background) to 254, number them anew")
        if not len(levels):
            return np.zeros(values.shape, np.uint8)
        if levels.tolist() == [WHITE]:
            return self._of_white(values, path)
        if not picture.lossy and self._are_ids(levels, picture.deep):
            return values.astype(np.uint8)
        if picture.deep and levels[-1] == WHITE:
            raise InputError(f"{path}: id 255; a mask holds ids from 0 (background) to 254, number them anew")
        if len(levels) > 1 and (inside := _soft_object(values, picture.lossy)) is not None:
            self._notices.add("masks with soft edges, cut at half of their white", path.name)
            return self._of_white(np.where(inside, WHITE, 0), path)
        if picture.lossy or len(levels) > _MOST_COLOURS:
            raise InputError(
                f"{path}: {len(levels)} levels of grey up to {levels[-1]}; a picture with soft edges or a photograph "
                f"is no mask, {self._help}"
            )
        return self._in_order(values, path)

    def _are_ids(self, levels: np.ndarray, deep: bool) -> bool:
        ids = levels[levels < IGNORE]
        if deep and len(ids) < len(levels):
            return False
        return len(ids) > 0 and (ids[-1] <= self._most or (len(ids) * 2 > ids[-1] and ids[-1] <= 2 * _MOST_COLOURS))

    def _of_white(self, values: np.ndarray, path: Path) -> np.ndarray:
        if "_levels" in self.__dict__ and WHITE in self._levels:
            return self._in_order(values, path)
        self._white = path
        return (values == WHITE).astype(np.uint8)

    def _in_order(self, values: np.ndarray, path: Path) -> np.ndarray:
        levels = self._levels
        if self._white is not None and levels.get(WHITE, 1) != 1:
            raise InputError(
                f"{path}: grey levels {listed(map(str, levels))} in the masks of this clip, but in {self._white} "
                f"white alone is object 1; {self._help}"
            )
        found = np.unique(values[values > 0]).tolist()
        if missing := [level for level in found if level not in levels]:
            raise InputError(f"{path}: grey levels {listed(map(str, missing))} are no ids; {self._help}")
        said = ", ".join(f"{level} is object {number}" for level, number in levels.items())
        self._notices.add(f"grey levels that are no ids, read as objects in order ({said})", path.name)
        ids = np.zeros(values.shape, np.uint8)
        for level in found:
            ids[values == level] = levels[level]
        return ids

    @cached_property
    def _levels(self) -> dict[int, int]:
        """The object of each grey level over all masks that have levels."""
        found: set[int] = set()
        for file in self._files:
            picture = _read_or_none(file)
            if picture is not None and picture.form == "grey" and not picture.lossy:
                levels = np.unique(picture.values[picture.values > 0])
                if len(levels) <= _MOST_COLOURS and not self._are_ids(levels, picture.deep):
                    found.update(levels.tolist())
        return {level: number for number, level in enumerate(sorted(found), 1)}

    def _of_colours(self, picture: MaskPicture, path: Path) -> np.ndarray:
        codes, places = _colour_codes(picture.values)
        table = self._colours if len(codes) <= _MOST_COLOURS and not picture.lossy else {}
        if any(code not in table for code in codes):
            raise InputError(
                f"{path}: a mask holds object ids, this is a colour picture of {len(codes)} colours; {self._help}, or "
                "with DAVIS's colours"
            )
        if any(code not in _DAVIS for code in codes):
            said = ", ".join(f"{code} is object {number}" for code, number in table.items() if number)
            self._notices.add(f"colours read as objects in order ({said})", path.name)
        return np.array([table[code] for code in codes], np.uint8)[places]

    @cached_property
    def _colours(self) -> dict[tuple[int, int, int], int]:
        """The object of each colour over all masks: DAVIS's have their own, others where they are few and clear."""
        found: set[tuple[int, int, int]] = set()
        for file in self._files:
            picture = _read_or_none(file)
            if picture is not None and picture.form == "colour" and not picture.lossy:
                found.update(_colour_codes(picture.values)[0][: _MOST_COLOURS + 1])
        table = {code: _DAVIS[code] for code in sorted(found) if code in _DAVIS}
        others = sorted(found - set(table), key=lambda code: code[::-1])  # red, green, yellow, blue, as DAVIS's
        if not ((0, 0, 0) in found and _clear(sorted(found))):
            return table
        free = (number for number in range(1, IGNORE) if number not in table.values())
        return {**table, **dict(zip(others, free, strict=False))}


def read_mask(path: Path, max_objects: int = USUAL_IDS) -> np.ndarray:
    """Return a mask by itself, see `MaskReader`."""
    return MaskReader([path], max_objects).read(path)


def check_size(path: Path, mask: np.ndarray, size: tuple[int, int], orientation: int, what: str) -> None:
    """Raise `InputError` when a mask is not of its frame's ``size``; ``what`` says whose size that is."""
    if mask.shape == tuple(size):
        return
    lying = orientation > 4 and mask.shape == size[::-1]
    help_text = (
        f"it was made of the frame as stored, lying (EXIF orientation {orientation}); save the frames upright and give "
        "masks of these"
        if lying
        else "give a mask of that size"
    )
    raise InputError(f"{path}: the mask is {mask.shape[1]}x{mask.shape[0]}, {what} {size[1]}x{size[0]}; {help_text}")


def _soft_object(values: np.ndarray, lossy: bool) -> np.ndarray | None:
    """Return where a white object with soft edges is, or None where levels are not two clear ones and their edges."""
    high = int(values.max())
    near = max(1, _NEAR * high // WHITE)
    low, top = values <= near, values >= high - near
    soft = ~(low | top)
    if high < 2 * _NEAR or not low.any() or soft.sum() > top.sum():
        return None
    if not lossy and len(np.unique(values[soft])) <= 2:  # levels of their own
        return None
    around = cv2.dilate(top.astype(np.uint8), np.ones((_EDGE, _EDGE), np.uint8)) > 0
    return values * 2 > high if (soft & ~around).sum() * 100 <= soft.sum() else None


def _colour_codes(colours: np.ndarray) -> tuple[list[tuple[int, int, int]], np.ndarray]:
    """Return the colours of a picture (H, W, 3) in order, and for each pixel (H, W) which one it has."""
    packed = (colours.astype(np.int64) * (65536, 256, 1)).sum(axis=2)
    codes, places = np.unique(packed, return_inverse=True)
    return [(code >> 16, code >> 8 & 255, code & 255) for code in codes.tolist()], places.reshape(packed.shape)


def _clear(codes: Sequence[tuple[int, int, int]]) -> bool:
    """Whether colours are few and far from each other."""
    if len(codes) > _MOST_COLOURS:
        return False
    colours = np.array(codes, np.int64)
    apart = np.abs(colours[:, None] - colours[None]).max(axis=2)
    return bool((apart + np.eye(len(codes), dtype=np.int64) * WHITE >= _APART).all())


def _read_or_none(file: Path) -> MaskPicture | None:
    try:
        return read_mask_picture(file)
    except InputError:  # told when it is its turn
        return None
