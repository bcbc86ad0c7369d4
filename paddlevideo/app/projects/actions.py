"""What a person does to a project, an immutable action each. Their fields are those of ``project.json``.

Every action has a ``number``, never given twice, and a ``group``: actions of one group are one step of undo. Keys that
earlier versions wrote besides are passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_serializer

from ...loader.scribbles import Stroke

Span = tuple[int, int]
"""First and last frame."""

Shape = Literal["line", "click", "box"]
"""What a person did, of which a stroke was made."""


@dataclass(frozen=True)
class Drawn:
    """A stroke that a person drew, or that was made of what they did; ``radius`` is a share of the picture's width."""

    object_id: int
    points: Sequence[Sequence[float]]
    shape: Shape = "line"
    radius: float = 0.0


def frames_of(span: Span | None, video: int) -> int:
    """How many frames a span has; None is the whole video."""
    return span[1] - span[0] + 1 if span else video


@dataclass(frozen=True)
class _Action:
    __pydantic_config__ = ConfigDict(extra="ignore")

    number: int
    group: int


@dataclass(frozen=True, kw_only=True)
class StrokeDrawn(_Action):
    """A stroke; points are x, y in 0..1 of the picture's width and height, object 0 is the background.

    ``radius`` is the brush's, as a share of the width. Earlier versions had none: their broad strokes go to and fro.
    """

    kind: Literal["stroke"] = "stroke"
    key: str
    frame: int
    object_id: int
    points: tuple[tuple[float, float], ...]
    shape: Shape = "line"
    radius: float = 0.0

    @model_serializer(mode="wrap")
    def _write(self, write: Callable[[StrokeDrawn], dict[str, Any]]) -> dict[str, Any]:
        plain = {"shape": "line", "radius": 0.0}
        return {key: value for key, value in write(self).items() if key not in plain or value != plain[key]}


@dataclass(frozen=True, kw_only=True)
class StrokesErased(_Action):
    """Strokes of rounds that were not propagated yet; ``frames`` are those of all rounds that waited."""

    kind: Literal["erase"] = "erase"
    keys: tuple[str, ...]
    frames: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class MaskGiven(_Action):
    """A frame's mask by a person's hand, in the file of this action.

    ``objects`` are those that there were, so that it says where each of them is; ``changed`` those that it changed.
    """

    kind: Literal["mask"] = "mask"
    frame: int
    objects: tuple[int, ...]
    changed: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class ObjectAdded(_Action):
    """A new object, unlocked."""

    kind: Literal["object"] = "object"
    change: Literal["add"] = "add"
    object_id: int
    name: str
    color: str


@dataclass(frozen=True, kw_only=True)
class ObjectEdited(_Action):
    """An object's new fields; None: as before."""

    kind: Literal["object"] = "object"
    change: Literal["edit"] = "edit"
    object_id: int
    name: str | None = None
    color: str | None = None
    locked: bool | None = None

    def new_fields(self) -> dict[str, Any]:
        """Those that are set."""
        fields = {"name": self.name, "color": self.color, "locked": self.locked}
        return {key: value for key, value in fields.items() if value is not None}

    @model_serializer(mode="wrap")
    def _write(self, write: Callable[[ObjectEdited], dict[str, Any]]) -> dict[str, Any]:
        return {key: value for key, value in write(self).items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class ObjectRemoved(_Action):
    """An object becomes background in all masks."""

    kind: Literal["object"] = "object"
    change: Literal["remove"] = "remove"
    object_id: int


@dataclass(frozen=True, kw_only=True)
class Propagated(_Action):
    """A propagation of the first round that waits, else of the last one again; ``span`` None: the whole video.

    One that ``goes_on`` gives the frames that the propagation before it, which was stopped, has left.
    """

    kind: Literal["propagate"] = "propagate"
    span: Span | None
    goes_on: bool = False

    @model_serializer(mode="wrap")
    def _write(self, write: Callable[[Propagated], dict[str, Any]]) -> dict[str, Any]:
        return {key: value for key, value in write(self).items() if key != "goes_on" or value}


ObjectAction = Annotated[ObjectAdded | ObjectEdited | ObjectRemoved, Field(discriminator="change")]
Action = Annotated[StrokeDrawn | StrokesErased | MaskGiven | Propagated | ObjectAction, Field(discriminator="kind")]


def as_stroke(action: StrokeDrawn) -> Stroke:
    """A stroke as the session takes it; those of a box are a guess."""
    return Stroke(action.object_id, action.frame, action.points, action.radius, counts=action.shape != "box")
