"""A session's program as a scribble file that ``main.py --infer --scribbles`` replays to the same masks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ...loader.replay_file import Propagation, RoundSettings
from ...loader.scribbles import Stroke
from .program import AddStroke, GiveMask, LockObjects, Operation, SetObjects


@dataclass
class FileRound:
    """One round of the file: strokes of one frame, and how they were drawn and carried on."""

    strokes: list[Stroke]
    settings: RoundSettings
    propagations: list[Propagation] = field(default_factory=list)


def file_rounds(program: Sequence[Operation], strokes: Mapping[int, Stroke], frames: int) -> list[FileRound]:
    """Return the rounds of the file, in the plainest way that says all; those by hand, which are masks, are left out.

    Args:
        program: see `paddlevideo.app.projects.program.program`.
        strokes: by the number of their action.
        frames: how many the video has.
    """
    rounds: list[FileRound] = []
    objects: tuple[int, ...] = ()
    locked: tuple[int, ...] = ()
    last = objects, locked
    waiting: list[bool] = []  # of each round that was not propagated yet whether it is by hand
    by_hand = False  # the round that was propagated last
    for operation in program:
        if isinstance(operation, SetObjects):
            objects = operation.ids
        elif isinstance(operation, LockObjects):
            locked = operation.ids
        elif isinstance(operation, GiveMask):
            waiting.append(True)
        elif isinstance(operation, AddStroke):
            before = len(rounds)
            _add(rounds, strokes[operation.action], RoundSettings(objects, locked))
            waiting += [False] * (len(rounds) - before)
            last = objects, locked
        elif by_hand := waiting.pop(0) if waiting else by_hand:
            pass
        else:
            rounds[-1].propagations.append(Propagation(objects, locked, operation.span, operation.frames))
            last = objects, locked
    if rounds and last != (objects, locked):
        rounds[-1].propagations.append(Propagation(objects, locked, None, 0))
    return _plain(rounds, frames)


def _add(rounds: list[FileRound], stroke: Stroke, settings: RoundSettings) -> None:
    now = rounds[-1] if rounds else None
    if now is None or now.propagations or now.strokes[0].frame != stroke.frame or now.settings != settings:
        rounds.append(FileRound([], settings))
    rounds[-1].strokes.append(stroke)


def _plain(rounds: list[FileRound], frames: int) -> list[FileRound]:
    """Leave out what goes without saying when every round has all objects and is carried over the whole video."""
    drawn = max((stroke.object_id for each in rounds for stroke in each.strokes), default=0)
    everything = tuple(range(1, drawn + 1))
    whole = [Propagation(everything, (), None, frames)]
    if all(each.settings == RoundSettings(everything, ()) and each.propagations == whole for each in rounds):
        return [FileRound(each.strokes, RoundSettings()) for each in rounds]
    for each in rounds:
        told = (each.settings.objects, each.settings.locked)
        for place, one in enumerate(each.propagations):
            same = (one.objects, one.locked) == told
            told = (one.objects, one.locked)
            each.propagations[place] = replace(one, objects=None, locked=None) if same else one
        each.settings = replace(each.settings, propagations=tuple(each.propagations))
    return rounds
