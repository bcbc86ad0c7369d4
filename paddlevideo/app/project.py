"""One project: a video, what a person did to it, and the masks. Everything is on disk at any moment.

``project.json`` is replaced whole with every change. Shapes: H W the video's own size.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np

from ..loader.scribbles import MAX_OBJECT_ID
from ..utils.files import atomic_path
from . import history
from .errors import AppError
from .history import Action, Operation, Span, View
from .mask_files import MaskFiles, encode_png, read_png

COLORS = (
    "#e6194b", "#3cb44b", "#4363d8", "#f58231", "#911eb4", "#42d4f4", "#f032e6", "#bfef45", "#fabed4", "#469990",
)  # fmt: skip
"""Of new objects, in turn."""


class Project:
    """See the module's text; every method may be called from any thread, changes under ``lock``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.id = folder.name
        self.lock = threading.RLock()
        self._data: dict[str, Any] = json.loads((folder / "project.json").read_text(encoding="utf-8"))
        self._masks = MaskFiles(folder)
        self._masks.forget({action["number"] for action in [*self._history, *self._redo]})
        self.around = 0  # the frame that was looked at last
        self._note_change()

    @staticmethod
    def create(folder: Path, name: str, source: dict[str, Any], video: dict[str, Any]) -> Project:
        """Make the folder of a new project and open it.

        Args:
            source: ``path`` of the video (relative to ``folder`` when it was uploaded), ``name``, ``uploaded``.
            video: ``frames``, ``width``, ``height``, ``rate``.
        """
        data = {
            "name": name,
            "source": source,
            "video": video,
            "revision": 1,
            "next_number": 1,
            "objects": [{"id": 1, "name": "", "color": COLORS[0], "locked": False}],
            "hidden": [],
            "settings": {},
            "history": [],
            "redo": [],
            "changed": _now(),
        }
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_path(folder / "project.json") as temporary:
            temporary.write_text(json.dumps(data), encoding="utf-8")
        return Project(folder)

    # ------------------------------------------------------------------------------------------------- facts

    @property
    def revision(self) -> int:
        """Grows with every change of a person."""
        return int(self._data["revision"])

    @property
    def name(self) -> str:
        """What the person calls it."""
        return str(self._data["name"])

    @property
    def changed(self) -> str:
        """When it was changed last, ISO time."""
        return str(self._data["changed"])

    @property
    def video(self) -> dict[str, Any]:
        """``frames``, ``width``, ``height``, ``rate``."""
        return dict(self._data["video"])

    @property
    def frames(self) -> int:
        """How many frames the video has."""
        return int(self._data["video"]["frames"])

    @property
    def video_path(self) -> Path:
        """The video file or the folder of pictures."""
        return self.folder / self._data["source"]["path"]

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
            rounds = self._view.rounds
            strokes = [
                {**{key: stroke[key] for key in ("key", "frame", "object_id", "points")}, "round": each.number}
                for each in rounds
                for stroke in each.strokes
            ]
            return {
                "id": self.id,
                "name": self.name,
                "revision": self.revision,
                "source": self._data["source"]["name"],
                "uploaded": self._data["source"]["uploaded"],
                "video": self.video,
                "objects": [
                    {**self._view.objects[each], "hidden": each in self._data["hidden"]} for each in self._view.ids
                ],
                "strokes": strokes,
                "rounds": [
                    {
                        "number": each.number,
                        "frame": each.frame,
                        "propagated": each.propagation is not None,
                        "span": each.propagation["span"] if each.propagation else None,
                    }
                    for each in rounds
                ],
                "frames": {"masks": self.mask_revisions(), "state": self.states(), "changed": self._changed_last()},
                "can_undo": bool(self._history),
                "can_redo": bool(self._redo),
                "settings": self._data["settings"],
            }

    def states(self) -> str:
        """A character a frame: ``.`` no mask, ``p`` propagated, ``s`` stale, ``a`` annotated."""
        with self.lock:
            return "".join(map(self.state, range(self.frames)))

    def state(self, frame: int) -> str:
        """The character of one frame, see `states`."""
        if frame in self._annotated:
            return "a"
        writer = self._current.get(frame)
        if writer is None or not self._entry(frame).source:
            return "."
        return "s" if self._stale(frame, writer) else "p"

    # ------------------------------------------------------------------------------------------------- masks

    def mask_revisions(self) -> list[int]:
        """For each frame a number that changes with its mask; 0 where it has none."""
        return [self.mask_revision(frame) for frame in range(self.frames)]

    def mask_revision(self, frame: int) -> int:
        """Of one frame, see `mask_revisions`."""
        writer = self._current.get(frame)
        if writer is None or not self._entry(frame).source:
            return 0
        return max(writer, self._removed_at)

    def mask_file(self, frame: int) -> Path | None:
        """The file of a frame's mask as it is now, None without one; it may hold objects that were removed since."""
        with self.lock:
            source = self._entry(frame).source if frame in self._current else 0
            return self._masks.path(frame, source) if source else None

    def mask(self, frame: int) -> np.ndarray:
        """A frame's mask (H,W) uint8; all background where it has none."""
        with self.lock:
            path, ids = self.mask_file(frame), self._view.ids
        if path is None:
            return np.zeros((self._data["video"]["height"], self._data["video"]["width"]), np.uint8)
        return only(read_png(path), ids)

    def mask_png(self, frame: int) -> bytes | None:
        """A frame's mask as a grey PNG, None where it has none."""
        path = self.mask_file(frame)
        if path is None:
            return None
        return encode_png(self.mask(frame)) if self._removed_at else path.read_bytes()

    def put_mask(self, action: int, frame: int, mask: np.ndarray) -> None:
        """Keep the mask (H,W) that an action gave a frame."""
        with self.lock:
            changed = float((self.mask(frame) != mask).mean())
            self._masks.put(action, frame, mask, changed)
            self._note_mask(action, frame)

    def drop_mask(self, action: int, frame: int) -> None:
        """Note that an action left a frame as the last propagation left it, maybe without a mask."""
        with self.lock:
            sources = [
                each["number"]
                for each in self._history
                if each["kind"] == "propagate" and frame in self._masks.entries.get(each["number"], ())
            ]
            self._masks.refer(action, frame, sources[-1] if sources else 0)
            self._note_mask(action, frame)

    # ----------------------------------------------------------------------------------------------- changes

    def program(self) -> list[Operation]:
        """What a session has to be told, see `history.program`."""
        with self.lock:
            return history.program(self._data["objects"], self._history, self._masks.counts())

    def strokes(self) -> dict[int, Action]:
        """The strokes of the whole history by the number of their action."""
        with self.lock:
            return {action["number"]: action for action in self._history if action["kind"] == "stroke"}

    def unanswered(self) -> list[tuple[int, int]]:
        """(action, frame) of strokes and erasings whose mask is not there yet."""
        with self.lock:
            return [
                (action["number"], frame)
                for action in self._history
                if action["kind"] in ("stroke", "erase")
                for frame in action.get("frames") or [action["frame"]]
                if frame not in self._masks.entries.get(action["number"], {})
            ]

    def add_stroke(self, key: str, frame: int, object_id: int, points: Sequence[Sequence[float]]) -> Action:
        """Note a stroke; points are x, y in 0..1."""
        self.check_frame(frame)
        with self.lock:
            if object_id and object_id not in self._view.objects:
                raise AppError("no_object", object=object_id)
            if object_id in self._view.locked:
                raise AppError("object_locked", object=object_id)
            rounded = [[round(x, 6), round(y, 6)] for x, y in points]
            return self._act("stroke", key=key, frame=frame, object_id=object_id, points=rounded)

    def erase(self, keys: Sequence[str]) -> Action:
        """Take strokes back that were not propagated yet."""
        with self.lock:
            since = self._last["number"] if self._last else 0
            waiting = {
                stroke["key"]: each.frame
                for each in self._view.waiting
                for stroke in each.strokes
                if stroke["number"] > since  # what a stopped propagation has built upon stays
            }
            if not keys or set(keys) - set(waiting):
                raise AppError("stroke_used")
            # Rounds that come after may be answered otherwise, so the frames of all are.
            return self._act("erase", keys=list(keys), frames=sorted(set(waiting.values())))

    def add_object(self, name: str, color: str | None = None) -> Action:
        """Add an object; its id was never given before."""
        with self.lock:
            actions = [*self._history, *self._redo]
            used = [each["id"] for each in self._data["objects"]]
            object_id = 1 + max(used + [action["object_id"] for action in actions if action["kind"] == "object"])
            if object_id > MAX_OBJECT_ID:
                raise AppError("too_many_objects", limit=MAX_OBJECT_ID)
            color = color or COLORS[(object_id - 1) % len(COLORS)]
            return self._act("object", change="add", object_id=object_id, name=name, color=color)

    def edit_object(self, object_id: int, fields: dict[str, Any]) -> None:
        """Set ``name``, ``color``, ``locked`` (a step of undo) or ``hidden`` (none) of an object."""
        with self.lock:
            self._known_object(object_id)
            fields = dict(fields)
            if "hidden" in fields:
                hidden = set(self._data["hidden"]) - {object_id}
                self._data["hidden"] = sorted(hidden | {object_id} if fields.pop("hidden") else hidden)
            new = {key: value for key, value in fields.items() if self._view.objects[object_id][key] != value}
            if new:
                self._act("object", change="edit", object_id=object_id, **new)
            else:
                self._save()

    def remove_object(self, object_id: int) -> None:
        """Remove an object: it becomes background in all masks."""
        with self.lock:
            self._known_object(object_id)
            self._act("object", change="remove", object_id=object_id)

    def begin_propagation(self, span: Span | None, group: int | None, frames: int) -> Action:
        """Note that the next waiting round, else the last one, is propagated; ``group`` None begins a step of undo.

        ``frames`` is how many frames it will give when nothing stops it.
        """
        with self.lock:
            return self._act("propagate", group, span=list(span) if span else None, frames_wanted=frames)

    def edit(self, name: str | None, settings: dict[str, Any] | None) -> None:
        """Rename the project, or set some of the page's settings, for which the revision stays."""
        with self.lock:
            if name is not None:
                self._data["name"] = name
            self._data["settings"] |= settings or {}
            self._save(grow=name is not None)

    def undo(self) -> None:
        """Take the last step back."""
        with self.lock:
            self._move(self._history, self._redo, "nothing_to_undo")

    def redo(self) -> None:
        """Do the last step that was taken back again."""
        with self.lock:
            self._move(self._redo, self._history, "nothing_to_redo")

    # ------------------------------------------------------------------------------------------------ inside

    @property
    def _history(self) -> list[Action]:
        return self._data["history"]

    @property
    def _redo(self) -> list[Action]:
        return self._data["redo"]

    def _known_object(self, object_id: int) -> None:
        if object_id not in self._view.objects:
            raise AppError("no_object", object=object_id)

    def _act(self, kind: str, group: int | None = None, **fields: Any) -> Action:
        number = self._data["next_number"]
        action = {"number": number, "group": group or number, "kind": kind, **fields}
        self._data["next_number"] = number + 1
        self._history.append(action)
        self._redo.clear()
        self._save(grow=group is None)
        return action

    def _move(self, source: list[Action], target: list[Action], nothing: str) -> None:
        if not source:
            raise AppError(nothing)
        group = source[-1]["group"]
        while source and source[-1]["group"] == group:
            target.append(source.pop())
        self._save()

    def _save(self, grow: bool = True) -> None:
        """Write ``project.json``; a later part of one change does not let the revision grow again."""
        self._data["revision"] += grow
        self._data["changed"] = _now()
        with atomic_path(self.folder / "project.json") as temporary:
            temporary.write_text(json.dumps(self._data, separators=(",", ":")), encoding="utf-8")
        self._note_change()

    def _note_change(self) -> None:
        """Work out what follows from the history."""
        self._view = history.view(self._data["objects"], self._history, self._masks.counts())
        self._current = self._writers()
        removals = [each["number"] for each in self._history if each.get("change") == "remove"]
        self._removed_at = max(removals, default=0)
        self._annotated = {each.frame for each in self._view.rounds}
        given = self._masks.entries
        propagations = [each for each in self._history if each["kind"] == "propagate" and each["number"] in given]
        self._last = propagations[-1] if propagations else None

    def _writers(self) -> dict[int, int]:
        """For every frame the last action in force that gave its mask."""
        writers: dict[int, int] = {}
        for action in self._history:
            for frame in self._masks.entries.get(action["number"], ()):
                writers[frame] = action["number"]
        return writers

    def _note_mask(self, action: int, frame: int) -> None:
        if any(each["number"] == action for each in self._history):
            self._current[frame] = action
            if len(self._masks.entries[action]) == 1:
                self._note_change()  # a propagation counts from its first frame on

    def _entry(self, frame: int) -> Any:
        return self._masks.entries[self._current[frame]][frame]

    def _stale(self, frame: int, writer: int) -> bool:
        """Whether strokes, or a propagation that was stopped, have not reached the frame yet."""
        if self._view.waiting:
            return True
        last = self._last
        if last is None or writer >= last["number"]:
            return False
        first, end = last["span"] or (0, self.frames - 1)
        return bool(first <= frame <= end)

    def _changed_last(self) -> list[float | None]:
        """The fraction of pixels that the last propagation changed, for the frames that have their mask from it."""
        entries = self._masks.entries.get(self._last["number"], {}) if self._last else {}
        return [entries[frame].changed if frame in entries else None for frame in range(self.frames)]


def only(mask: np.ndarray, ids: Sequence[int]) -> np.ndarray:
    """The mask with all other ids than these as background."""
    kept = np.isin(np.arange(256), ids)
    return np.where(kept[mask], mask, 0).astype(np.uint8)


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
