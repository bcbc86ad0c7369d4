"""What a person draws on a frame counts there to the pixel, whatever the network says, and stays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddlevideo.loader.scribbles import UNLABELLED, Stroke, draw_label
from paddlevideo.session.session import Session

from .test_session import FRAMES, GRID, SIZE, _session, _stroke, _truth

points = st.tuples(st.floats(0, 1), st.floats(0, 1))
strokes = st.builds(
    Stroke,
    st.integers(0, 2),
    st.just(0),
    st.lists(points, min_size=1, max_size=4).map(tuple),
    st.sampled_from([0.0, 0.02, 0.1]),
)
OPTIONS: list[dict[str, Any]] = [{}, {"reach": "between", "max_leap": 0.1}]


def _shows(session: Session, frame: int, drawn: list[Stroke]) -> bool:
    label = draw_label(drawn, SIZE)
    return bool((session.mask(frame) == label)[label != UNLABELLED].all())


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, FRAMES - 1), st.lists(strokes, min_size=1, max_size=3)), min_size=1, max_size=4)
)
@pytest.mark.parametrize("options", OPTIONS)
def test_pixels_under_a_stroke_have_its_object_round_by_round(
    options: dict[str, Any], rounds: list[tuple[int, list[Stroke]]]
) -> None:
    session = _session(**options)
    drawn: dict[int, list[Stroke]] = {}
    for frame, some in rounds:
        here = [Stroke(each.object_id, frame, each.points, each.radius) for each in some]
        drawn[frame] = drawn.get(frame, []) + here
        answer = session.add_strokes(here)
        assert np.array_equal(answer.mask, session.mask(frame)) and _shows(session, frame, drawn[frame])
        list(session.propagate())
        assert all(_shows(session, each, some) for each, some in drawn.items())
    for _ in rounds[1:]:
        session.undo()
    assert _shows(session, rounds[0][0], drawn[rounds[0][0]][: len(rounds[0][1])])


def test_what_is_propagated_starts_from_the_strokes() -> None:
    session = _session(objects=1)
    session.add_strokes([Stroke(1, 0, ((0.1, 0.9), (0.9, 0.9)))])  # on grey ground, like all that is background
    list(session.propagate())
    grid = session._history.state.masks.grid(0)
    assert grid is not None and (grid[draw_label([Stroke(1, 0, ((0.1, 0.9), (0.9, 0.9)))], GRID) == 1] == 1).all()


def test_a_guess_is_shown_to_the_network_and_forces_no_pixel() -> None:
    over = Stroke(1, 2, ((0.2, 0.7), (0.25, 0.7)), radius=0.03)  # in the square of object 2
    answers = []
    for counts in (True, False):
        session = _session()
        drawn = [_stroke(1, 2), _stroke(2, 2), replace(over, counts=counts)]
        answers.append(session.add_strokes(drawn))
        assert _shows(session, 2, drawn[:2]) and _shows(session, 2, [over]) == counts
        list(session.propagate())
        assert _shows(session, 2, drawn[:2]) and _shows(session, 2, [over]) == counts
    assert np.array_equal(answers[0].logits, answers[1].logits)


def test_a_mask_stays_until_strokes_correct_it() -> None:
    session = _session()
    mask = np.zeros(SIZE, np.uint8)
    mask[:4, :5] = 1  # not what the network would say
    session.add_mask(3, mask)
    list(session.propagate())
    session.add_strokes([Stroke(1, 0, ((0.1, 0.3), (0.2, 0.3)))])
    list(session.propagate())
    assert np.array_equal(session.mask(3), mask)
    answer = session.add_strokes([Stroke(1, 3, ((0.3, 0.3), (0.4, 0.3)))])
    assert not np.array_equal(answer.mask, mask) and _shows(session, 3, session.rounds[-1].strokes)
    session.undo()
    assert np.array_equal(session.mask(3), mask)


def test_a_mask_goes_over_the_strokes_before_it() -> None:
    session = _session()
    session.add_strokes([Stroke(1, 2, ((0.1, 0.9), (0.9, 0.9)))])
    assert np.array_equal(session.add_mask(2, _truth(2)).mask, _truth(2))
    list(session.propagate())
    assert np.array_equal(session.mask(2), _truth(2))


def test_strokes_leave_a_locked_object_and_forget_a_removed_one() -> None:
    session = _session()
    session.add_mask(2, _truth(2))
    session.lock([1])
    across = [Stroke(2, 2, ((0.0, 0.33), (1.0, 0.33)))]
    mask = session.add_strokes(across).mask
    assert np.array_equal(mask == 1, _truth(2) == 1)
    assert (mask == 2)[(draw_label(across, SIZE) == 2) & (_truth(2) != 1)].all()
    session.remove_object(2)
    assert not (session.mask(2) == 2).any()
    list(session.propagate())
    assert not (session.mask(2) == 2).any()
