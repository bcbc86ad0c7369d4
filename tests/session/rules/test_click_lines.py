"""Clicks that are answered again by lines along the middle of their first answer."""

from __future__ import annotations

from typing import Any

import numpy as np

from paddlevideo.loader.preprocess import Preprocess
from paddlevideo.loader.scribbles import Stroke, clicked, draw_label
from paddlevideo.session.options import SessionOptions
from paddlevideo.session.rules.click_lines import with_middles
from paddlevideo.session.session import Session
from tests.session.test_session import GRID, Clip, Colours

IDS = (0, 1, 3)
SIZE = (30, 50)
# Across more cells than a click has.
LONG = [Stroke(1, 2, ((0.02, 0.3), (0.98, 0.3))), Stroke(2, 2, ((0.02, 0.8), (0.98, 0.8)))]


def shares_of(label: np.ndarray, share: float = 0.9) -> np.ndarray:
    """Shares (O,h,w) of which so much is for the label's id."""
    rest = (1 - share) / (len(IDS) - 1)
    return np.stack([np.where(label == object_id, share, rest) for object_id in IDS]).astype(np.float32)


def two_bars() -> np.ndarray:
    answer = np.zeros(SIZE, np.int64)
    answer[4:13, 5:45], answer[20:27, 5:45] = 1, 3
    return answer


def test_lines_run_along_the_middle_of_what_a_click_is_answered_with() -> None:
    label = np.full(SIZE, -1, np.int16)
    label[10, 9] = 1
    lines = with_middles(label, shares_of(two_bars()), IDS, [1])
    drawn = lines == 1
    drawn[10, 9] = False
    rows, columns = np.nonzero(drawn)
    assert set(rows) <= {7, 8, 9} and np.ptp(columns) > 25
    assert lines[10, 9] == 1 and not (lines == 3).any() and (label == -1).sum() == label.size - 1
    assert clicked(label) == [1] and not clicked(lines)


def test_what_was_drawn_stands_and_what_is_unsure_gets_no_line() -> None:
    label = np.full(SIZE, -1, np.int16)
    label[4:13, 20], label[23, 8] = 0, 3
    lines = with_middles(label, shares_of(two_bars()), IDS, [1, 3])
    assert (lines[4:13, 20] == 0).all() and (lines == 1).sum() > 20 and (lines == 3).sum() > 20
    assert np.array_equal(with_middles(label, shares_of(two_bars(), 0.6), IDS, [1, 3]), label)
    thin = np.zeros(SIZE, np.int64)
    thin[8:10] = 1
    assert np.array_equal(with_middles(label, shares_of(thin), IDS, [1]), label)


class Noting(Colours):
    """Notes the strokes it is asked with, and is sure of its answers."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[np.ndarray] = []

    def interact(self, embedding: np.ndarray, scribble: np.ndarray, *args: Any, **kwargs: Any) -> np.ndarray:
        self.asked.append(scribble.copy())
        return 8 * super().interact(embedding, scribble, *args, **kwargs)


def _session(**settings: Any) -> tuple[Noting, Session]:
    engine = Noting()
    return engine, Session(engine, Clip(), Preprocess("rgb", size=None), 2, SessionOptions(**settings))


def test_the_network_is_asked_twice_about_a_click_and_once_about_strokes() -> None:
    engine, session = _session(click_lines=True)
    click = Stroke(1, 2, ((16 / 64, 16 / 48),))
    session.add_strokes([click])
    first, second = engine.asked
    assert np.array_equal(first, draw_label([click], GRID))
    assert (second == 1).sum() > 1 and np.array_equal(second[first != -1], first[first != -1])
    for settings, strokes in (({}, [click]), ({"click_lines": True}, LONG)):
        engine, session = _session(**settings)
        session.add_strokes(strokes)
        assert len(engine.asked) == 1


def test_a_click_that_adds_an_object_in_a_later_round_is_asked_about_twice() -> None:
    engine, session = _session(click_lines=True)
    session.add_strokes([Stroke(1, 2, ((16 / 64, 16 / 48),))])
    list(session.propagate())
    asked = len(engine.asked)
    click = Stroke(2, 4, ((30 / 64, 36 / 48),))
    session.add_strokes([click])
    first, second = engine.asked[asked:]
    assert np.array_equal(first, draw_label([click], GRID)) and (second == 2).sum() > 1
    list(session.propagate())
    session.add_strokes([Stroke(2, 1, ((21 / 64, 36 / 48),))])
    assert len(engine.asked) == asked + 3, "later ones correct it"


def test_a_click_that_corrects_is_asked_about_once() -> None:
    engine, session = _session(click_lines=True)
    session.add_strokes([Stroke(1, 2, ((16 / 64, 16 / 48),)), Stroke(2, 2, ((24 / 64, 36 / 48),))])
    list(session.propagate())
    asked = len(engine.asked)
    session.add_strokes([Stroke(0, 4, ((0.9, 0.1),))])
    assert len(engine.asked) == asked + 1
