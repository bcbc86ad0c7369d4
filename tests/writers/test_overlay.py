"""Overlay pictures."""

from __future__ import annotations

import numpy as np

from paddlevideo.loader.palette import PALETTE
from paddlevideo.loader.scribbles import Stroke
from paddlevideo.writers.overlay import draw_overlay, draw_strokes

FRAME = np.full((60, 80, 3), 100, np.uint8)


def test_overlay_colours_objects_and_leaves_the_rest() -> None:
    mask = np.zeros((60, 80), np.uint8)
    mask[10:50, 10:40], mask[10:50, 40:70] = 1, 2
    picture = draw_overlay(FRAME, mask, alpha=0.25)
    assert (picture[mask == 0] == 100).all()
    assert picture[30, 25].tolist() == np.rint(100 * 0.75 + PALETTE[1] * 0.25).tolist()
    assert picture[30, 55].tolist() == np.rint(100 * 0.75 + PALETTE[2] * 0.25).tolist()
    assert picture[10, 25].tolist() == [191, 127, 127]  # outline
    assert (FRAME == 100).all()


def test_empty_mask_is_the_frame() -> None:
    frame = FRAME.copy()
    frame.flags.writeable = False
    assert np.array_equal(draw_overlay(frame, np.zeros((60, 80), np.uint8)), FRAME)


def test_strokes_show_where_they_are() -> None:
    strokes = [Stroke(1, 0, ((0.1, 0.5), (0.9, 0.5))), Stroke(0, 0, ((0.5, 0.1),))]
    drawn = draw_strokes(FRAME, strokes)
    assert drawn[30, 40].tolist() == [191, 127, 127]
    assert drawn[6, 40].tolist() == [255, 255, 255]
    assert (drawn[50:] == 100).all() and (FRAME == 100).all()
