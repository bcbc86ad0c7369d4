"""What a person may do to a project."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...loader.scribbles import MAX_OBJECT_ID
from ..errors import AppError
from .actions import (
    Action,
    Drawn,
    MaskGiven,
    ObjectAdded,
    ObjectEdited,
    ObjectRemoved,
    Propagated,
    Span,
    StrokeDrawn,
    StrokesErased,
)
from .facts import ObjectState, Source, VideoFacts
from .project_state import ProjectState
from .record import Record

COLORS = (
    "#e6194b", "#4363d8", "#ffe119", "#42d4f4", "#f58231", "#911eb4", "#3cb44b", "#f032e6", "#fabed4", "#469990",
)  # fmt: skip
"""Of new objects, in turn: the first four are four to deuteranopes, too."""


class Project(ProjectState):
    """One project, whose changes are actions of its history; every method may be called from any thread."""

    @staticmethod
    def create(folder: Path, name: str, source: Source, video: VideoFacts) -> Project:
        """Make the folder of a new project and open it."""
        Record(name, source, video, [ObjectState(1, "", COLORS[0], locked=False)]).write(folder)
        return Project(folder)

    def add_stroke(self, key: str, frame: int, drawn: Drawn, group: int | None = None) -> StrokeDrawn:
        """Note a stroke; ``group`` None begins a step of undo."""
        self.check_frame(frame)
        object_id = drawn.object_id
        with self.lock:
            if object_id:
                self._check_drawn(object_id)
            stroke = StrokeDrawn(
                *self._record.new_ids(group),
                key=key,
                frame=frame,
                object_id=object_id,
                points=tuple((round(x, 6), round(y, 6)) for x, y in drawn.points),
                shape=drawn.shape,
                radius=drawn.radius,
            )
            self._act(stroke, grow=group is None)
            return stroke

    def give_strokes(self, strokes: Sequence[tuple[int, Drawn]]) -> None:
        """Note strokes, each with its frame, and the objects that are new in them, as one step of undo.

        Raises:
            AppError: an object is locked or was removed; nothing is noted.
        """
        ids = {each.object_id for _, each in strokes} - {0}
        with self.lock:
            new = range(self._next_object(), max(ids, default=0) + 1)
            for object_id in sorted(ids - set(new)):
                self._check_drawn(object_id)
            group = None
            for _ in new:
                group = self._add_object("", None, group).group
            for frame, each in strokes:
                group = self.add_stroke(uuid.uuid4().hex, frame, each, group).group

    def give_mask(self, frame: int, mask: np.ndarray) -> None:
        """Take a mask (H,W) of known ids for a frame's; locked objects stay as they are."""
        self.check_frame(frame)
        with self.lock:
            now, ids = self.masks.mask(frame), self._view.ids
            locked = self._view.locked
            mask = np.where(np.isin(now, locked), now, np.where(np.isin(mask, locked), 0, mask)).astype(np.uint8)
            different = now != mask
            changed = set(np.unique(now[different])) | set(np.unique(mask[different]))
            number, group = self._record.new_ids()
            self._files.put(number, frame, mask, float(different.mean()))  # a killed server leaves no action without it
            changed_ids = tuple(sorted(int(each) for each in changed - {0}))
            self._act(MaskGiven(number, group, frame=frame, objects=ids, changed=changed_ids))

    def touch_up(self, frame: int, object_id: int, change: Callable[[np.ndarray], np.ndarray]) -> None:
        """Change the pixels of a frame's mask: ``change`` makes a mask (H,W) from the one that there is."""
        self.check_frame(frame)
        with self.lock:
            self._check_drawn(object_id)
            self.give_mask(frame, change(self.masks.mask(frame)))

    def erase(self, keys: Sequence[str]) -> None:
        """Take strokes back that were not propagated yet."""
        with self.lock:
            last = self.masks.last_propagation
            waiting = {
                stroke.key: each.frame
                for each in self._view.waiting
                for stroke in each.strokes
                if last is None or stroke.number > last.number  # what a stopped propagation has built upon stays
            }
            if not keys or set(keys) - set(waiting):
                raise AppError("stroke_used")
            # Rounds that come after may be answered otherwise, so the frames of all are.
            frames = tuple(sorted(set(waiting.values())))
            self._act(StrokesErased(*self._record.new_ids(), keys=tuple(keys), frames=frames))

    def add_object(self, name: str, color: str | None = None) -> int:
        """Add an object and return its id, which was never given before."""
        with self.lock:
            return self._add_object(name, color, None).object_id

    def edit_object(
        self,
        object_id: int,
        name: str | None = None,
        color: str | None = None,
        locked: bool | None = None,
        hidden: bool | None = None,
    ) -> None:
        """Set fields of an object; all but ``hidden`` are a step of undo."""
        with self.lock:
            now = self._known_object(object_id)
            if hidden is not None:
                others = set(self._record.hidden) - {object_id}
                self._record.hidden = sorted(others | {object_id} if hidden else others)
            edited = ObjectEdited(
                *self._record.new_ids(),
                object_id=object_id,
                name=None if name == now.name else name,
                color=None if color == now.color else color,
                locked=None if locked == now.locked else locked,
            )
            if edited.new_fields():
                self._act(edited)
            else:
                self._save()

    def remove_object(self, object_id: int) -> None:
        """Remove an object: it becomes background in all masks."""
        with self.lock:
            self._known_object(object_id)
            self._act(ObjectRemoved(*self._record.new_ids(), object_id=object_id))

    def begin_propagation(self, span: Span | None, group: int | None, goes_on: bool = False) -> Propagated:
        """Note that the next waiting round, else the last one, is propagated; ``group`` None begins a step of undo."""
        with self.lock:
            propagated = Propagated(*self._record.new_ids(group), span=span, goes_on=goes_on)
            self._act(propagated, grow=group is None)
            return propagated

    def edit(self, name: str | None, settings: dict[str, Any] | None) -> None:
        """Rename the project, or set some of the page's settings, for which the revision stays."""
        with self.lock:
            if name is not None:
                self._record.name = name
            self._record.settings |= settings or {}
            self._save(grow=name is not None)

    def undo(self, whole_round: bool = False) -> None:
        """Take the last step back, or every step of the last round."""
        with self.lock:
            rounds = len(self._view.rounds)
            if whole_round and not rounds:
                raise AppError("nothing_to_undo")
            self._record.take_back()
            self._note_change()
            while whole_round and len(self._view.rounds) >= rounds:
                self._record.take_back()
                self._note_change()
            self._save()

    def redo(self, whole_round: bool = False) -> None:
        """Do the last step that was taken back again, or all up to the end of its round."""
        with self.lock:
            self._record.do_again()
            self._note_change()
            rounds = len(self._view.rounds)
            while whole_round and self._record.redo:
                self._record.do_again()
                self._note_change()
                if len(self._view.rounds) > max(1, rounds):  # steps before the first round go with it
                    self._record.take_back()  # it begins the next round
                    break
            self._save()

    # ------------------------------------------------------------------------------------------------ inside

    def _next_object(self) -> int:
        actions = [*self._record.history, *self._record.redo]
        used = [each.id for each in self._record.objects]
        return 1 + max(used + [action.object_id for action in actions if isinstance(action, ObjectAdded)])

    def _add_object(self, name: str, color: str | None, group: int | None) -> ObjectAdded:
        object_id = self._next_object()
        if object_id > MAX_OBJECT_ID:
            raise AppError("too_many_objects", limit=MAX_OBJECT_ID)
        color = color or COLORS[(object_id - 1) % len(COLORS)]
        added = ObjectAdded(*self._record.new_ids(group), object_id=object_id, name=name, color=color)
        self._act(added, grow=group is None)
        return added

    def _check_drawn(self, object_id: int) -> None:
        self._known_object(object_id)
        if object_id in self._view.locked:
            raise AppError("object_locked", object=object_id)

    def _known_object(self, object_id: int) -> ObjectState:
        if object_id not in self._view.objects:
            raise AppError("no_object", object=object_id)
        return self._view.objects[object_id]

    def _act(self, action: Action, grow: bool = True) -> None:
        self._record.act(action)
        self._save(grow)

    def _save(self, grow: bool = True) -> None:
        """Write ``project.json``; a later part of one change does not let the revision grow again."""
        self._record.revision += grow
        self._record.write(self.folder)
        self._note_change()
