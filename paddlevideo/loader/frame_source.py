"""What every clip looks like to the rest: frames by number."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

import numpy as np


class FrameSource(ABC):
    """A clip of ``len(source)`` frames; ``source[i]`` is a read-only (H, W, 3) uint8 RGB array."""

    path: str
    size: tuple[int, int]  # (H, W) in pixels, as displayed
    rate: float  # frames per second, the average where it varies
    names: list[str]  # one mask file stem per frame, all different
    files: list[Path]  # that are read

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> np.ndarray:
        """Return frame ``index`` (negative counts from the end).

        Raises:
            IndexError: outside the clip.
            InputError: that frame cannot be decoded.
        """
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(f"frame {index} of {len(self)} in {self.path}")
        return self._read(place)

    @abstractmethod
    def _read(self, index: int) -> np.ndarray: ...


def sealed(pixels: np.ndarray) -> np.ndarray:
    """Return ``pixels`` contiguous and read-only, so that nobody draws on a frame that others share."""
    pixels = np.ascontiguousarray(pixels)
    pixels.flags.writeable = False
    return pixels


def size_text(size: tuple[int, int]) -> str:
    """Return (H, W) the way people write sizes: ``WxH``."""
    return f"{size[1]}x{size[0]}"


def one_line(error: BaseException) -> str:
    """Return the error's message on one line."""
    return " ".join(str(error).split()) or type(error).__name__
