"""Parts of propagated masks that lie far from where their object was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from paddlevideo.loader.preprocess import Preprocess
from paddlevideo.session.options import SessionOptions
from paddlevideo.session.rules.max_leap import SURE, without_leaps
from paddlevideo.session.session import Session
from paddlevideo.utils.errors import InputError
from tests.session.rules.test_reach import Painter
from tests.session.test_session import GRID, Clip

IDS = (0, 1, 3)
SIZE = (40, 60)


def logits_of(label: np.ndarray) -> np.ndarray:
    """Logits (O,h,w) whose largest is that of the label."""
    return np.stack([np.where(label == object_id, 2.0, -1.0) for object_id in IDS]).astype(np.float32)


def boxes(*given: tuple[int, int, int]) -> np.ndarray:
    """A label with squares of 6 px: (id, row, column)."""
    label = np.zeros(SIZE, np.uint8)
    for object_id, row, column in given:
        label[row : row + 6, column : column + 6] = object_id
    return label


def found(now: np.ndarray, before: np.ndarray, max_leap: float = 0.1) -> np.ndarray:
    return np.asarray(IDS)[without_leaps(logits_of(now), before, IDS, max_leap).argmax(axis=0)]


def test_parts_far_from_the_object_before_are_dropped() -> None:
    before = boxes((1, 10, 10), (3, 30, 50))
    now = boxes((1, 12, 9), (1, 30, 40), (3, 31, 51), (3, 2, 2))
    assert (found(now, before) == boxes((1, 12, 9), (3, 31, 51))).all()


def test_a_part_may_begin_within_the_leap() -> None:
    before = boxes((1, 10, 10))
    near, far = boxes((1, 10, 10), (1, 10, 20)), boxes((1, 10, 10), (1, 10, 21))  # 5 and 6 px of 40 away
    assert (found(near, before, 5 / 40) == near).all()
    assert (found(far, before, 5 / 40) == before).all()


def test_an_object_that_is_new_or_has_leapt_as_a_whole_keeps_its_parts() -> None:
    now = boxes((1, 2, 2), (3, 30, 50), (3, 2, 50))
    assert (found(now, boxes((1, 30, 30))) == now).all()


def test_nothing_of_a_dropped_part_comes_back_by_a_resize_and_logits_are_not_changed() -> None:
    before, now = boxes((1, 10, 10)), boxes((1, 10, 10), (1, 30, 40))
    given = logits_of(now)
    kept = given.copy()
    result = without_leaps(given, before, IDS, 0.1)
    assert (given == kept).all()
    assert (result[1, 29:37, 39:47] == given[0, 29:37, 39:47] - SURE).all() and (
        result[1, 9:17, 9:17] == given[1, 9:17, 9:17]
    ).all()
    assert (without_leaps(logits_of(before), before, IDS, 0.1) == logits_of(before)).all()


FIRST = np.broadcast_to(np.arange(GRID[1]) == 0, GRID)
BOTH = np.broadcast_to((np.arange(GRID[1]) == 0) | (np.arange(GRID[1]) == GRID[1] - 1), GRID)


def session_and_engine(**settings: Any) -> tuple[Session, Painter]:
    engine = Painter()
    return Session(engine, Clip(), Preprocess("rgb", size=None), 1, SessionOptions(**settings)), engine


def stroke(column: int) -> np.ndarray:
    label = np.full(GRID, -1, np.int16)
    label[0, column] = 1
    return label


def test_a_session_drops_them_in_propagated_frames() -> None:
    masks = {}
    for leap in (None, 0.1):
        session, engine = session_and_engine(max_leap=leap)
        engine.where = FIRST
        session.annotate(0, stroke(0))
        engine.where = BOTH
        list(session.propagate())
        masks[leap] = session.mask(1)
    assert (masks[None][:, -1] == 1).all() and (masks[0.1][:, -1] == 0).all()
    assert (masks[None][:, 0] == masks[0.1][:, 0]).all()


def test_an_annotated_frames_objects_begin_near_their_strokes_or_where_they_were() -> None:
    session, engine = session_and_engine(max_leap=0.1)
    engine.where = BOTH
    first = session.annotate(0, stroke(0)).mask
    assert (first[:, 0] == 1).all() and (first[:, -1] == 0).all()
    list(session.propagate())
    session.undo()
    engine.where = FIRST
    session.annotate(0, stroke(0))
    list(session.propagate())
    engine.where = BOTH
    corrected = session.annotate(1, stroke(GRID[1] - 1)).mask  # one part was there, at the other is a stroke
    assert (corrected[:, 0] == 1).all() and (corrected[:, -1] == 1).all()


def test_what_was_dropped_is_not_matched_with() -> None:
    session, engine = session_and_engine(max_leap=0.1, references="answer")
    engine.where = BOTH
    session.annotate(0, stroke(0))
    reference = session.rounds[-1].reference
    assert reference is not None
    assert (reference[:, 0] == 1).all() and (reference[:, -1] == -1).all() and (reference[:, 4] == 0).all()


@pytest.mark.parametrize("share", [0, -0.5])
@pytest.mark.parametrize("name", ["max_leap", "search", "click_region"])
def test_a_share_of_nothing_is_refused(name: str, share: float) -> None:
    with pytest.raises(InputError, match=f"INFERENCE.{name} is a share of the short side above 0"):
        SessionOptions.from_config({"INFERENCE": {name: share}})
