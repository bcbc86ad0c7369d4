"""What a project is: a video, what was done to it, and what that amounts to. Everything is on disk at any moment.

`Record` has what was done, `MaskFiles` the masks that came of it. What both amount to now follows from the history:
objects and rounds are a `View`, each frame's mask is in `CurrentMasks`.
"""

from __future__ import annotations

import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import AppError
from .actions import Action, ObjectEdited, Propagated, StrokeDrawn, StrokesErased, frames_of
from .current_masks import CurrentMasks
from .facts import VideoFacts
from .history import View, view
from .mask_files import MaskFiles, read_png
from .program import Operation, Propagate, program
from .record import Record


class ProjectState:
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

    @property
    def hidden(self) -> tuple[int, ...]:
        """The ids of objects that the page does not show."""
        return tuple(self._record.hidden)

    def frames_done(self) -> int:
        """How many frames have a mask that is not out of date."""
        with self.lock:
            return sum(self.masks.state(frame) in "ap" for frame in range(self.frames))

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

    # ------------------------------------------------------------------------------------------------ inside

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
