"""The bodies of requests, as JSON."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ...writers.edges import LIMIT

Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Point = Annotated[list[Fraction], Field(min_length=2, max_length=2)]
Name = Annotated[str, Field(max_length=200)]
Color = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]


class Body(BaseModel):
    """A request's body; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid")


class Changing(Body):
    """A change to a project; ``revision`` is that of the document the person saw (null: any)."""

    revision: int | None = None


class Step(Changing):
    """A step of undo or redo: the last one, or all that belong to a round."""

    whole_round: bool = False


class OpenVideo(Body):
    folder: str
    path: Annotated[str, Field(max_length=4096)]


class UploadedPicture(Body):
    name: Annotated[str, Field(max_length=1000)]
    bytes: Annotated[int, Field(ge=1)]


class NewUpload(Body):
    """A video; with ``pictures`` a folder of them, whose bytes are sent one after the other."""

    name: Annotated[str, Field(max_length=1000)]
    bytes: Annotated[int, Field(ge=1)]
    pictures: list[UploadedPicture] | None = None


class EditProject(Changing):
    """Settings are the page's own: they change no revision and need none."""

    name: Name | None = None
    settings: dict[str, Any] | None = None


class NewObject(Changing):
    name: Name = ""
    color: Color | None = None


class EditObject(Changing):
    name: Name | None = None
    color: Color | None = None
    hidden: bool | None = None
    locked: bool | None = None


class NewStroke(Changing):
    """Points are x, y in 0..1 of the picture's width and height; object 0 is the background.

    ``radius`` is the brush's, a share of the width: in the frame, all that lies under the brush gets the object.
    """

    frame: int
    object_id: Annotated[int, Field(ge=0)]
    points: Annotated[list[Point], Field(min_length=1, max_length=20_000)]
    shape: Literal["line", "click"] = "line"
    radius: Fraction = 0.0


class NewBox(Changing):
    """Two corners of a box around an object, from which strokes of the object and of the background are drawn."""

    frame: int
    object_id: Annotated[int, Field(ge=1)]
    corners: Annotated[list[Point], Field(min_length=2, max_length=2)]


class Paint(Changing):
    """A line on a frame's mask, ``width`` pixels of the video wide; ``out``: the object is taken away there.

    Of the width, the share ``hardness`` is painted whatever is there; the rest only where the picture's colour is like
    that under the line's middle.
    """

    frame: int
    object_id: Annotated[int, Field(ge=1)]
    points: Annotated[list[Point], Field(min_length=1, max_length=20_000)]
    width: Annotated[int, Field(ge=1, le=1000)] = 1
    hardness: Fraction = 1.0
    out: bool = False


class Clean(Changing):
    """``absent``: the object is not in the frame; ``holes`` and ``islands`` of at most ``pixels`` go."""

    frame: int
    object_id: Annotated[int, Field(ge=1)]
    what: Literal["absent", "holes", "islands"]
    pixels: Annotated[int, Field(ge=1)] = 100


class Hold(Body):
    frame: int


class Erase(Changing):
    keys: Annotated[list[str], Field(min_length=1, max_length=10_000)]


class Propagate(Changing):
    span: Annotated[list[int], Field(min_length=2, max_length=2)] | None = None


Pixels = Annotated[float, Field(ge=-LIMIT, le=LIMIT, allow_inf_nan=False)]


class NewExport(Body):
    """``/api/export-kinds`` lists the kinds.

    ``objects`` are those to write (null: all that are not hidden). ``grow`` moves their edges outwards, ``feather``
    says over how many pixels they are soft, where the kind can be soft; both in the video's pixels.
    """

    kind: Annotated[str, Field(max_length=100)]
    objects: Annotated[list[int], Field(max_length=256)] | None = None
    grow: Pixels = 0.0
    feather: Annotated[Pixels, Field(ge=0)] = 0.0
