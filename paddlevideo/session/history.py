"""The rounds of a session, the state that they have led to, and the ways on and back.

Shapes: h w embedding grid, H W the video's own size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from ..loader.scribbles import UNLABELLED, Stroke
from ..utils.arrays import Labels, Mask
from ..utils.errors import InputError
from .interaction import Ids, Interaction
from .propagation import Propagation
from .rounds import FrameResult, Round, State
from .rules.reach import REPLACE, blend_of


class History:
    """Rounds are opened, answered, propagated and undone here; what they say was checked before.

    Args:
        rounds: none yet; read by others while it grows.
        interaction: answers annotated frames.
        propagation: carries their masks on.
        state: before the first round.
        ids: those of the rows of every map, at the time of asking.
        undo_depth: how many of the last rounds can be undone.
    """

    def __init__(
        self,
        rounds: list[Round],
        interaction: Interaction,
        propagation: Propagation,
        state: State,
        ids: Callable[[], Ids],
        undo_depth: int,
    ) -> None:
        self.rounds = rounds
        self.state = state
        self._interaction = interaction
        self._propagation = propagation
        self._ids = ids
        self._undo_depth = undo_depth
        self._pass: object | None = None  # the propagation that may go on; any other change ends it

    def interrupt(self) -> None:
        """End a propagation that is still under way."""
        self._pass = None

    def answer_again(self) -> None:
        """Have rounds that wait for propagation answered anew: the objects are others now."""
        self.interrupt()
        for each in self.rounds:
            each.result = None

    def annotate(self, frame: int, label: Labels, strokes: Sequence[Stroke]) -> FrameResult:
        """Say more of the round that waits on ``frame``, or open one; return the frame's answer."""
        last = self.rounds[-1] if self.rounds else None
        if last is None or last.frame != frame or last.mask is not None or last.propagated:
            return self.open(frame, label, strokes=strokes)
        self._pass = None
        last.label = np.where(label != UNLABELLED, label, last.label)
        last.strokes += strokes
        return self._begin(last)

    def open(self, frame: int, label: Labels, mask: Mask | None = None, strokes: Sequence[Stroke] = ()) -> FrameResult:
        """Begin a round with a label (h,w) or a whole mask (H,W), and return its frame's answer.

        A frame's mask replaces the one that waits there.
        """
        self._pass = None
        last = self.rounds[-1] if mask is not None and self.rounds else None
        if last is not None and last.mask is not None and last.frame == frame and not last.propagated:
            self.undo()
        self.settle()
        if self.rounds:
            _release(self.rounds[-1])
        number = len(self.rounds) + 1
        replaced, known = self.state.saved(frame), frozenset[int]().union(*(each.objects for each in self.rounds))
        opened = Round(number, frame, label, mask, list(strokes), before=self.state, replaced=replaced, known=known)
        self.rounds.append(opened)
        for old in self.rounds[: -self._undo_depth]:
            if old.propagated:
                old.before = None
        return self._begin(opened)

    def settle(self) -> None:
        """Have all of the last round's annotated frame in the memories."""
        if self.rounds:
            self._settle(self.rounds[-1])

    def undo(self) -> None:
        """Take the last round back; `InputError` when there is none, or it is too old."""
        if not self.rounds:
            raise InputError("undo: there is no round to take back")
        last = self.rounds[-1]
        if last.before is None and last.propagated:
            raise InputError(f"undo: only the last {self._undo_depth} rounds can be taken back; raise undo_depth")
        self._pass = None
        self.state = self._before(last) if last.before is None else last.before
        self.rounds.pop()

    def waiting(self) -> list[Round]:
        """The rounds that a propagation would carry: those that were not yet, else the last one."""
        return [each for each in self.rounds if not each.propagated] or self.rounds[-1:]

    def propagate(self, first: int, last: int) -> Iterator[FrameResult]:
        """Carry the waiting rounds from ``first`` to ``last``, see `Session.propagate`."""
        turn = self._pass = object()
        for current in self.waiting():
            # The last round's answer still counts; what waits before it has to begin again.
            answered = current.result if current is self.rounds[-1] else None
            shown = self.state
            result = answered or self._begin(current)
            self.state.take_over(shown, but=current.frame)  # until the walk reaches them
            self._settle(current)
            for later in self.rounds[current.number :]:
                later.before = later.result = None  # they come after this propagation and begin anew
            current.propagated = True
            current.result = None
            yield result
            for order in (range(current.frame + 1, last + 1), range(current.frame - 1, first - 1, -1)):
                yield from self._walk(current, order, turn)
            if self._pass is not turn:
                return
            _release(current)

    def _begin(self, current: Round) -> FrameResult:
        """Answer a round's annotated frame from the state before the round."""
        if current.before is None:
            current.before = self._before(current)
        self.state = current.before.copy()
        self.state.local_memory.begin(current.number)
        ids = self._ids()
        answer = self._interaction.annotate(current, self.state, ids)
        self.state.apply(answer.update, ids, current.number)
        current.matching, current.in_memory = answer.reference, False
        current.result = answer.update.result
        current.answered = self.state.masks.saved(current.frame)
        return current.result

    def _before(self, current: Round) -> State:
        """The state without what a waiting round, and those after it, answered earlier, where that is still there."""
        state = self.state.copy()
        for each in reversed(self.rounds[current.number - 1 :]):
            if each.answered is not None and state.masks.saved(each.frame) is each.answered:
                state.restore(each.frame, each.replaced)
        return state

    def _settle(self, current: Round) -> None:
        """Have everything of a round's annotated frame in the memories, if its answer counts."""
        if current.result is not None and not current.in_memory:
            maps = self._interaction.self_match(current, self.state, self._ids())
            self.state.global_memory.put(current.frame, maps)
            current.in_memory = True

    def _walk(self, current: Round, order: range, turn: object) -> Iterator[FrameResult]:
        """Carry a round's masks along ``order``, which begins beside its annotated frame."""
        neighbour, earlier = current.frame, self.rounds[: current.number - 1]
        assert current.before is not None
        for frame in order:
            if self._pass is not turn:
                return
            self.state.restore(frame, current.before.saved(frame))
            blend = REPLACE
            if self.state.probabilities is not None:
                blend = blend_of(frame, current, earlier, self.state.probabilities.contributors(frame))
            ids = self._ids()
            update = self._propagation.step(current, neighbour, frame, self.state, ids, blend)
            self.state.apply(update, ids, current.number)
            yield update.result
            neighbour = frame


def _release(done: Round) -> None:
    if done.matching is not None:
        done.matching.release()
