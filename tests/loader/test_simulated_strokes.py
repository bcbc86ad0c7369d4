"""Simulated strokes lie where a person would draw them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddlevideo.loader.scribbles import draw_label
from paddlevideo.loader.simulated_strokes import simulate_strokes


def ring_and_legs() -> np.ndarray:
    y, x = np.mgrid[:120, :200]
    mask = np.zeros((120, 200), np.uint8)
    radius = np.hypot(y - 60, x - 60)
    mask[(radius < 45) & (radius > 25)] = 1
    mask[40:60, 120:190] = 2
    mask[60:110, 125:133] = 2
    mask[60:110, 175:183] = 2
    return mask


@pytest.mark.parametrize("seed", range(25))
def test_first_round_stays_inside_every_object(seed: int) -> None:
    mask = ring_and_legs()
    strokes = simulate_strokes(mask, None, 5, np.random.default_rng(seed))
    label = draw_label(strokes, mask.shape)
    assert {stroke.object_id for stroke in strokes} == {1, 2} and {stroke.frame for stroke in strokes} == {5}
    drawn = label >= 0
    assert (label[drawn] == mask[drawn]).mean() > 0.97
    assert all(0 <= value <= 1 for stroke in strokes for point in stroke.points for value in point)


def test_same_state_same_strokes_and_other_state_others() -> None:
    mask = ring_and_legs()
    draws = [simulate_strokes(mask, None, 0, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]


def test_strokes_cover_an_object_as_people_do() -> None:
    mask = ring_and_legs() == 2
    reach = []
    for seed in range(20):
        strokes = simulate_strokes(mask.astype(np.uint8), None, 0, np.random.default_rng(seed))
        columns = np.nonzero(draw_label(strokes, mask.shape) == 1)[1]
        reach.append((columns.max() - columns.min()) / 70)
    assert np.mean(reach) > 0.7


def test_click_is_short_and_partial_strokes_are_shorter() -> None:
    mask = np.zeros((100, 200), np.uint8)
    mask[20:80, 20:180] = 1

    def length(**options: float) -> float:
        return float(
            np.mean(
                [
                    np.count_nonzero(
                        draw_label(simulate_strokes(mask, None, 0, np.random.default_rng(s), **options), mask.shape)
                        >= 0
                    )
                    for s in range(20)
                ]
            )
        )

    whole = length()
    assert length(click=1.0) < 0.15 * whole
    assert length(partial=1.0) < 0.9 * whole


def test_background_strokes_of_the_first_round_lie_around_the_objects() -> None:
    mask = ring_and_legs()
    strokes = simulate_strokes(mask, None, 0, np.random.default_rng(3), background=1.0)
    label = draw_label(strokes, mask.shape)
    assert 0 in {stroke.object_id for stroke in strokes}
    assert (mask[label == 0] == 0).mean() > 0.97


@pytest.mark.parametrize("seed", range(10))
def test_corrections_name_what_belongs_there(seed: int) -> None:
    truth = ring_and_legs()
    predicted = truth.copy()
    predicted[60:120, 100:] = 0  # the legs are missed
    predicted[5:35, 120:190] = 2  # a false patch
    predicted[:, :40] = np.where(truth[:, :40] == 1, 2, predicted[:, :40])  # object 1 taken for 2
    strokes = simulate_strokes(truth, predicted, 0, np.random.default_rng(seed))
    assert {stroke.object_id for stroke in strokes} == {0, 1, 2}
    label = draw_label(strokes, truth.shape)
    drawn = label >= 0
    assert ((label == truth) & (predicted != truth))[drawn].mean() > 0.95


def test_nothing_wrong_nothing_drawn() -> None:
    truth = ring_and_legs()
    assert simulate_strokes(truth, truth.copy(), 0, np.random.default_rng(0)) == []
    speck = truth.copy()
    speck[0, 0] = 1
    assert simulate_strokes(truth, speck, 0, np.random.default_rng(0)) == []


def test_ignored_pixels_are_neither_drawn_on_nor_wrong() -> None:
    truth = np.zeros((60, 60), np.uint8)
    truth[:30] = 255
    assert simulate_strokes(truth, np.ones_like(truth) * (truth == 255), 0, np.random.default_rng(0)) == []
    assert simulate_strokes(truth, None, 0, np.random.default_rng(0)) == []


@pytest.mark.parametrize(
    "box", [(0, 0, 1, 1), (59, 79, 60, 80), (0, 0, 1, 80), (10, 5, 60, 6), (0, 0, 60, 80), (3, 3, 5, 5)]
)
def test_tiny_thin_and_full_objects_get_strokes_in_them(box: tuple[int, int, int, int]) -> None:
    mask = np.zeros((60, 80), np.uint8)
    mask[box[0] : box[2], box[1] : box[3]] = 1
    for seed in range(6):
        strokes = simulate_strokes(mask, None, 0, np.random.default_rng(seed), background=0.5)
        label = draw_label([stroke for stroke in strokes if stroke.object_id], mask.shape)
        assert (label == 1).any() and (mask[label == 1] == 1).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 40), st.floats(0.02, 0.98))
def test_any_noise_mask_is_survived(seed: int, height: int, width: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    mask = (rng.random((height, width)) < share).astype(np.uint8)
    for predicted in (None, np.zeros_like(mask)):
        for stroke in simulate_strokes(mask, predicted, 0, rng, background=0.5, click=0.3, partial=0.5):
            assert stroke.points
            x, y = stroke.points[0]
            assert mask[int(y * (height - 1)), int(x * (width - 1))] == stroke.object_id
