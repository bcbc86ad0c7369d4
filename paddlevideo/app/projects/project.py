"""One project: a video and what a person may do to it. Everything is on disk at any moment.

`Record` has what was done, `MaskFiles` the masks that came of it. What both amount to now follows from the history:
objects and rounds are a `View`, each frame's mask is in `CurrentMasks`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ...loader.scribbles import MAX_OBJECT_ID
from ..errors import AppError
from .actions import (
    Action,
    MaskGiven,
    ObjectAdded,
    ObjectEdited,
    ObjectRemoved,
    Propagated,
    Shape,
    Span,
    StrokeDrawn,
    StrokesErased,
    frames_of,
)
from .current_masks import CurrentMasks
from .facts import ObjectState, Source, VideoFacts
from .history import View, view
from .mask_files import MaskFiles, read_png
from .program import Operation, Propagate, program
from .record import Record

COLORS = (
    "#e6194b", "#4363d8", "#ffe119", "#42d4f4", "#f58231", "#911eb4", "#3cb44b", "#f032e6", "#fabed4", "#469990",
)  # fmt: skip
"""Of new objects, in turn: the first four are four to deuteranopes, too."""


class Project:
    """See the module's text; every method may be called from any thread, changes under ``lock``.

    Attributes:
        id: the name of its folder.
        masks: those that its frames have now; they are changed by the project alone.
        around: the frame that was looked at last.
        gone: it was deleted.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.id = folder.name
        self.lock = threading.RLock()
        self._record = record = Record.read(folder)
        self._files = MaskFiles(folder)
        self._files.forget({action.number for action in [*record.history, *record.redo]})
        self.masks = CurrentMasks(self._files, self.frames, self.video.size, self.lock)
        self.around = 0
        self.gone = False
        self._program: list[Operation] | None = None  # worked out when it is asked for
        self._note_change()

    @staticmethod
    def create(folder: Path, name: str, source: Source, video: VideoFacts) -> Project:
        """Make the folder of a new project and open it."""
        Record(name, source, video, [ObjectState(1, "", COLORS[0], locked=False)]).write(folder)
        return Project(folder)

    # ------------------------------------------------------------------------------------------------- facts

    @property
    def revision(self) -> int:
        """Grows with every change of a person."""
        return self._record.revision

    @property
    def name(self) -> str:
        """What the person calls it."""
        return self._record.name

    @property
    def changed(self) -> str:
        """When it was changed last, ISO time."""
        return self._record.changed

    @property
    def video(self) -> VideoFacts:
        """What is known of the video."""
        return self._record.video

    @property
    def frames(self) -> int:
        """How many frames the video has."""
        return self._record.video.frames

    @property
    def video_path(self) -> Path:
        """The video file or the folder of pictures."""
        return self.folder / self._record.source.path

    @property
    def settings(self) -> dict[str, Any]:
        """What the page has set and wants to find again."""
        return dict(self._record.settings)

    @property
    def view(self) -> View:
        """Objects and rounds as they are now."""
        return self._view

    def check_frame(self, frame: int) -> None:
        """Raise `AppError` when the video has no such frame."""
        if not 0 <= frame < self.frames:
            raise AppError("no_frame", frame=frame, last=self.frames - 1)

    def check_revision(self, revision: int | None) -> None:
        """Raise `AppError` when the person has not seen the last change."""
        if revision is not None and revision != self.revision:
            raise AppError("stale_revision", revision=self.revision)

    def document(self) -> dict[str, Any]:
        """The project as the page gets it, apart from what is running."""
        with self.lock:
            view, record = self._view, self._record
            return {
                "id": self.id,
                "name": self.name,
                "revision": self.revision,
                "source": record.source.name,
                "uploaded": record.source.uploaded,
                "video": asdict(record.video),
                "objects": [{**asdict(view.objects[each]), "hidden": each in record.hidden} for each in view.ids],
                "strokes": [stroke for each in view.rounds for stroke in each.stroke_documents()],
                "rounds": [each.document(self.frames) for each in view.rounds],
                "left": self.left(),
                "frames": self.masks.document(),
                "lanes": self.masks.lanes(range(self.frames)),
                "can_undo": bool(record.history),
                "can_redo": bool(record.redo),
                "settings": self.settings,
            }

    # ------------------------------------------------------------------------------------- for the session

    def program(self) -> list[Operation]:
        """What a fresh session has to do, see `program.program`."""
        with self.lock:
            if self._program is None:
                self._program = program(self._record.objects, self._record.history, self._files.counts())
            return list(self._program)

    def stopped(self) -> Propagate | None:
        """The propagation that came last, if it was stopped and nothing that matters to a session was done since."""
        last = self.program()[-1]
        return last if isinstance(last, Propagate) and last.frames < frames_of(last.span, self.frames) else None

    def is_latest(self, propagation: Propagated) -> bool:
        """Whether nothing that matters to a session was done since this propagation began."""
        with self.lock:
            for each in reversed([] if self.gone else self._record.history):
                if each.number == propagation.number:
                    return True
                if not isinstance(each, ObjectEdited) or each.locked is not None:
                    return False
            return False

    def left(self) -> int:
        """How many frames the propagation that was stopped has left; 0 without one."""
        last = self.stopped()
        return 0 if last is None else frames_of(last.span, self.frames) - last.frames

    def strokes(self) -> dict[int, StrokeDrawn]:
        """The strokes of the whole history by the number of their action."""
        with self.lock:
            return {action.number: action for action in self._record.history if isinstance(action, StrokeDrawn)}

    def unanswered(self) -> list[tuple[int, int]]:
        """(action, frame) of strokes and erasings whose mask is not there yet."""
        with self.lock:
            return [
                (action.number, frame)
                for action in self._record.history
                for frame in _frames_to_answer(action)
                if frame not in self._files.given.get(action.number, {})
            ]

    def put_mask(self, action: int, frame: int, mask: np.ndarray) -> None:
        """Keep the mask (H,W) at the video's own size that an action gave a frame."""
        with self.lock:
            mask = self.masks.kept_by_hand(frame, mask) if self._is_propagation(action) else mask
            changed = float((self.masks.mask(frame) != mask).mean())
            self._files.put(action, frame, mask, changed)
            self._note_mask(action, frame)

    def given_mask(self, action: int, frame: int) -> np.ndarray:
        """The mask (H,W) that a person gave a frame by an action."""
        return read_png(self._files.path(frame, action))

    def drop_mask(self, action: int, frame: int) -> None:
        """Note that an action left a frame as the last propagation left it, maybe without a mask."""
        with self.lock:
            self._files.refer(action, frame, self.masks.propagated(frame))
            self._note_mask(action, frame)

    # ----------------------------------------------------------------------------------------------- changes

    def add_stroke(
        self,
        key: str,
        frame: int,
        object_id: int,
        points: Sequence[Sequence[float]],
        shape: Shape = "line",
        group: int | None = None,
    ) -> StrokeDrawn:
        """Note a stroke; points are x, y in 0..1; ``group`` None begins a step of undo."""
        self.check_frame(frame)
        with self.lock:
            if object_id and object_id not in self._view.objects:
                raise AppError("no_object", object=object_id)
            if object_id in self._view.locked:
                raise AppError("object_locked", object=object_id)
            rounded = tuple((round(x, 6), round(y, 6)) for x, y in points)
            ids = self._record.new_ids(group)
            stroke = StrokeDrawn(*ids, key=key, frame=frame, object_id=object_id, points=rounded, shape=shape)
            self._act(stroke, grow=group is None)
            return stroke

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
            self._known_object(object_id)
            if object_id in self._view.locked:
                raise AppError("object_locked", object=object_id)
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
            actions = [*self._record.history, *self._record.redo]
            used = [each.id for each in self._record.objects]
            object_id = 1 + max(used + [action.object_id for action in actions if isinstance(action, ObjectAdded)])
            if object_id > MAX_OBJECT_ID:
                raise AppError("too_many_objects", limit=MAX_OBJECT_ID)
            color = color or COLORS[(object_id - 1) % len(COLORS)]
            self._act(ObjectAdded(*self._record.new_ids(), object_id=object_id, name=name, color=color))
            return object_id

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

    def _note_change(self) -> None:
        """Work out what follows from the history."""
        self._view = view(self._record.objects, self._record.history, self._files.counts())
        self._program = None
        self.masks.follow(self._record.history, self._view)

    def _is_propagation(self, action: int) -> bool:
        return any(isinstance(each, Propagated) for each in self._record.history if each.number == action)

    def _note_mask(self, action: int, frame: int) -> None:
        done = next((each for each in self._record.history if each.number == action), None)
        if done is None:
            return
        self.masks.note(action, frame)
        if isinstance(done, Propagated):
            self._program = None
            if len(self._files.given[action]) == 1:
                self._note_change()  # it counts from its first frame on
            else:
                next(each for each in self._view.rounds if each.propagation is done).done += 1


def _frames_to_answer(action: Action) -> tuple[int, ...]:
    """Frames to which a stroke or an erasing gives a mask at once."""
    if isinstance(action, StrokeDrawn):
        return (action.frame,)
    return action.frames if isinstance(action, StrokesErased) else ()
