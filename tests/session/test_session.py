"""The session's rules, with a stand-in for the network that copies colours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paddlevideo.kernels.global_matching import Reference, local_map
from paddlevideo.loader.frame_source import FrameSource
from paddlevideo.loader.preprocess import Preprocess
from paddlevideo.loader.scribbles import Stroke, draw_label, region_of_interest
from paddlevideo.session.memory.array_store import ArrayStore
from paddlevideo.session.options import SessionOptions
from paddlevideo.session.session import Session
from paddlevideo.utils.errors import InputError

FRAMES, SIZE, GRID = 6, (48, 64), (12, 16)


class Clip(FrameSource):
    """A red and a green square that move right over grey ground."""

    path, size, rate = "clip.mp4", SIZE, 25.0
    names = [f"{t:05d}" for t in range(FRAMES)]

    def _read(self, index: int) -> np.ndarray:
        frame = np.full((*SIZE, 3), 90, np.uint8)
        frame[8:24, 4 * index : 4 * index + 16] = (200, 30, 30)
        frame[28:44, 4 * index + 8 : 4 * index + 24] = (30, 200, 30)
        return frame


class Colours:
    """Embeds a pixel as its colour; logits follow the strokes, the maps and the previous mask."""

    interaction_map = False
    border_decoder = False

    def __init__(self) -> None:
        self.embedded: list[int] = []
        self.previous: list[np.ndarray | None] = []

    def embed(self, image: np.ndarray) -> np.ndarray:
        self.embedded.append(len(self.embedded))
        return image.reshape(3, GRID[0], 4, GRID[1], 4).mean(axis=(2, 4)) * 3

    def interact(
        self,
        embedding: np.ndarray,
        scribble: np.ndarray,
        previous: np.ndarray | None,
        ids: Sequence[int],
        seen: np.ndarray | None = None,
    ) -> np.ndarray:
        self.previous.append(previous)
        background = 0.3 * np.ones((1, *embedding.shape[1:]), np.float32)
        logits = np.concatenate([background, 1 - Reference(embedding, scribble, ids[1:]).map(embedding)])
        return logits if previous is None else logits + 0.4 * (previous[None] == np.asarray(ids)[:, None, None])

    def propagate(
        self,
        embedding: np.ndarray,
        global_map: np.ndarray,
        local_map: np.ndarray,
        previous: np.ndarray,
        ids: Sequence[int],
    ) -> np.ndarray:
        here = previous[None] == np.asarray(ids)[:, None, None]
        return (0.1 * here - global_map - 0.5 * local_map).astype(np.float32)

    def reference(self, embedding: np.ndarray, label: np.ndarray, ids: Sequence[int]) -> Any:
        return Reference(embedding, label, ids)

    def global_map(self, query: np.ndarray, reference: Any) -> np.ndarray:
        return reference.map(query)

    def local_map(self, current: np.ndarray, previous: np.ndarray, label: np.ndarray, ids: Sequence[int]) -> np.ndarray:
        return local_map(current, previous, label, ids, 3)


def _session(**settings: Any) -> Session:
    settings = {"objects": 2, "engine": Colours(), **settings}
    engine, objects = settings.pop("engine"), settings.pop("objects")
    return Session(engine, Clip(), Preprocess("rgb", size=None), objects, SessionOptions(**settings))


def _stroke(object_id: int, frame: int, *, x: float = 0.0, y: float | None = None) -> Stroke:
    """A short stroke through the middle of an object's square."""
    left = 4 * frame + (8 if object_id == 2 else 0)
    middle = {0: 46, 1: 16, 2: 36}[object_id] if y is None else y
    return Stroke(object_id, frame, tuple(((left + step) / SIZE[1] + x, middle / SIZE[0]) for step in (4, 12)))


def _truth(frame: int) -> np.ndarray:
    pixels = Clip()[frame]
    return np.where(pixels[..., 0] > 100, 1, np.where(pixels[..., 1] > 100, 2, 0)).astype(np.uint8)


def _masks(session: Session) -> np.ndarray:
    return np.stack([session.mask(t) for t in range(FRAMES)])


def _memory(session: Session) -> np.ndarray:
    return np.stack([session.global_memory(t) for t in range(FRAMES)])


def _same(one: Session, other: Session) -> bool:
    return np.array_equal(_masks(one), _masks(other)) and np.array_equal(_memory(one), _memory(other))


