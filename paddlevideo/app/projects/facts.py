"""What is known of a project's video and of its objects."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class VideoFacts:
    """A video's number of frames, its size in pixels, and its frames a second."""

    frames: int
    width: int
    height: int
    rate: float

    @property
    def size(self) -> tuple[int, int]:
        """Height and width, as shapes have them."""
        return self.height, self.width


@dataclass(frozen=True)
class Source:
    """Where a video comes from: its path, relative to the project's folder when it was uploaded, and its name."""

    path: str
    name: str
    uploaded: bool


@dataclass(frozen=True)
class ObjectState:
    """An object; its id is its value in the masks. A locked one keeps its masks."""

    id: int
    name: str
    color: str
    locked: bool
