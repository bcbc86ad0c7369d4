"""Single pixels of masks, and masks by hand that nothing overwrites."""

from __future__ import annotations

import numpy as np
import pytest

from paddlevideo.app.projects.touch_up import filled, painted, without, without_islands


def _mask(*rows: str) -> np.ndarray:
    return np.array([[int(each) for each in row] for row in rows], np.uint8)


def test_a_line_one_pixel_wide_is_one_pixel_wide() -> None:
    rope = painted(np.zeros((5, 9), np.uint8), 2, [(0.0, 0.5), (1.0, 0.5)], 1)
    assert rope.tolist() == _mask("000000000", "000000000", "222222222", "000000000", "000000000").tolist()
    slant = painted(np.zeros((9, 9), np.uint8), 1, [(0.0, 0.0), (1.0, 1.0)], 1)
    assert (slant == np.eye(9, dtype=np.uint8)).all()
    dot = painted(np.zeros((5, 5), np.uint8), 1, [(0.5, 0.5)], 1)
    assert dot.sum() == 1 and dot[2, 2] == 1


def test_painting_out_leaves_other_objects() -> None:
    mask = _mask("111222111")
    assert painted(mask, 1, [(0.0, 0.5), (1.0, 0.5)], 1, out=True).tolist() == _mask("000222000").tolist()
    assert without(mask, 2).tolist() == _mask("111000111").tolist()


@pytest.mark.parametrize(("pixels", "middle"), [(1, "1001211"), (2, "1111211")])
def test_holes_up_to_a_size_are_filled_unless_they_hold_an_object(pixels: int, middle: str) -> None:
    mask = _mask("1111111", "1001211", "1111111")
    assert filled(mask, 1, pixels).tolist() == _mask("1111111", middle, "1111111").tolist()
    open_hole = _mask("1011", "1111")
    assert filled(open_hole, 1, 9).tolist() == open_hole.tolist(), "what is open to the edge is no hole"


def test_islands_up_to_a_size_go_and_the_largest_part_stays() -> None:
    mask = _mask("10110111", "00000111")
    assert without_islands(mask, 1, 2).tolist() == _mask("00000111", "00000111").tolist()
    assert without_islands(mask, 1, 100).tolist() == _mask("00000111", "00000111").tolist()