def test_strokes_answer_at_once_and_propagate_both_ways() -> None:
    session = _session()
    answer = session.add_strokes([_stroke(1, 2), _stroke(2, 2)])
    assert answer.frame == 2 and answer.mask.shape == SIZE and answer.mask.dtype == np.uint8
    assert answer.logits.shape == (3, *GRID)
    assert (answer.mask == _truth(2)).mean() > 0.85
    assert np.array_equal(session.mask(2), answer.mask)
    assert not session.mask(0).any()
    results = list(session.propagate())
    assert [result.frame for result in results] == [2, 3, 4, 5, 1, 0]
    for result in results:
        assert np.array_equal(session.mask(result.frame), result.mask)
        assert set(np.unique(result.mask)) == {0, 1, 2}


def test_each_frame_is_embedded_once_over_all_rounds() -> None:
    engine = Colours()
    session = _session(engine=engine)
    for frame in (0, 3, 5):
        session.add_strokes([_stroke(1, frame)])
        list(session.propagate())
    assert len(engine.embedded) == FRAMES


@pytest.mark.parametrize("storage", ["float32", "float16"])
@pytest.mark.parametrize("disk", [True, False])
def test_a_small_budget_changes_nothing_but_time(
    storage: str,
    disk: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    engine = Colours()
    large, small = _session(storage=storage), _session(storage=storage, max_memory_mib=0.01, engine=engine)
    small.embed_next(4)
    if not disk:  # from here on
        monkeypatch.setattr(ArrayStore, "free_disk", 0)
    for frame, undo in ((1, False), (4, True), (3, False)):
        for session in (large, small):
            session.add_strokes([_stroke(1, frame), _stroke(2, frame)])
            list(session.propagate())
        assert _same(large, small)
        if undo:
            large.undo(), small.undo()
            assert _same(large, small)
    assert (len(engine.embedded) == FRAMES) == disk
    assert ("beyond the budget" in caplog.text) == (not disk)


def test_rounded_numbers_are_those_that_the_first_use_sees() -> None:
    session = _session(storage="float16", max_memory_mib=0.004)
    first = session.embedding(2)
    assert np.array_equal(first, first.astype(np.float16))
    session.add_strokes([_stroke(1, 0), _stroke(2, 0)])
    list(session.propagate())
    assert np.array_equal(session.embedding(2), first)
    assert np.array_equal(session.global_memory(3), session.global_memory(3).astype(np.float16))


def test_embedding_ahead_saves_the_work_later() -> None:
    engine = Colours()
    session = _session(engine=engine)
    assert [session.embed_next(3) for _ in range(FRAMES + 1)] == [3, 4, 2, 5, 1, 0, None]
    session.add_strokes([_stroke(1, 2), _stroke(2, 2)])
    list(session.propagate())
    assert len(engine.embedded) == FRAMES
    with pytest.raises(InputError, match="frame 6 is out of range"):
        session.embed_next(6)


def test_what_cannot_fit_is_refused_before_anything_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ArrayStore, "free_disk", 0)
    session = _session(max_memory_mib=0.01)
    for _ in range(2):
        with pytest.raises(InputError, match=r"clip\.mp4: 6 frames need .*--max-memory"):
            session.add_strokes([_stroke(1, 2)])
        with pytest.raises(InputError, match="6 frames need"):
            session.embed_next(0)
    assert not session.rounds and not session.mask(2).any()


def test_the_answer_to_a_stroke_does_not_wait_for_what_only_later_rounds_read() -> None:
    class Counting(Colours):
        def __init__(self) -> None:
            super().__init__()
            self.local, self.references = 0, 0

        def local_map(self, *given: Any) -> np.ndarray:
            self.local += 1
            return super().local_map(*given)

        def reference(self, *given: Any) -> Any:
            self.references += 1
            return super().reference(*given)

    engine = Counting()
    session = _session(engine=engine)
    session.add_strokes([_stroke(1, 2), _stroke(2, 2)])
    assert engine.local == 0
    memory = session.global_memory(2)
    assert memory.min() < 0.1 and engine.local == 1
    list(session.propagate())
    assert (engine.local, engine.references) == (1 + FRAMES - 1, 1)
    assert np.array_equal(session.global_memory(2), memory)


def test_only_the_first_round_fills_the_region_of_interest_and_sees_no_previous_mask() -> None:
    engine = Colours()
    session = _session(engine=engine)
    strokes = [_stroke(1, 2), _stroke(2, 2)]
    session.add_strokes(strokes)
    label = draw_label(strokes, GRID)
    assert np.array_equal(session.rounds[0].reference, region_of_interest(label))
    list(session.propagate())
    mask = session.mask(4)
    session.add_strokes([_stroke(1, 4)])
    assert np.array_equal(session.rounds[1].reference, draw_label([_stroke(1, 4)], GRID))
    assert engine.previous[0] is None
    rows, columns = np.arange(GRID[0]) * 4, np.arange(GRID[1]) * 4
    assert np.array_equal(engine.previous[1], mask[np.ix_(rows, columns)])


