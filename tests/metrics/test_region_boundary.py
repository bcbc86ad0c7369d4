"""J and F on cases worked out by hand, and against the slow plain definition on random masks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddlevideo.metrics.region_boundary import boundary, boundary_accuracy, frame_scores, region_similarity
from tests.reference import region_boundary_plain as plain


def square(top: int, left: int, side: int, size: tuple[int, int] = (40, 50)) -> np.ndarray:
    mask = np.zeros(size, np.uint8)
    mask[top : top + side, left : left + side] = 1
    return mask


EMPTY = np.zeros((40, 50), np.uint8)


def test_region_similarity_by_hand() -> None:
    assert region_similarity(square(0, 0, 4), square(0, 0, 4)) == 1.0
    assert region_similarity(square(0, 0, 4), square(2, 2, 4)) == pytest.approx(4 / 28)
    assert region_similarity(square(0, 0, 4), square(20, 20, 4)) == 0.0


def test_both_empty_is_perfect_and_one_empty_is_zero() -> None:
    for score in (region_similarity, boundary_accuracy):
        assert score(EMPTY, EMPTY) == 1.0
        assert score(square(3, 3, 5), EMPTY) == 0.0
        assert score(EMPTY, square(3, 3, 5)) == 0.0


def test_any_dtype_and_any_nonzero_value_is_the_object() -> None:
    assert region_similarity(square(3, 3, 5) * 255, square(3, 3, 5).astype(bool)) == 1.0
    assert boundary_accuracy(square(3, 3, 5).astype(np.int64) * 7, square(3, 3, 5)) == 1.0


def test_boundary_by_hand() -> None:
    expected = np.array([[1, 1, 1, 0], [1, 0, 1, 0], [1, 1, 1, 0], [0, 0, 0, 0]], np.uint8)
    np.testing.assert_array_equal(boundary(square(1, 1, 2, (4, 4))), expected)


def test_the_frame_of_the_image_is_no_boundary() -> None:
    assert not boundary(np.ones((6, 7), np.uint8)).any()
    corner = boundary(square(3, 4, 3, (6, 7)))
    assert corner[2, 3:].all() and corner[2:, 3].all() and not corner[3:, 4:].any()


@pytest.mark.parametrize(("shift", "expected"), [(0, 1.0), (1, 1.0), (2, 16 / 28), (20, 0.0)])
def test_boundary_accuracy_of_a_shifted_square(shift: int, expected: float) -> None:
    # The diagonal, 64, gives a tolerance of one pixel. The boundary of a 7 x 7 square is a ring of 28 pixels; two
    # pixels aside, seven of the top row, seven of the bottom row and two of the near column still find a neighbour.
    assert boundary_accuracy(square(10, 10, 7), square(10, 10 + shift, 7)) == pytest.approx(expected)


def test_the_tolerance_grows_with_the_diagonal() -> None:
    small, large = (40, 50), (480, 854)  # one pixel, eight pixels
    assert boundary_accuracy(square(10, 10, 7, small), square(10, 13, 7, small)) < 1.0
    assert boundary_accuracy(square(100, 100, 70, large), square(100, 108, 70, large)) == 1.0
    assert boundary_accuracy(square(100, 100, 70, large), square(100, 109, 70, large)) < 1.0


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    size=st.tuples(st.integers(1, 14), st.integers(1, 14)),
    density=st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]),
    tolerance=st.sampled_from([0.008, 0.1, 0.2]),
)
def test_equals_the_plain_definition(seed: int, size: tuple[int, int], density: float, tolerance: float) -> None:
    rng = np.random.default_rng(seed)
    pred, truth = (rng.random((2, *size)) < density).astype(np.uint8)
    assert {tuple(at) for at in np.argwhere(boundary(pred))} == plain.boundary(pred)
    assert region_similarity(pred, truth) == pytest.approx(plain.region_similarity(pred, truth))
    assert boundary_accuracy(pred, truth, tolerance) == pytest.approx(plain.boundary_accuracy(pred, truth, tolerance))


def test_frame_scores_are_by_object() -> None:
    truth = square(2, 2, 6) + 2 * square(20, 20, 6)
    pred = square(2, 2, 6) + 3 * square(20, 20, 6)
    region, contour = frame_scores(pred, truth, [1, 2, 3, 4])
    assert region.tolist() == contour.tolist() == [1.0, 0.0, 0.0, 1.0]


def test_void_pixels_count_for_nothing() -> None:
    truth = square(2, 2, 6)
    truth[20:30, 20:30] = 255
    pred = square(2, 2, 6)
    pred[22:28, 22:28] = 1
    region, contour = frame_scores(pred, truth, [1])
    assert region.tolist() == contour.tolist() == [1.0]


def test_a_frame_of_void_has_no_score() -> None:
    region, contour = frame_scores(square(2, 2, 6), np.full((40, 50), 255, np.uint8), [1, 2])
    assert np.isnan(region).all() and np.isnan(contour).all()


def test_sizes_have_to_agree() -> None:
    with pytest.raises(ValueError, match="true mask"):
        frame_scores(EMPTY, EMPTY[:-1], [1])
