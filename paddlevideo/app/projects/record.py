"""``project.json``: what a project is and what a person did to it, done and taken back. It is replaced whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter

from ...utils.files import atomic_path
from ..errors import AppError
from .actions import Action
from .facts import ObjectState, Source, VideoFacts

_NAME = "project.json"


@dataclass(eq=False)
class Record:
    """What is in the file.

    Attributes:
        name: what the person calls the project.
        source: where the video comes from.
        video: what was found in it when the project was made.
        objects: those that the history starts from.
        hidden: ids of the objects that the page does not show.
        settings: what the page has set and wants to find again.
        history: the actions in force, the oldest first.
        redo: those that were taken back, the next to do again at the end.
        next_number: of an action.
        revision: grows with every change of a person.
        changed: when it was written last, ISO time.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: str
    source: Source
    video: VideoFacts
    objects: list[ObjectState]
    hidden: list[int] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    history: list[Action] = field(default_factory=list)
    redo: list[Action] = field(default_factory=list)
    next_number: int = 1
    revision: int = 1
    changed: str = ""

    @staticmethod
    def read(folder: Path) -> Record:
        """The record of a project's folder."""
        return _JSON.validate_json((folder / _NAME).read_bytes())

    def write(self, folder: Path) -> None:
        """Keep it in a project's folder, which is made where it is missing."""
        self.changed = datetime.now(timezone.utc).isoformat(timespec="microseconds")
        with atomic_path(folder / _NAME) as temporary:
            temporary.write_bytes(_JSON.dump_json(self))

    def new_ids(self, group: int | None = None) -> tuple[int, int]:
        """Number and group of the next action: of an earlier action's group, or of a new one."""
        return self.next_number, group or self.next_number

    def act(self, action: Action) -> None:
        """Add an action; what was taken back cannot be done again then."""
        self.next_number = action.number + 1
        self.history.append(action)
        self.redo.clear()

    def take_back(self) -> None:
        """Undo the last group."""
        _move(self.history, self.redo, "nothing_to_undo")

    def do_again(self) -> None:
        """Redo the group that was taken back last."""
        _move(self.redo, self.history, "nothing_to_redo")


_JSON = TypeAdapter(Record)


def _move(source: list[Action], target: list[Action], nothing: str) -> None:
    if not source:
        raise AppError(nothing)
    group = source[-1].group
    while source and source[-1].group == group:
        target.append(source.pop())