def test_the_region_of_a_click_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float | None] = []

    def distance(label: np.ndarray, click_region: float | None) -> int:
        asked.append(click_region)
        return 2

    monkeypatch.setattr("paddlevideo.session.rules.click_region.region_distance", distance)
    session = _session(click_region=0.7)
    session.add_strokes([_stroke(1, 2)])
    reference = session.rounds[0].reference
    assert asked == [0.7] and reference is not None
    assert np.array_equal(reference, region_of_interest(draw_label([_stroke(1, 2)], GRID), 2))


def test_global_memory_only_falls_over_the_rounds() -> None:
    session = _session()
    before = np.ones((FRAMES, 3, *GRID), np.float32)
    for frame, object_id in ((0, 2), (3, 1), (3, 0)):
        session.add_strokes([_stroke(object_id, frame)])
        list(session.propagate())
        after = _memory(session)
        assert (after <= before).all() and (after < before).any()
        before = after


def test_more_strokes_on_the_frame_belong_to_the_round_until_it_is_propagated() -> None:
    at_once, bit_by_bit = _session(), _session()
    at_once.add_strokes([_stroke(1, 2), _stroke(2, 2)])
    bit_by_bit.add_strokes([_stroke(1, 2)])
    bit_by_bit.add_strokes([_stroke(2, 2)])
    assert len(bit_by_bit.rounds) == 1 and len(bit_by_bit.rounds[0].strokes) == 2
    for session in (at_once, bit_by_bit):
        list(session.propagate())
    assert _same(at_once, bit_by_bit)
    bit_by_bit.add_strokes([_stroke(2, 2)])
    assert len(bit_by_bit.rounds) == 2


def test_rounds_that_wait_are_propagated_in_turn() -> None:
    turns, together = _session(), _session()
    for frame in (1, 4):
        turns.add_strokes([_stroke(1, frame), _stroke(2, frame)])
        list(turns.propagate())
        together.add_strokes([_stroke(1, frame), _stroke(2, frame)])
    assert len(together.rounds) == 2
    assert [result.frame for result in together.propagate()] == [1, 2, 3, 4, 5, 0, 4, 5, 3, 2, 1, 0]
    assert _same(turns, together)


def test_stopping_keeps_what_is_done_and_a_second_run_starts_over() -> None:
    whole, stopped = _session(), _session()
    for session in (whole, stopped):
        session.add_strokes([_stroke(1, 1), _stroke(2, 1)])
    list(whole.propagate())
    run = stopped.propagate()
    done = [next(run).frame for _ in range(3)]
    run.close()
    assert done == [1, 2, 3]
    assert all(stopped.mask(frame).any() for frame in done) and not stopped.mask(4).any()
    list(stopped.propagate())
    assert _same(whole, stopped)
    list(stopped.propagate())
    assert _same(whole, stopped)


def test_stopping_the_first_of_two_waiting_rounds_leaves_the_second_to_do() -> None:
    session = _session()
    session.add_strokes([_stroke(1, 1), _stroke(2, 1)])
    session.add_strokes([_stroke(1, 4)])
    run = session.propagate()
    next(run), next(run)
    run.close()
    assert [each.propagated for each in session.rounds] == [True, False]
    assert [result.frame for result in session.propagate()] == [4, 5, 3, 2, 1, 0]
    session.undo()
    assert len(session.rounds) == 1 and session.mask(2).any() and not session.mask(4).any()


def test_a_round_that_begins_anew_sees_nothing_of_the_rounds_that_wait_after_it() -> None:
    engine = Colours()
    session = _session(engine=engine)
    for frame in (1, 0, 5, 0):
        session.add_strokes([_stroke(1, frame), _stroke(2, frame)])
    next(session.propagate())  # of the first round
    engine.previous.clear()
    next(session.propagate())  # of the second, whose frame the fourth has answered, too
    assert len(engine.previous) == 1 and engine.previous[0] is None
    assert session.has_mask(5)  # what waits is shown until it is its turn
    for _ in range(3):
        session.undo()
    assert [session.has_mask(frame) for frame in range(FRAMES)] == [False, True, False, False, False, False]


