"""What a person did, in order, and what follows from it: the objects, the rounds, and what a session has to be told.

An action is a plain dictionary with a ``number`` (never given twice), a ``group`` (one step of undo) and a ``kind``:

    stroke      key, frame, object_id, points
    erase       keys                            strokes of rounds that were not propagated yet
    object      change (add, edit, remove), object_id, and what it sets (name, color, locked)
    propagate   span                            of the first round that waits, else of the last one again

Undo is to leave out the last group. All functions here are pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Action = dict[str, Any]
Span = tuple[int, int]
Operation = tuple[Any, ...]
"""Of a session's program: ("objects", ids), ("lock", ids), ("stroke", number), ("propagate", number, frames, span)."""


@dataclass
class RoundView:
    """One round: strokes of one frame, and the propagation of them, if there was one."""

    number: int
    frame: int
    strokes: list[Action] = field(default_factory=list)
    propagation: Action | None = None

    def document(self) -> dict[str, Any]:
        """The round as the page gets it, apart from its strokes."""
        span = self.propagation["span"] if self.propagation else None
        return {"number": self.number, "frame": self.frame, "propagated": self.propagation is not None, "span": span}

    def stroke_documents(self) -> list[dict[str, Any]]:
        """Its strokes as the page gets them."""
        keys = ("key", "frame", "object_id", "points")
        return [{**{key: stroke[key] for key in keys}, "round": self.number} for stroke in self.strokes]


@dataclass
class View:
    """What a history amounts to."""

    objects: dict[int, dict[str, Any]]
    rounds: list[RoundView]

    @property
    def ids(self) -> tuple[int, ...]:
        """Ids of the objects."""
        return tuple(sorted(self.objects))

    @property
    def locked(self) -> tuple[int, ...]:
        """Ids of the locked objects."""
        return tuple(each for each in self.ids if self.objects[each]["locked"])

    @property
    def waiting(self) -> list[RoundView]:
        """Rounds that were not propagated yet."""
        return [each for each in self.rounds if each.propagation is None]


def in_force(history: Iterable[Action], frames_done: Mapping[int, int]) -> list[Action]:
    """Actions without the erased strokes and without propagations that gave no frame.

    Args:
        frames_done: number of a propagation to the number of frames that it gave; those with none may be missing.
    """
    actions = list(history)
    erased = {key for action in actions if action["kind"] == "erase" for key in action["keys"]}
    kept = []
    for action in actions:
        if action["kind"] == "stroke" and action["key"] in erased:
            continue
        if action["kind"] == "propagate" and not frames_done.get(action["number"]):
            continue
        kept.append(action)
    return kept


def view(objects: Iterable[Mapping[str, Any]], history: Iterable[Action], frames_done: Mapping[int, int]) -> View:
    """Fold a history that starts from ``objects``."""
    now = View({each["id"]: dict(each) for each in objects}, [])
    for action in in_force(history, frames_done):
        _fold(now, action)
    return now


def _fold(now: View, action: Action) -> None:
    rounds = now.rounds
    if action["kind"] == "stroke":
        last = rounds[-1] if rounds else None
        if last is None or last.frame != action["frame"] or last.propagation:
            rounds.append(RoundView(len(rounds) + 1, action["frame"]))
        rounds[-1].strokes.append(action)
    elif action["kind"] == "propagate":
        (now.waiting or rounds[-1:])[0].propagation = action
    elif action["kind"] == "object":
        object_id = action["object_id"]
        if action["change"] == "remove":
            del now.objects[object_id]
        else:
            fields: dict[str, Any] = {key: action[key] for key in ("name", "color", "locked") if key in action}
            now.objects[object_id] = {**now.objects.get(object_id, {"id": object_id, "locked": False}), **fields}


def program(
    objects: Iterable[Mapping[str, Any]], history: Iterable[Action], frames_done: Mapping[int, int]
) -> list[Operation]:
    """What to tell a fresh session, so that it ends up where ``history`` did; see `Operation`."""
    now = View({each["id"]: dict(each) for each in objects}, [])
    told: list[Operation] = [("objects", now.ids), ("lock", now.locked)]
    for action in in_force(history, frames_done):
        again = action["kind"] == "propagate" and not now.waiting
        ids, locked = now.ids, now.locked
        _fold(now, action)
        if action["kind"] == "stroke":
            told.append(("stroke", action["number"]))
        elif action["kind"] == "propagate":
            operation = ("propagate", action["number"], frames_done[action["number"]], _span(action))
            if again and told[-1][0] == "propagate" and _covers(operation, told[-1]):
                told.pop()  # the same round once more, from where it began
            told.append(operation)
        # An object that goes unlocks itself; one that comes is free.
        if now.ids != ids:
            told.append(("objects", now.ids))
        if now.locked != locked:
            told.append(("lock", now.locked))
    return told


def _covers(later: Operation, earlier: Operation) -> bool:
    """Whether a propagation gives every frame anew that one of the same round gave before."""
    return bool(later[3] == earlier[3] and later[2] >= earlier[2])


def _span(action: Action) -> Span | None:
    return tuple(action["span"]) if action["span"] else None
