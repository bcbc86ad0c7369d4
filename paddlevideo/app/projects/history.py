"""What follows from a person's actions: the objects and rounds of a project.

Undo is to leave out the last group. All functions here are pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .actions import (
    Action,
    MaskGiven,
    ObjectAction,
    ObjectAdded,
    ObjectRemoved,
    Propagated,
    StrokeDrawn,
    StrokesErased,
    frames_of,
)
from .facts import ObjectState


@dataclass
class RoundView:
    """One round: strokes of one frame or its mask by hand, the propagation, if there was one, and how many frames it
    gave."""

    number: int
    frame: int
    strokes: list[StrokeDrawn] = field(default_factory=list)
    by_hand: MaskGiven | None = None
    propagation: Propagated | None = None
    done: int = 0

    @property
    def drawn(self) -> set[int]:
        """The ids that it is about; 0 is the background."""
        if self.by_hand:
            return set(self.by_hand.changed or self.by_hand.objects)
        return {stroke.object_id for stroke in self.strokes}

    def document(self, video: int) -> dict[str, Any]:
        """The round as the page gets it, apart from its strokes, for a video's number of frames."""
        span = self.propagation.span if self.propagation else None
        return {
            "number": self.number,
            "frame": self.frame,
            "propagated": self.propagation is not None,
            "span": span,
            "done": self.done,
            "total": frames_of(span, video) if self.propagation else 0,
            "by_hand": self.by_hand is not None,
            "objects": sorted(self.drawn - {0}),
        }

    def stroke_documents(self) -> list[dict[str, Any]]:
        """Its strokes as the page gets them."""
        return [
            {
                "key": stroke.key,
                "frame": stroke.frame,
                "object_id": stroke.object_id,
                "points": stroke.points,
                "round": self.number,
                "shape": stroke.shape,
                "radius": stroke.radius,
            }
            for stroke in self.strokes
        ]


@dataclass
class View:
    """What a history amounts to."""

    objects: dict[int, ObjectState]
    rounds: list[RoundView]

    @staticmethod
    def of(objects: Iterable[ObjectState]) -> View:
        """Before the first action."""
        return View({each.id: each for each in objects}, [])

    @property
    def ids(self) -> tuple[int, ...]:
        """Ids of the objects."""
        return tuple(sorted(self.objects))

    @property
    def locked(self) -> tuple[int, ...]:
        """Ids of the locked objects."""
        return tuple(each for each in self.ids if self.objects[each].locked)

    @property
    def waiting(self) -> list[RoundView]:
        """Rounds that were not propagated yet."""
        return [each for each in self.rounds if each.propagation is None]

    def round_of(self, propagation: Propagated) -> RoundView:
        """The round that a propagation carries, which comes next or is the last one of this view."""
        if propagation.goes_on:
            return max(self.rounds, key=lambda each: each.propagation.number if each.propagation else 0)
        return (self.waiting or self.rounds[-1:])[0]

    def follow(self, action: Action, frames: int = 0) -> None:
        """Note one more action, and how many frames it gave.

        Strokes that were erased and propagations that gave no frame are not among them.
        """
        if isinstance(action, StrokeDrawn):
            self._draw(action)
        elif isinstance(action, MaskGiven):
            self._round_on(action.frame, by_hand=True).by_hand = action
        elif isinstance(action, Propagated):
            carried = self.round_of(action)
            carried.done = frames + (carried.done if action.goes_on else 0)
            carried.propagation = action
        elif not isinstance(action, StrokesErased):
            self._change_object(action)

    def _draw(self, stroke: StrokeDrawn) -> None:
        self._round_on(stroke.frame, by_hand=False).strokes.append(stroke)

    def _round_on(self, frame: int, by_hand: bool) -> RoundView:
        """The last round, if it waits on this frame and is of the same kind, else a new one."""
        last = self.rounds[-1] if self.rounds else None
        if last is None or last.frame != frame or last.propagation or by_hand != bool(last.by_hand):
            last = RoundView(len(self.rounds) + 1, frame)
            self.rounds.append(last)
        return last

    def _change_object(self, action: ObjectAction) -> None:
        object_id = action.object_id
        if isinstance(action, ObjectRemoved):
            del self.objects[object_id]
        elif isinstance(action, ObjectAdded):
            self.objects[object_id] = ObjectState(object_id, action.name, action.color, locked=False)
        else:
            self.objects[object_id] = replace(self.objects[object_id], **action.new_fields())


def in_force(history: Iterable[Action], frames_done: Mapping[int, int]) -> list[Action]:
    """Actions without the erased strokes and without propagations that gave no frame.

    Args:
        frames_done: number of a propagation to the number of frames that it gave; those with none may be missing.
    """
    actions = list(history)
    erased = {key for action in actions if isinstance(action, StrokesErased) for key in action.keys}
    return [
        action
        for action in actions
        if not (isinstance(action, StrokeDrawn) and action.key in erased)
        and not (isinstance(action, Propagated) and not frames_done.get(action.number))
    ]


def view(objects: Iterable[ObjectState], history: Iterable[Action], frames_done: Mapping[int, int]) -> View:
    """Fold a history that starts from ``objects``."""
    now = View.of(objects)
    for action in in_force(history, frames_done):
        now.follow(action, frames_done.get(action.number, 0))
    return now
