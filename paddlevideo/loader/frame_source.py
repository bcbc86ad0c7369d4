"""What every clip looks like to the rest: frames by number."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..utils.errors import InputError

if TYPE_CHECKING:
    from .notices import Notices

UNREADABLE = "frames that cannot be read, the nearest one stands in for each"


class FrameSource(ABC):
    """A clip of ``len(source)`` frames; ``source[i]`` is a read-only (H, W, 3) uint8 RGB array.

    Attributes:
        path: what was opened.
        size: (H, W) in pixels, as displayed.
        rate: frames per second, the average where it varies.
        names: one mask file stem per frame, all different.
        files: the files that are read.
        pixel_aspect: width of a pixel in heights of it, as displayed.
        lenient: a frame that turns out to be unreadable is no error, but the nearest readable one.
    """

    path: str
    size: tuple[int, int]
    rate: float
    names: list[str]
    files: list[Path]
    pixel_aspect: Fraction = Fraction(1)
    lenient: bool = False

    @cached_property
    def times(self) -> list[float]:
        """When each frame is shown, in seconds from the first one."""
        return [index / self.rate for index in range(len(self))]

    @cached_property
    def unreadable(self) -> dict[int, str]:
        """Frames that the nearest one stands in for, and why; known in full when every frame was asked for."""
        return {}

    @cached_property
    def notices(self) -> Notices:
        """What was found beside the frames and is not used."""
        from .notices import Notices

        return Notices(self.path)

    def orientation(self, index: int) -> int:
        """How frame ``index`` is turned in its file, as EXIF counts; 1 is upright."""
        return 1

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> np.ndarray:
        """Return frame ``index`` (negative counts from the end).

        Raises:
            IndexError: outside the clip.
            InputError: that frame cannot be decoded, and the clip is not ``lenient``; or none can.
        """
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(f"frame {index} of {len(self)} in {self.path}")
        if place in self.unreadable:
            return self._nearest(place)
        try:
            return self._read(place)
        except InputError as error:
            if not self.lenient:
                raise
            self._give_up(place, str(error))
            return self._nearest(place)

    def require(self, index: int, what: str) -> None:
        """Raise `InputError` where frame ``index``, which ``what`` is of, cannot be read: a stand-in shows another."""
        self[index]
        if index in self.unreadable:
            raise InputError(f"{what}: is of frame {self.names[index]}, which cannot be read; take another frame")

    @abstractmethod
    def _read(self, index: int) -> np.ndarray: ...

    def _give_up(self, index: int, reason: str) -> None:
        self.unreadable[index] = reason
        self.notices.add(UNREADABLE, self.names[index])

    def _nearest(self, place: int) -> np.ndarray:
        """Return the readable frame that is nearest to ``place``, of two the earlier one."""
        for distance in range(1, len(self)):
            for other in (place - distance, place + distance):
                if 0 <= other < len(self) and other not in self.unreadable:
                    try:
                        return self._read(other)
                    except InputError as error:
                        self._give_up(other, str(error))
        raise InputError(f"{self.path}: not one frame can be read ({self.unreadable[place]}); replace the file")


def sealed(pixels: np.ndarray) -> np.ndarray:
    """Return ``pixels`` contiguous and read-only, so that nobody draws on a frame that others share."""
    pixels = np.ascontiguousarray(pixels)
    pixels.flags.writeable = False
    return pixels


def size_text(size: tuple[int, ...]) -> str:
    """Return (H, W) the way people write sizes: ``WxH``."""
    return f"{size[1]}x{size[0]}"
