"""Rounds that are carried to the next annotated frames only, and mix between them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np
import pytest

from paddlevideo.loader.preprocess import Preprocess
from paddlevideo.session.memory.array_store import ArrayStore
from paddlevideo.session.memory.probability_maps import ProbabilityMemory
from paddlevideo.session.options import SessionOptions
from paddlevideo.session.rounds import Round
from paddlevideo.session.rules.reach import blend_weight
from paddlevideo.session.session import Session
from paddlevideo.utils.errors import InputError
from tests.session.test_session import FRAMES, GRID, SIZE, Clip, Colours


def _round(number: int, frame: int) -> Round:
    return Round(number, frame, np.zeros(GRID, np.int16))


@pytest.mark.parametrize(
    ("frame", "earlier", "contributors", "share"),
    [
        (12, [], set(), 1.0),  # the first round
        (12, [(1, 4)], {1}, 1.0),  # nobody on that side
        (12, [(1, 20)], {1}, 0.8),
        (18, [(1, 20)], {1}, 0.2),
        (20, [(1, 20)], {1}, 0.0),
        (25, [(1, 20)], {1}, 0.0),
        (25, [(1, 20), (2, 30)], {1, 2}, 0.0),
        (12, [(1, 30), (2, 20)], {1, 2}, 0.8),  # the nearest counts
        (12, [(1, 30), (2, 20)], {1}, 0.9),  # but round 2 was stopped before it
        (25, [(1, 30), (2, 20)], {1}, 1 / 4),  # its frame is no end where its masks did not get to
        (25, [(1, 30), (2, 20), (3, 10)], {1, 3}, 1 / 4),  # whoever did so since
        (8, [(1, 0)], {1}, 0.8),  # and backward
        (0, [(1, 2)], {1}, 0.0),
    ],
)
def test_shares_fall_to_the_next_annotated_frame(
    frame: int, earlier: list[tuple[int, int]], contributors: set[int], share: float
) -> None:
    rounds = [_round(*each) for each in earlier]
    assert blend_weight(frame, _round(len(rounds) + 1, 10), rounds, contributors) == pytest.approx(share)


def test_shares_are_mixed_kept_and_put_back() -> None:
    memory = ProbabilityMemory(ArrayStore(1 << 20))
    ones = np.stack([np.zeros(GRID), np.ones(GRID)]).astype(np.float32)
    memory.put(3, ones, (0, 1), round=1)
    first = memory.saved(3)
    twin = memory.copy()
    mixed = memory.blended(3, 1 - ones, (0, 1), weight=0.25)
    assert np.array_equal(mixed, 0.25 * (1 - ones) + 0.75 * ones)
    memory.put(3, mixed, (0, 1), round=2)
    assert memory.contributors(3) == {1, 2} and memory.contributors(4) == set()
    assert twin.contributors(3) == {1} and np.array_equal(twin.read(3, (0, 1)), ones)
    assert np.allclose(memory.read(3, (0, 2, 1))[:, 0, 0], (0.25, 0, 0.75))
    assert np.allclose(memory.read(3, (0, 2))[:, 0, 0], (1, 0))  # a removed object is background
    memory.restore(3, first)
    assert np.array_equal(memory.read(3, (0, 1)), ones)


class Painter(Colours):
    """Says what it is told to, and notes when it is asked."""

    says = 1
    where: np.ndarray | None = None  # (h,w), the rest is background; None is everywhere

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def propagate(self, *maps: Any) -> np.ndarray:
        self.asked += 1
        return self._planes(maps[-1])

    def interact(
        self, embedding: Any, scribble: Any, previous: Any, ids: Sequence[int], seen: Any = None
    ) -> np.ndarray:
        return self._planes(ids)

    def _planes(self, ids: Sequence[int]) -> np.ndarray:
        said = np.asarray(ids)[:, None, None] == self.says
        if self.where is not None:
            said = np.where(self.where, said, np.asarray(ids)[:, None, None] == 0)
        return np.broadcast_to(np.where(said, 4.0, 0.0), (len(ids), *GRID)).astype(np.float32)


def _session(reach: str = "between") -> tuple[Session, Painter]:
    engine = Painter()
    return Session(engine, Clip(), Preprocess("rgb", size=None), 2, SessionOptions(reach=reach)), engine  # type: ignore[arg-type]


def _label(object_id: int = 1) -> np.ndarray:
    label = np.full(GRID, -1, np.int16)
    label[3, 3] = object_id
    return label


def _annotate(session: Session, engine: Painter, frame: int, says: int, frames: int | None = None) -> list[int]:
    """Annotate and propagate (a number of results); return the frames that were answered."""
    engine.says = says
    session.annotate(frame, _label())
    return [result.frame for result in islice(session.propagate(), frames)]


def _ids(session: Session) -> list[int]:
    masks = [np.unique(session.mask(frame)) for frame in range(FRAMES)]
    assert all(len(ids) == 1 for ids in masks)
    return [int(ids[0]) for ids in masks]


def test_a_correction_covers_its_side_of_the_middle_and_leaves_the_rest() -> None:
    session, engine = _session()
    _annotate(session, engine, 4, says=1)
    assert _ids(session) == [1] * FRAMES
    engine.asked = 0
    assert _annotate(session, engine, 1, says=2) == [1, 2, 3, 4, 5, 0]
    assert _ids(session) == [2, 2, 2, 1, 1, 1]
    assert engine.asked == 3  # frames 2, 3 and 0


def test_the_reference_covers_all() -> None:
    session, engine = _session("video")
    _annotate(session, engine, 4, says=1)
    _annotate(session, engine, 1, says=2)
    assert _ids(session) == [2] * FRAMES


def test_what_stands_is_told_with_its_mask_and_logits() -> None:
    session, engine = _session()
    _annotate(session, engine, 4, says=1)
    engine.says = 2
    session.annotate(1, _label())
    told = {result.frame: result for result in session.propagate()}
    for frame, result in told.items():
        assert np.array_equal(result.mask, session.mask(frame))
        assert (result.logits.argmax(axis=0) == session.mask(frame)[:: SIZE[0] // GRID[0], :: SIZE[1] // GRID[1]]).all()


def test_a_round_that_was_stopped_is_no_end_beyond_where_it_got() -> None:
    session, engine = _session()
    _annotate(session, engine, 5, says=1)
    assert _annotate(session, engine, 3, says=2, frames=2) == [3, 4]  # stopped before frames 2, 1 and 0
    _annotate(session, engine, 4, says=0)
    # Frame 3 stands; what lies before it has still the masks of round 1, whose frame is on the other side.
    assert _ids(session) == [0, 0, 0, 2, 0, 1]
    _annotate(session, engine, 4, says=1)  # corrects what it gave, past the frame that round 2 was stopped at
    assert _ids(session) == [1, 1, 1, 2, 1, 1]


def test_a_round_that_is_run_again_begins_from_what_was_before_it() -> None:
    (once, first), (again, second) = _session(), _session()
    for session, engine in ((once, first), (again, second)):
        _annotate(session, engine, 5, says=1)
        _annotate(session, engine, 0, says=2)
    list(again.propagate())
    assert _ids(again) == _ids(once) == [2, 2, 2, 1, 1, 1]
    next(again.propagate())  # stopped at once: the masks beyond are still those that the round gave
    for session, engine in ((once, first), (again, second)):
        _annotate(session, engine, 4, says=0)
    assert _ids(again) == _ids(once) == [2, 2, 0, 0, 0, 1]


def test_what_stands_is_not_the_answer_of_a_round_that_waits() -> None:
    session, engine = _session()
    _annotate(session, engine, 4, says=1)
    engine.says = 2
    session.annotate(1, _label())
    session.annotate(5, _label())
    told = {result.frame: result.mask for result in islice(session.propagate(), FRAMES)}
    assert (told[4] == 1).all() and (told[5] == 1).all()  # round 2 stops at frame 4
    assert len(list(session.propagate())) == FRAMES and _ids(session) == [2, 2, 2, 1, 1, 2]


def test_undo_brings_shares_back() -> None:
    session, engine = _session()
    _annotate(session, engine, 5, says=1)
    before = _ids(session)
    _annotate(session, engine, 4, says=2)
    session.undo()
    assert _ids(session) == before
    _annotate(session, engine, 0, says=2)
    assert _ids(session) == [2, 2, 2, 1, 1, 1]


def test_a_given_mask_stands_as_well() -> None:
    session, engine = _session()
    mask = np.full(SIZE, 1, np.uint8)
    session.add_mask(3, mask)
    engine.says = 1
    list(session.propagate())
    _annotate(session, engine, 0, says=2)
    assert _ids(session) == [2, 2, 1, 1, 1, 1]
    assert np.array_equal(session.mask(3), mask)


def test_what_stands_needs_no_embedding() -> None:
    session, engine = _session()
    _annotate(session, engine, 3, says=1)
    session.annotate(1, _label())
    session.drop_embeddings()
    engine.embedded.clear()
    list(session.propagate())
    assert len(engine.embedded) == 3  # of frames 1, 2 and 0


def test_a_removed_object_gives_way_to_the_background() -> None:
    session, engine = _session()
    label = _label(1)
    label[5, 5] = 2
    session.annotate(5, label)
    list(session.propagate())
    session.remove_object(1)
    engine.says = 2
    session.annotate(0, _label(2))
    list(session.propagate())
    assert _ids(session) == [2, 2, 2, 0, 0, 0]


def test_a_new_object_goes_over_what_others_have_in_the_whole_video() -> None:
    session, engine = _session()
    mask = np.full(SIZE, 1, np.uint8)
    mask[5:9, 7:11] = 0
    session.add_mask(4, mask)
    list(session.propagate())
    engine.says = 2
    engine.where = np.zeros(GRID, bool)
    engine.where[:, :4] = True
    session.annotate(1, _label(2))
    list(session.propagate())
    assert all((session.mask(frame)[:, :12] == 2).all() for frame in range(FRAMES))
    assert [(session.mask(frame)[:, 20:] == 1).all() for frame in range(FRAMES)] == [False] * 3 + [True] * 3
    stands = session.mask(4) != 2
    assert np.array_equal(session.mask(4)[stands], mask[stands]) and not stands[:, :12].any() and stands[:, 20:].all()
    engine.says, engine.where = 0, None
    session.annotate(0, _label(2))  # it is not new any more
    list(session.propagate())
    assert all((session.mask(frame)[:, :12] == 2).all() for frame in range(1, FRAMES))


def test_an_object_is_new_wherever_its_first_round_did_not_get_to() -> None:
    session, engine = _session()
    _annotate(session, engine, 4, says=1)
    engine.says = 2
    session.annotate(1, _label(2))
    next(session.propagate())
    session.annotate(3, _label(2))
    list(session.propagate())
    assert _ids(session) == [2] * FRAMES


def test_what_a_lock_has_kept_stands_when_it_is_gone() -> None:
    session, engine = _session()
    _annotate(session, engine, 5, says=1)
    session.lock([1])
    _annotate(session, engine, 0, says=2)
    assert _ids(session) == [1] * FRAMES
    session.lock([])
    _annotate(session, engine, 3, says=0)
    assert _ids(session) == [1, 1, 0, 0, 1, 1]


def test_void_of_a_given_mask_is_background_when_it_is_mixed() -> None:
    session, engine = _session()
    mask = np.full(SIZE, 255, np.uint8)
    mask[:8, :8] = 1
    session.add_mask(0, mask)
    list(session.propagate((0, 0)))
    engine.says = 2
    session.annotate(0, _label())
    assert np.allclose(session.rounds[-1].replaced[1].maps.read().sum(axis=0), 1)


def test_another_reach_is_refused() -> None:
    with pytest.raises(InputError, match="reach is one of video, between"):
        _session("far")