@pytest.mark.parametrize("change", ["annotate", "undo", "add", "remove", "propagate"])
def test_any_change_ends_a_propagation_under_way(change: str) -> None:
    session = _session()
    session.add_strokes([_stroke(1, 0), _stroke(2, 0)])
    run = session.propagate()
    next(run), next(run)
    if change == "annotate":
        session.add_strokes([_stroke(1, 5)])
    elif change == "undo":
        session.undo()
    elif change == "add":
        session.add_object()
    elif change == "remove":
        session.remove_object(2)
    else:
        next(session.propagate())
    assert list(run) == []


def test_undo_goes_back_round_by_round() -> None:
    session, other = _session(), _session()
    states = [(_masks(session), _memory(session))]
    for frame in (0, 3, 5):
        session.add_strokes([_stroke(1, frame), _stroke(2, frame)])
        list(session.propagate())
        states.append((_masks(session), _memory(session)))
    for masks, memory in states[2::-1]:
        session.undo()
        assert np.array_equal(_masks(session), masks) and np.array_equal(_memory(session), memory)
    with pytest.raises(InputError, match="no round"):
        session.undo()
    # What comes after an undo is what would have come without the undone round.
    for each in (session, other):
        each.add_strokes([_stroke(2, 2)])
        list(each.propagate())
    assert _same(session, other)


def test_undo_has_a_depth() -> None:
    session = _session(undo_depth=1)
    for frame in (0, 3):
        session.add_strokes([_stroke(1, frame)])
        list(session.propagate())
    session.undo()
    with pytest.raises(InputError, match="only the last 1 rounds"):
        session.undo()


def test_objects_come_and_go_between_rounds() -> None:
    session = _session(objects=1)
    session.add_strokes([_stroke(1, 0), _stroke(0, 0)])
    list(session.propagate())
    assert session.add_object() == 2 and session.ids == (0, 1, 2)
    answer = session.add_strokes([_stroke(2, 3)])
    assert answer.logits.shape[0] == 3
    list(session.propagate())
    assert all({1, 2} <= set(np.unique(session.mask(t))) for t in range(FRAMES))
    session.remove_object(1)
    assert session.objects == (2,)
    assert all(1 not in session.mask(t) for t in range(FRAMES))
    session.add_strokes([_stroke(2, 5)])
    results = list(session.propagate())
    assert all(set(np.unique(result.mask)) <= {0, 2} for result in results)
    assert session.add_object() == 3  # ids are not given twice


def test_an_object_removed_before_propagation_is_gone_from_the_answer() -> None:
    session = _session()
    session.add_strokes([_stroke(1, 0), _stroke(2, 0)])
    session.remove_object(1)
    for result in session.propagate():
        assert set(np.unique(result.mask)) <= {0, 2} and result.logits.shape[0] == 2


def test_ids_need_not_be_without_gaps() -> None:
    session = _session(objects=[2, 1, 7])
    assert session.ids == (0, 1, 2, 7)
    session.add_strokes([Stroke(7, 0, ((0.1, 0.3), (0.2, 0.3)))])
    list(session.propagate())
    assert set(np.unique(_masks(session))) == {0, 7}


def test_a_mask_starts_a_session() -> None:
    session = _session()
    truth = _truth(2)
    answer = session.add_mask(2, truth)
    assert np.array_equal(answer.mask, truth)
    assert np.array_equal(session.rounds[0].reference, truth[::4, ::4])  # not filled
    list(session.propagate())
    assert np.array_equal(session.mask(2), truth)
    assert all((session.mask(t) == _truth(t)).mean() > 0.8 for t in range(FRAMES))


def test_void_in_a_mask_says_nothing() -> None:
    session = _session()
    mask = _truth(2)
    mask[:8] = 255
    answer = session.add_mask(2, mask)
    assert 255 not in answer.mask
    assert (session.rounds[0].reference[:2] == -1).all()


def test_a_label_can_be_given_instead_of_strokes() -> None:
    drawn, labelled = _session(), _session()
    strokes = [_stroke(1, 2), _stroke(2, 2)]
    drawn.add_strokes(strokes)
    labelled.annotate(2, draw_label(strokes, GRID).astype(np.int8))
    for session in (drawn, labelled):
        list(session.propagate())
    assert _same(drawn, labelled)


def test_a_network_that_sees_less_than_the_video_has() -> None:
    class Half(Colours):
        def embed(self, image: np.ndarray) -> np.ndarray:
            assert image.shape == (3, 24, 32)
            return super().embed(image.repeat(2, 1).repeat(2, 2))

    session = Session(Half(), Clip(), Preprocess("rgb", size=[24, 32]), 2)
    session.add_strokes([_stroke(1, 2), _stroke(2, 2)])
    assert all(result.mask.shape == SIZE for result in session.propagate())


