"""What other frames are matched with, where it is the annotated frame's answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from paddlevideo.loader.preprocess import Preprocess
from paddlevideo.session.options import SessionOptions
from paddlevideo.session.session import Session
from paddlevideo.utils.errors import InputError
from tests.session.rules.test_reach import Painter
from tests.session.test_session import GRID, SIZE, Clip

LEFT = np.arange(GRID[1])[None] < GRID[1] // 2  # (1,w)


def _session(references: str = "answer", **settings: Any) -> tuple[Session, Painter]:
    engine = Painter()
    engine.where = np.broadcast_to(LEFT, GRID)
    options = SessionOptions(references=references, **settings)
    session = Session(engine, Clip(), Preprocess("rgb", size=None), 2, options)
    return session, engine


def _label(object_id: int = 1, row: int = 0, column: int = 0) -> np.ndarray:
    label = np.full(GRID, -1, np.int16)
    label[row, column] = object_id
    return label


def _reference(session: Session) -> np.ndarray:
    reference = session.rounds[-1].reference
    assert reference is not None
    return reference


def test_the_answer_is_matched_with_and_strokes_go_over_it() -> None:
    session, _ = _session()
    session.annotate(0, _label(2, row=3, column=2))
    wanted = np.where(np.broadcast_to(LEFT, GRID), 1, 0)
    wanted[3, 2] = 2
    assert np.array_equal(_reference(session), wanted)
    session.annotate(0, _label(0, row=1, column=1))  # more strokes of the same round
    wanted[1, 1] = 0
    assert np.array_equal(_reference(session), wanted)


def test_the_reference_is_the_strokes() -> None:
    session, _ = _session("strokes")
    session.annotate(0, _label())
    list(session.propagate())
    session.annotate(1, _label(2, row=3))
    assert np.array_equal(_reference(session), _label(2, row=3))


def test_corrections_are_matched_with_their_strokes() -> None:
    session, _ = _session()
    session.annotate(0, _label())
    list(session.propagate())
    session.annotate(1, _label(2, row=3))
    assert np.array_equal(_reference(session), _label(2, row=3))
    session.undo()
    session.undo()
    session.annotate(1, _label())  # the first again
    assert (_reference(session)[:, 1] == 1).all()


def test_what_the_answer_is_not_sure_of_is_not_matched_with() -> None:
    session, engine = _session()
    engine._planes = lambda ids: np.zeros((len(ids), *GRID), np.float32)  # type: ignore[method-assign]
    session.annotate(0, _label())
    first = _reference(session)
    # An answer that is sure of nothing has the far background that strokes have in the first round.
    assert first[0, 0] == 1 and set(np.unique(first)) <= {-1, 0, 1} and (first[-1] == 0).all()


def test_a_locked_object_without_a_mask_is_matched_nowhere() -> None:
    session, engine = _session()
    engine.says = 2
    session.lock([2])
    session.annotate(0, _label(1))
    assert set(np.unique(_reference(session))) <= {-1, 0, 1}


def test_a_round_given_by_a_mask_is_matched_with_that() -> None:
    session, _ = _session()
    mask = np.full(SIZE, 255, np.uint8)
    mask[:8] = 2
    session.add_mask(0, mask)
    assert set(np.unique(_reference(session))) == {-1, 2}


def test_another_reference_is_refused() -> None:
    with pytest.raises(InputError, match="references is one of strokes, answer"):
        _session("nothing")
