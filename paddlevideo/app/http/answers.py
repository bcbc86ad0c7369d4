"""The bodies of answers. FastAPI checks each answer against its model, writes it by it, and describes it by it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..projects.facts import VideoFacts


class Answer(BaseModel):
    """An answer's body."""

    model_config = ConfigDict(extra="forbid")


class ObjectAnswer(Answer):
    """An object; its id is its value in the masks."""

    id: int
    name: str
    color: str = Field(description="#rrggbb")
    locked: bool = Field(description="its masks stay as they are")
    hidden: bool = Field(description="the page does not show it")


class Stroke(Answer):
    """A stroke that was not erased."""

    key: str
    frame: int
    object_id: int = Field(description="0: the background")
    points: list[list[float]] = Field(description="x, y in 0..1 of the picture's width and height")
    round: int
    shape: Literal["line", "click", "box"] = Field(description="what the stroke was made of")
    radius: float = Field(description="of the brush, a share of the picture's width; 0: a line one pixel thin")


class Round(Answer):
    """Strokes of one frame, and their propagation if there was one."""

    number: int = Field(description="from 1")
    frame: int
    propagated: bool
    span: list[int] | None = Field(description="first and last frame of the propagation; null: all")
    done: int = Field(description="frames that the propagation has given")
    total: int = Field(description="frames that it gives if it is not stopped")
    by_hand: bool = Field(description="it is no strokes but the frame's mask, given by a person")
    objects: list[int] = Field(description="ids of the objects that it is about, the background left out")


class Frames(Answer):
    """A value for each frame."""

    masks: list[int] = Field(description="which mask it has, `rev` in the mask's address; 0: none")
    state: str = Field(description="a character a frame: . no mask, a annotated, p propagated, s stale")
    changed: list[float | None] = Field(description="fraction of pixels that the last propagation changed")


class JobFacts(Answer):
    """What runs for a project."""

    kind: Literal["propagate", "export", "decode"]
    done: int
    total: int
    paused: bool
    position: int = Field(description="jobs of others that come before it; 0: it runs")


class ProjectDocument(Answer):
    """A project: all that the page shows of it."""

    id: str
    name: str
    revision: int = Field(description="grows with every change; to be sent with the next one")
    source: str = Field(description="the video's name")
    uploaded: bool
    video: VideoFacts
    objects: list[ObjectAnswer]
    strokes: list[Stroke]
    rounds: list[Round]
    left: int = Field(description="frames left of a propagation that was stopped and can go on; 0: none")
    frames: Frames
    lanes: dict[int, str] = Field(
        description="for each object a character a frame: . not in the mask, p in it, s out of date, h by hand"
    )
    can_undo: bool
    can_redo: bool
    settings: dict[str, Any] = Field(description="the page's own")
    embedded: int = Field(description="frames that the model has looked at already")
    job: JobFacts | None


class StrokeAnswer(ProjectDocument):
    """The document after a stroke or an erasing, with the mask that its frame has now."""

    frame: int
    mask: str | None = Field(description="data: address of a grey PNG of object ids; null: none")


class Guess(Answer):
    """How a mask was read where its picture does not say it."""

    code: str = Field(description="for programs")
    message: str = Field(description="an English line")
    objects: str = Field(description="what each object was made of; empty: nothing to say")


class MaskAnswer(StrokeAnswer):
    """The document after a mask was given, with the mask as it was read."""

    guesses: list[Guess]


class FilmFacts(Answer):
    """What a decoder of the browser needs for the packets of `/film/FRAME`.

    Each packet there comes after twelve bytes, three little-endian numbers: its frame, 1 for a keyframe, its length.
    """

    codec: str = Field(description="as browsers name it, such as avc1.64001f")
    header: str = Field(description="the codec's own header, base64")


class ErrorFacts(Answer):
    """What went wrong."""

    code: str = Field(description="for programs")
    message: str = Field(description="an English line")
    values: dict[str, Any] = Field(description="what fills the line")


class ErrorDocument(Answer):
    """The body of every answer that is an error."""

    error: ErrorFacts


class LimitFacts(Answer):
    """What an upload or a video may be."""

    upload_bytes: int
    frames: int
    pixels: int = Field(description="of a frame")
    seconds: float = Field(description="that looking into a video may take")


class ServerState(Answer):
    """The server, before a project is open."""

    version: str
    limits: LimitFacts
    folders: list[str] = Field(description="names of the folders that may be opened")
    open: str | None = Field(description="id of the command line's project")
    demo: bool = Field(description="the demo clip is there")
    error: ErrorFacts | None = Field(description="why the command line's video could not be opened")
    languages: list[str]


class FolderEntry(Answer):
    """Something in a folder that may be opened."""

    name: str
    path: str = Field(description="relative to the allowed folder")
    kind: Literal["video", "frames", "folder"]
    note: str = Field(description="a video's size")


class FolderEntries(Answer):
    """What lies in one place of a folder."""

    entries: list[FolderEntry]


class ProjectEntry(Answer):
    """A project in the list."""

    id: str
    name: str
    frames: int
    done: int = Field(description="frames whose masks are current")
    width: int
    height: int
    changed: str = Field(description="ISO time")
    thumb: str = Field(description="address of a small picture")


class UploadBegun(Answer):
    """An upload to which chunks may be sent."""

    id: str
    chunk_bytes: int = Field(description="a good size for a chunk")


class UploadReceived(Answer):
    """How far an upload is."""

    received: int = Field(description="bytes")


class ExportKind(Answer):
    """A kind of export."""

    kind: str
    name: str = Field(description="of its file")
    media_type: str
    preset: int = Field(description="its place among those that the page offers first; 0: it is not one of them")
    soft: bool = Field(description="feather has an effect on it")


class ExportBegun(Answer):
    """An export that is being written; its events tell of its progress, the last one of its address."""

    job: JobFacts


class ExportFile(Answer):
    """A file that was exported."""

    name: str
    kind: str
    bytes: int
    url: str
    written: str = Field(description="ISO time")
    stale: bool = Field(description="masks, names or colours have changed since")
    objects: list[int] = Field(description="ids of the objects that it is of; empty: not known")
    grow: float
    feather: float