BAD = {
    "frame 9 is out of range; clip.mp4 has frames 0 to 5": lambda s: s.add_strokes([_stroke(1, 9)]),
    "object 5 is not there; there are 0, 1, 2": lambda s: s.add_strokes([Stroke(5, 0, ((0.5, 0.5),))]),
    "all must be on one frame, on frames 1, 2": lambda s: s.add_strokes([_stroke(1, 1), _stroke(1, 2)]),
    "none were given": lambda s: s.add_strokes([]),
    "points must be x, y in 0 to 1": lambda s: s.add_strokes([Stroke(1, 0, ((0.5, 1.5),))]),
    r"its size is \(3, 3\), the embedding grid's is \(12, 16\)": lambda s: s.annotate(0, np.zeros((3, 3), np.int8)),
    "nothing is labelled": lambda s: s.annotate(0, np.full(GRID, -1)),
    "label of frame 0: object 3 is not there": lambda s: s.annotate(0, np.full(GRID, 3)),
    "label: frame -1 is out of range": lambda s: s.annotate(-1, np.zeros(GRID)),
    r"its size is \(4, 4\), the video's": lambda s: s.add_mask(0, np.zeros((4, 4), np.uint8)),
    "mask of frame 0: object 9": lambda s: s.add_mask(0, np.full(SIZE, 9, np.uint8)),
    "no frame is annotated": lambda s: s.propagate(),
    "there is no object 8 to remove": lambda s: s.remove_object(8),
    "mask: frame 6 is out of range": lambda s: s.mask(6),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_input_is_one_clear_line(message: str) -> None:
    session = _session()
    with pytest.raises(InputError, match=message) as caught:
        BAD[message](session)
    assert "\n" not in str(caught.value)
    assert not session.rounds


@pytest.mark.parametrize("objects", [0, [], [-1, 2], [300], 255])
def test_impossible_objects_are_refused(objects: Any) -> None:
    with pytest.raises(InputError, match="objects"):
        _session(objects=objects)


def test_a_span_limits_the_walk() -> None:
    session = _session()
    session.add_strokes([_stroke(1, 2), _stroke(2, 2)])
    assert [result.frame for result in session.propagate((1, 3))] == [2, 3, 1]
    assert [session.has_mask(t) for t in range(FRAMES)] == [False, True, True, True, False, False]
    with pytest.raises(InputError, match="span: frame 2 is annotated and not within frames 3 to 5"):
        session.propagate((3, 5))
    with pytest.raises(InputError, match="frame 9 is out of range"):
        session.propagate((0, 9))


def test_a_locked_object_stays_through_strokes_and_propagation() -> None:
    session, free = _session(), _session()
    for each in (session, free):
        each.add_strokes([_stroke(1, 2), _stroke(2, 2)])
        list(each.propagate())
    before = _masks(session)
    session.lock([1])
    over = Stroke(2, 4, ((0.3, 16 / SIZE[0]), (0.55, 16 / SIZE[0])))  # claims the first object's square
    for each in (session, free):
        each.add_strokes([over])
        list(each.propagate())
    assert ((_masks(free) == 1) != (before == 1)).any()
    assert np.array_equal(_masks(session) == 1, before == 1)
    session.lock([])
    session.add_strokes([over])
    assert not np.array_equal(session.mask(4) == 1, before[4] == 1)
    with pytest.raises(InputError, match="object 7 is not there"):
        session.lock([7])


def test_a_lock_between_strokes_keeps_what_the_first_of_them_gave() -> None:
    session = _session()
    first = session.add_strokes([_stroke(1, 2)]).mask
    session.lock([1])
    session.add_strokes([_stroke(2, 2)])
    assert np.array_equal(session.mask(2) == 1, first == 1)
    list(session.propagate())
    assert np.array_equal(session.mask(2) == 1, first == 1)
    assert not (session.mask(3) == 1).any()


def test_a_removed_object_can_be_put_back() -> None:
    session = _session()
    session.add_strokes([_stroke(1, 2), _stroke(2, 2)])
    list(session.propagate())
    before = _masks(session)
    session.set_objects([2])
    assert session.objects == (2,) and not (_masks(session) == 1).any()
    session.set_objects([1, 2])
    assert np.array_equal(_masks(session), before)
    assert session.add_object() == 3
