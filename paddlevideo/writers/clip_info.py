"""What an exporter may want to know of a clip besides its frames and masks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from pathlib import Path

import numpy as np

from ..loader.frame_source import FrameSource
from ..loader.palette import PALETTE
from ..loader.replay_file import RoundSettings
from ..loader.scribbles import Rounds, Stroke
from .edges import Edge

_LONGEST = 60  # letters of a name in that of a file, which has 255 bytes


@dataclass(frozen=True)
class ObjectInfo:
    """An object: the id that masks have, its name (may be empty) and its RGB colour, None for DAVIS's."""

    id: int
    name: str = ""
    colour: tuple[int, int, int] | None = None

    @property
    def label(self) -> str:
        """Its name, without what cannot be printed; of one without a name ``object N``."""
        return "".join(letter for letter in self.name if letter.isprintable()).strip() or f"object {self.id}"

    @property
    def file_name(self) -> str:
        """A name for its file, without a suffix: ``object_1``, or ``object_1_dog`` where it has a name.

        Letters and digits stay, what systems keep for themselves becomes ``_``.
        """
        name = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in self.name.strip())
        return f"object_{self.id}_{name[:_LONGEST]}" if name.strip("_") else f"object_{self.id}"


@dataclass(frozen=True)
class Recording:
    """What a person did: rounds of strokes, how each was drawn and carried on, and the frames that were annotated.

    Frames that got a whole mask are annotated, too, so there may be more of them than rounds.
    """

    rounds: Rounds = field(default_factory=list)
    settings: Sequence[RoundSettings] = ()  # one for each round
    annotated: frozenset[int] = frozenset()

    @cached_property
    def strokes(self) -> Mapping[int, list[Stroke]]:
        """The strokes of all rounds, by frame."""
        found: dict[int, list[Stroke]] = {}
        for strokes in self.rounds:
            for stroke in strokes:
                found.setdefault(stroke.frame, []).append(stroke)
        return found


@dataclass(frozen=True)
class ClipInfo:
    """A clip, its objects and how they are to be shown.

    Attributes:
        name: of the clip, without a suffix.
        size: (H, W) of frames and masks.
        rate: frames a second, the average where it varies.
        frame_names: the stem of a file for each frame, all different.
        objects: those that masks may have.
        file_names: the picture file of each frame; empty where the clip is no folder of pictures.
        times: seconds at which each frame is shown; empty where only the rate is known.
        pixel_aspect: width of a pixel by its height.
        source: the video file or folder of pictures, where there is one.
        recording: what a person did.
        show_strokes: draw the strokes over the pictures.
        opacity: of the objects' colours over the pictures, 0..1.
        edge: of the objects.
    """

    name: str
    size: tuple[int, int]
    rate: float
    frame_names: Sequence[str]
    objects: Sequence[ObjectInfo]
    file_names: Sequence[str] = ()
    times: Sequence[float] = ()
    pixel_aspect: Fraction = Fraction(1)
    source: Path | None = None
    recording: Recording = Recording()
    show_strokes: bool = False
    opacity: float = 0.5
    edge: Edge = Edge()

    @classmethod
    def of(
        cls,
        frames: FrameSource,
        objects: Iterable[int | ObjectInfo],
        recording: Recording = Recording(),
        *,
        show_strokes: bool = False,
        opacity: float = 0.5,
        edge: Edge = Edge(),
    ) -> ClipInfo:
        """Describe a clip that is open; objects may be given by their ids alone."""
        source = Path(frames.path)
        return cls(
            source.stem,
            frames.size,
            frames.rate,
            tuple(frames.names),
            tuple(each if isinstance(each, ObjectInfo) else ObjectInfo(each) for each in objects),
            file_names=tuple(file.name for file in frames.files) if _are_pictures(frames) else (),
            times=tuple(frames.times),
            pixel_aspect=frames.pixel_aspect,
            source=source if frames.files else None,
            recording=recording,
            show_strokes=show_strokes,
            opacity=opacity,
            edge=edge,
        )

    @property
    def ids(self) -> tuple[int, ...]:
        """The objects' ids."""
        return tuple(each.id for each in self.objects)

    @property
    def categories(self) -> tuple[str, ...]:
        """The objects' labels, each once: objects of one name are of one category."""
        return tuple(dict.fromkeys(each.label for each in self.objects))

    def picture_name(self, index: int) -> str:
        """The file name of a frame's picture; of a video what its pictures would be called, ``00000.png``."""
        return self.file_names[index] if self.file_names else f"{self.frame_names[index]}.png"

    @cached_property
    def palette(self) -> np.ndarray:
        """The ids' colours, (256, 3) uint8: DAVIS's, and those that objects have of their own."""
        palette = PALETTE.copy()
        for each in self.objects:
            if each.colour is not None:
                palette[each.id] = each.colour
        return palette


def _are_pictures(frames: FrameSource) -> bool:
    """Whether each frame is a file of its own, which has its name."""
    return [file.stem for file in frames.files] == list(frames.names)
