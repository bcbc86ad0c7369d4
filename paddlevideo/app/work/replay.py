"""Keeps a session in step with a project's history.

The session's program (`program.program`) is compared with what the session has already done. Where they differ, rounds
are undone one by one if the session can undo that far; otherwise the session begins anew. Then the rest is done.
A session is kept in the project's folder after a propagation, so that it opens again without doing all that.
Everything happens in steps of one answer or one frame, so that the worker can do something else in between.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple
from itertools import groupby, islice, takewhile
from typing import Any

from ...session.rounds import FrameResult
from ...session.session import Session
from ...utils.errors import InputError
from ..projects.actions import Span, as_stroke
from ..projects.program import AddStroke, GiveMask, LockObjects, Operation, Propagate, SetObjects
from ..projects.project import Project

OpenSession = Callable[[Sequence[int]], Session]
FILE = "session.zip"  # in a project's folder

logger = logging.getLogger(__name__)
_KINDS: dict[str, Callable[..., Operation]] = {
    each.__name__: each for each in (SetObjects, LockObjects, AddStroke, GiveMask, Propagate)
}


class Replay:
    """One project's session.

    Args:
        project: the project.
        open_session: objects' ids to a fresh session of the project's video.
        network: of the sessions; one in the project's folder that is of another is passed over.
    """

    def __init__(self, project: Project, open_session: OpenSession, network: str = "") -> None:
        self.project = project
        self._open = open_session
        self._network = network
        self._file = project.folder / FILE
        self._saving: Iterator[None] | None = None
        self._begin()
        self._kept: list[Propagate] = []  # what the session on disk has carried on
        if self._file.exists():
            self._load()

    def _begin(self) -> None:
        self.session = self._open(self._first_objects() or (1,))
        self._told: list[Operation] = []
        self._touched: list[int | None] = []  # for each of them the round, from 0, that it worked on
        self._starts: list[int] = []  # for every round of the session the operation that began it
        self._walk: Iterator[FrameResult] | None = None  # the last operation's, a propagation that may go on

    def steps_left(self) -> int:
        """How many frames and answers `bring` would compute now."""
        program = self.project.program()
        left = program[_common(self._told, program) :]
        answers = sum(frame is not None for frame, _ in groupby(left, self._frames_drawn_on()))
        masks = sum(isinstance(each, GiveMask) for each in left)
        return answers + masks + sum(each.frames for each in left if isinstance(each, Propagate))

    def bring(self, walking: bool = False, again: bool = False) -> Iterator[None]:
        """Bring the session to where the project is, a step at a time, and keep masks that the project waits for.

        With ``walking`` the propagation that came last can go on afterwards, see `go_on`; with ``again`` the last round
        can be carried again.
        """
        program = self.project.program()
        known = _common(self._told, program)
        if known < len(self._told):
            self._take_back(known)
        if walking and self._walk is None and len(self._told) == len(program):
            self._take_back(len(program) - 1)
        rounds = self.session.rounds
        if again and rounds and rounds[-1].propagated and rounds[-1].before is None:  # it is not known where it began
            self._begin()
        while len(self._told) < len(program):
            place = len(self._told)
            operation = program[place]
            if isinstance(operation, AddStroke):
                yield from self._draw(program, place)
            elif isinstance(operation, Propagate):
                for _ in self.propagate(operation.action, operation.span, operation.frames):
                    yield
            elif isinstance(operation, GiveMask):
                self._give(operation)
                yield
            else:
                self._set(operation)
                self._told.append(operation)
                self._touched.append(None)
        self._keep_answers()

    def propagate(self, action: int, span: Span | None, frames: int) -> Iterator[FrameResult]:
        """Carry on the round that is next, as ``action`` says, and give its ``frames`` frames; `bring` comes before."""
        place = len(self._told)
        rounds = self.session.rounds
        waiting = [number for number, each in enumerate(rounds) if not each.propagated]
        touched = (waiting or [len(rounds) - 1])[0]
        self._walk = self.session.propagate(span)
        for count, result in enumerate(islice(self._walk, frames), 1):
            self._told[place:] = [Propagate(action, count, span)]
            self._touched[place:] = [touched]
            yield result

    def go_on(self, action: int, frames: int) -> Iterator[FrameResult]:
        """Give the rest of the propagation that came last, ``frames`` in all, as of ``action``; see `bring`."""
        last = self._told[-1]
        assert isinstance(last, Propagate) and self._walk is not None
        for count, result in enumerate(islice(self._walk, frames - last.frames), last.frames + 1):
            self._told[-1] = Propagate(action, count, last.span)
            yield result

    def keep(self) -> bool:
        """Do a step of writing the session to the project's folder; False when what is there will do.

        It will do as long as only strokes are new, which are answered quickly.
        """
        carried = [each for each in self._told if isinstance(each, Propagate)]
        if self.project.gone or (self._saving is None and carried == self._kept):
            return False
        if self._saving is None:
            told = [[type(each).__name__, *astuple(each)] for each in self._told]
            notes = {"told": told, "touched": list(self._touched), "starts": list(self._starts)}
            self._saving, self._kept = self.session.save(self._file, self._network, notes), carried
        try:
            if next(self._saving, self) is self:
                self._saving = None
        except (InputError, OSError) as error:  # the next one may be kept
            logger.warning("project %s: its session is not kept: %s", self.project.id, error)
            self._saving = None
        return True

    # ------------------------------------------------------------------------------------------------ inside

    def _load(self) -> None:
        """Take up the session that was kept; what cannot be read is done again."""
        try:
            notes = self.session.load(self._file, self._network)
        except InputError as error:
            logger.info("%s; its work is done again", error)
            return
        self._told = [_operation(*each) for each in notes["told"]]
        self._touched, self._starts = notes["touched"], notes["starts"]
        self._kept = [each for each in self._told if isinstance(each, Propagate)]

    def _draw(self, program: list[Operation], place: int) -> Iterator[None]:
        """Draw all strokes that follow one another on one frame, which is answered once."""
        actions = self.project.strokes()
        frame_of = self._frames_drawn_on()
        following = takewhile(lambda each: frame_of(each) == frame_of(program[place]), program[place:])
        batch = [as_stroke(actions[each.action]) for each in following if isinstance(each, AddStroke)]
        self._walk = None
        before = len(self.session.rounds)
        self.session.add_strokes(batch)
        if len(self.session.rounds) > before:
            self._starts.append(place)
        self._told += program[place : place + len(batch)]
        self._touched += [len(self._starts) - 1] * len(batch)
        yield

    def _give(self, operation: GiveMask) -> None:
        """Take a person's mask, which begins a round."""
        self._walk = None
        self.session.add_mask(operation.frame, self.project.given_mask(operation.action, operation.frame))
        self._starts.append(len(self._told))
        self._told.append(operation)
        self._touched.append(len(self._starts) - 1)

    def _frames_drawn_on(self) -> Callable[[Operation], int | None]:
        """Gives the frame of an operation that is a stroke, None for another."""
        strokes = self.project.strokes()
        return lambda each: strokes[each.action].frame if isinstance(each, AddStroke) else None

    def _first_objects(self) -> tuple[int, ...]:
        first = self.project.program()[0]
        return first.ids if isinstance(first, SetObjects) else ()

    def _set(self, operation: SetObjects | LockObjects) -> None:
        self._walk = None
        if isinstance(operation, SetObjects):
            self.session.set_objects(operation.ids)
        else:
            self.session.lock(operation.ids)

    def _take_back(self, known: int) -> None:
        """Undo rounds until only operations before ``known`` have been done."""
        self._walk = None
        first = self._first_touched(known)
        if first is not None:
            # What was done to earlier rounds since this one began has to go as well, and so on.
            while self._starts[first] < known:
                known = self._starts[first]
                first = min(first, self._first_touched(known) or 0)
            try:
                while len(self._starts) > first:
                    self.session.undo()
                    self._starts.pop()
            except InputError:  # too long ago
                self._begin()
                return
        del self._told[known:], self._touched[known:]
        objects = [each for each in self._told if isinstance(each, SetObjects)]
        locks = [each for each in self._told if isinstance(each, LockObjects)]
        last: list[SetObjects | LockObjects] = [*objects[-1:], *locks[-1:]]
        for operation in last:
            self._set(operation)

    def _first_touched(self, place: int) -> int | None:
        """The first of the rounds that operations from ``place`` on worked on."""
        return min((touched for touched in self._touched[place:] if touched is not None), default=None)

    def _keep_answers(self) -> None:
        waiting = {each.frame for each in self.project.view.waiting}
        for action, frame in self.project.unanswered():
            if frame in waiting:
                self.project.put_mask(action, frame, self.session.mask(frame))
            else:
                self.project.drop_mask(action, frame)


def _common(one: Sequence[Operation], other: Sequence[Operation]) -> int:
    count = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        count += 1
    return count


def _operation(kind: str, *values: Any) -> Operation:
    return _KINDS[kind](*(tuple(each) if isinstance(each, list) else each for each in values))
