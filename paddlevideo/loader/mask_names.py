"""Which frame a mask is of: by its name, never by its place in a folder."""

from __future__ import annotations

import re
from collections.abc import Sequence, Sized
from pathlib import Path

from ..utils.errors import InputError
from .listing import composed, entries, is_picture
from .notices import Notices

_NUMBERED = re.compile(r"(?:frame[ _-]?)?(\d+)", re.IGNORECASE)
_BREAKS = re.compile(r"[\W_]+")  # between the words of a name


class FrameNames:
    """Finds the frame that a file is named after: ``00005.png`` is of the frame ``00005``, else of frame number 5.

    ``frame_000005.png``, as CVAT and others call it, is of frame number 5 where no frame has that name.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._places = {composed(name): place for place, name in enumerate(names)}
        self._numbers = {int(name): place for place, name in enumerate(names) if name.isdecimal()}

    def find(self, stem: str) -> int | None:
        """Return the place of the frame with this name, or with this number as its name; None where there is none."""
        stem = composed(stem)
        number = _NUMBERED.fullmatch(stem)
        return self._places.get(stem, self._numbers.get(int(number[1])) if number else None)

    def find_within(self, stem: str) -> int | None:
        """As `find`; a frame's name or a number like it may be a part: ``00005_mask``, ``m_IMG_0042``, ``m_0005``."""
        stem = composed(stem)
        place = self.find(stem)
        if place is not None:
            return place
        found = {place for name, place in self._places.items() if name in stem and _stands_alone(name, stem)}
        found = found or {self._numbers[int(word)] for word in self.numbers(stem) if int(word) in self._numbers}
        return found.pop() if len(found) == 1 else None

    def numbers(self, stem: str) -> list[str]:
        """Return the words of a name that are numbers like those of frames: as long, or with zeros in front.

        One or two digits are a copy (``mask (1)``) or a day at least as often.
        """
        widths = {len(name) for name in self._places if name.isdecimal()}
        words = [word for word in _BREAKS.split(composed(stem)) if word.isdecimal()]
        return [word for word in words if len(word) in widths - {1, 2} or (len(word) > 3 and word[0] == "0")]


def _stands_alone(name: str, stem: str) -> bool:
    return re.search(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])", stem) is not None


def check_counting(masks: Path, frames: int) -> None:
    """Raise `InputError` where a folder's masks of a film are counted from 1: each would be that of the next frame."""
    matches = [_NUMBERED.fullmatch(composed(entry.stem)) for entry in entries(masks) if is_picture(entry)]
    numbers = {int(match[1]) for match in matches if match}
    if numbers and 0 not in numbers and max(numbers) == frames:
        raise InputError(
            f"{masks}: its masks are counted from 1 (the last is {frames}), the film's frames from 0 to {frames - 1}; "
            "count the masks from 0"
        )


def pair_masks(frames: Sequence[Path], folder: Path, notices: Notices) -> dict[Path, Path]:
    """Return the mask of each frame that has one; what is in ``folder`` and fits no frame is noted."""
    names = FrameNames([frame.stem for frame in frames])
    found: dict[Path, Path] = {}
    for entry in entries(folder) if folder.is_dir() else []:
        place = names.find(entry.stem) if is_picture(entry) else None
        if place is None:
            kind = "masks that fit no frame, not used" if is_picture(entry) else "no masks, not used"
            notices.add(kind, f"{folder.name}/{entry.name}")
        elif frames[place] in found:
            notices.add("second masks of a frame, not used", f"{folder.name}/{entry.name}")
        else:
            found[frames[place]] = entry
    return found


def is_sparse(found: Sized, frames: int) -> bool:
    """Whether masks are there for some frames on purpose: two at least, and at most half of them."""
    return 2 <= len(found) <= frames / 2
