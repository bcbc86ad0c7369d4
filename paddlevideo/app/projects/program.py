"""A project's history as operations of a session: what to do with a fresh one, so that it ends up in the same place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from .actions import Action, MaskGiven, Propagated, Span, StrokeDrawn
from .facts import ObjectState
from .history import View, in_force


@dataclass(frozen=True)
class SetObjects:
    """From here on the session has these objects."""

    ids: tuple[int, ...]


@dataclass(frozen=True)
class LockObjects:
    """From here on these objects are locked, and no others."""

    ids: tuple[int, ...]


@dataclass(frozen=True)
class AddStroke:
    """Draw the stroke of an action, by its number."""

    action: int


@dataclass(frozen=True)
class GiveMask:
    """Take the mask of an action for its frame's."""

    action: int
    frame: int


@dataclass(frozen=True)
class Propagate:
    """Take the first ``frames`` frames of a propagation over ``span``, the action's number given."""

    action: int
    frames: int
    span: Span | None

    def covers(self, earlier: Propagate) -> bool:
        """Whether it gives every frame anew that an earlier one of the same round gave."""
        return self.span == earlier.span and self.frames >= earlier.frames


_ANSWERED = (AddStroke, GiveMask, Propagate)
Operation = SetObjects | LockObjects | AddStroke | GiveMask | Propagate


def program(
    objects: Iterable[ObjectState], history: Iterable[Action], frames_done: Mapping[int, int]
) -> list[Operation]:
    """The operations, of which the first two set the objects and the locked ones; see `history.in_force`."""
    now = View.of(objects)
    operations: list[Operation] = [SetObjects(now.ids), LockObjects(now.locked)]
    for action in in_force(history, frames_done):
        again = not now.waiting
        ids, locked = now.ids, now.locked
        now.follow(action)
        if isinstance(action, StrokeDrawn):
            operations.append(AddStroke(action.number))
        elif isinstance(action, MaskGiven):
            _drop_replaced(operations, action.frame)
            operations.append(GiveMask(action.number, action.frame))
        elif isinstance(action, Propagated):
            operation = Propagate(action.number, frames_done[action.number], action.span)
            last = operations[-1]
            if isinstance(last, Propagate):
                if action.goes_on:
                    operations.pop()
                    operation = replace(operation, frames=last.frames + operation.frames)
                elif again and operation.covers(last) and isinstance(operations[-2], _ANSWERED):
                    # The same round once more, from where it began; its answer was of other locks where they come
                    # between.
                    operations.pop()
            operations.append(operation)
        # An object that goes unlocks itself; one that comes is free.
        if now.ids != ids:
            operations.append(SetObjects(now.ids))
        if now.locked != locked:
            operations.append(LockObjects(now.locked))
    return operations


def _drop_replaced(operations: list[Operation], frame: int) -> None:
    """Drop the last mask of ``frame`` where another one follows at once: both are of one round."""
    place = len(operations) - 1
    while isinstance(operations[place], SetObjects | LockObjects) and place:
        place -= 1
    last = operations[place]
    if isinstance(last, GiveMask) and last.frame == frame:
        del operations[place]
