"""Single pixels of masks, and masks by hand that nothing overwrites."""

from __future__ import annotations

import numpy as np
import pytest

from paddlevideo.app.projects.touch_up import (
    filled,
    hard_line,
    painted,
    soft_line,
    without,
    without_islands,
)


def _mask(*rows: str) -> np.ndarray:
    return np.array([[int(each) for each in row] for row in rows], np.uint8)


def test_a_line_one_pixel_wide_is_one_pixel_wide() -> None:
    rope = painted(np.zeros((5, 9), np.uint8), 2, hard_line((5, 9), [(0.0, 0.5), (1.0, 0.5)], 1))
    assert rope.tolist() == _mask("000000000", "000000000", "222222222", "000000000", "000000000").tolist()
    slant = hard_line((9, 9), [(0.0, 0.0), (1.0, 1.0)], 1)
    assert (slant == np.eye(9, dtype=bool)).all()
    dot = hard_line((5, 5), [(0.5, 0.5)], 1)
    assert dot.sum() == 1 and dot[2, 2] == 1


def test_painting_out_leaves_other_objects() -> None:
    mask = _mask("111222111")
    line = hard_line(mask.shape, [(0.0, 0.5), (1.0, 0.5)], 1)
    assert painted(mask, 1, line, out=True).tolist() == _mask("000222000").tolist()
    assert without(mask, 2).tolist() == _mask("111000111").tolist()


@pytest.mark.parametrize("hardness", [0.0, 0.5, 1.0])
def test_a_soft_line_keeps_to_the_pictures_edges_outside_its_core(hardness: float) -> None:
    """A red bar on grass, 20 pixels high, and a line 41 wide along its middle, whose colour changes on the way."""
    picture = np.empty((80, 120, 3), np.uint8)
    picture[:] = (60, 120, 50)
    picture[30:50, :60], picture[30:50, 60:] = (200, 40, 40), (230, 200, 60)
    picture = np.clip(picture + np.random.default_rng(0).integers(-4, 5, picture.shape), 0, 255).astype(np.uint8)
    along = [(0.25, 0.5), (0.75, 0.5)]
    line, whole = soft_line(picture, along, 41, hardness), hard_line((80, 120), along, 41)
    core = hard_line((80, 120), along, max(1, round(41 * hardness)))
    bar = np.zeros_like(whole)
    bar[30:50] = True
    assert (line & ~(core | bar)).sum() == 0 and (line & ~whole).sum() == 0
    assert line[core].all() and line[30:50, 32:58].all() and line[30:50, 62:88].all()


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
