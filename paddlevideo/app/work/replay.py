"""Keeps a session in step with a project's history.

The session's program (`history.program`) is compared with what it was told already. What differs is taken back round by
round where the session can undo that far, else the session begins anew; then the rest is told. Everything comes in
steps of one answer or one frame, so that the worker can do something else in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from ...loader.scribbles import Stroke
from ...session.rounds import FrameResult
from ...session.session import Session
from ...utils.errors import InputError
from ..projects.history import Action, Operation, Span
from ..projects.project import Project

OpenSession = Callable[[Sequence[int]], Session]


class Replay:
    """One project's session.

    Args:
        project: the project.
        open_session: objects' ids to a fresh session of the project's video.
    """

    def __init__(self, project: Project, open_session: OpenSession) -> None:
        self.project = project
        self._open = open_session
        self._begin()

    def _begin(self) -> None:
        ids = self.project.program()[0][1]
        self.session = self._open(ids or (1,))
        self._told: list[Operation] = []
        self._touched: list[int | None] = []  # for each of them the round, from 0, that it worked on
        self._starts: list[int] = []  # for every round of the session the operation that began it

    def steps_left(self) -> int:
        """How many frames and answers `bring` would compute now."""
        program = self.project.program()
        known = _common(self._told, program)
        return sum(each[2] if each[0] == "propagate" else each[0] == "stroke" for each in program[known:])

    def bring(self) -> Iterator[None]:
        """Bring the session to where the project is, a step at a time, and keep masks that the project waits for."""
        program = self.project.program()
        known = _common(self._told, program)
        if known < len(self._told):
            self._take_back(known)
        while len(self._told) < len(program):
            place = len(self._told)
            operation = program[place]
            if operation[0] == "stroke":
                yield from self._draw(program, place)
            elif operation[0] == "propagate":
                yield from self._carry(operation)
            else:
                self._set(operation)
                self._told.append(operation)
                self._touched.append(None)
        self._keep_answers()

    def propagate(self, action: Action, span: Span | None, frames: int) -> Iterator[FrameResult]:
        """Carry the round that is next on and give its ``frames`` frames one by one; `bring` comes before."""
        place = len(self._told)
        rounds = self.session.rounds
        waiting = [number for number, each in enumerate(rounds) if not each.propagated]
        touched = (waiting or [len(rounds) - 1])[0]
        for count, result in enumerate(islice(self.session.propagate(span), frames), 1):
            self._told[place:] = [("propagate", action["number"], count, span)]
            self._touched[place:] = [touched]
            yield result

    # ------------------------------------------------------------------------------------------------ inside

    def _draw(self, program: list[Operation], place: int) -> Iterator[None]:
        """Draw all strokes that follow one another on one frame, which is answered once."""
        actions = self.project.strokes()
        batch = [place]
        frame = actions[program[place][1]]["frame"]
        while (
            batch[-1] + 1 < len(program)
            and program[batch[-1] + 1][0] == "stroke"
            and actions[program[batch[-1] + 1][1]]["frame"] == frame
        ):
            batch.append(batch[-1] + 1)
        strokes = [as_stroke(actions[program[each][1]]) for each in batch]
        before = len(self.session.rounds)
        self.session.add_strokes(strokes)
        if len(self.session.rounds) > before:
            self._starts.append(place)
        self._told += [program[each] for each in batch]
        self._touched += [len(self._starts) - 1] * len(batch)
        yield

    def _carry(self, operation: Operation) -> Iterator[None]:
        _, number, frames, span = operation
        for _ in self.propagate({"number": number}, span, frames):
            yield

    def _set(self, operation: Operation) -> None:
        if operation[0] == "objects":
            self.session.set_objects(operation[1])
        else:
            self.session.lock(operation[1])

    def _take_back(self, known: int) -> None:
        """Undo rounds until only operations before ``known`` have been told."""
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
        for kind in ("objects", "lock"):
            told = [each for each in self._told if each[0] == kind]
            if told:
                self._set(told[-1])

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


def as_stroke(action: Action) -> Stroke:
    """A stroke's action as the session takes it."""
    return Stroke(action["object_id"], action["frame"], tuple((x, y) for x, y in action["points"]))
