"""The contact sheet."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paddlevideo.writers.contact_sheet import ContactSheet, choose_frames


def test_chosen_frames() -> None:
    assert choose_frames(100, 4) == [0, 33, 66, 99]
    assert choose_frames(100, 4, always=[50, 66]) == [0, 33, 50, 66, 99]
    assert choose_frames(3, 12) == [0, 1, 2]
    assert choose_frames(1, 12) == [0]


def test_sheet_is_a_grid_with_annotated_frames_marked(tmp_path: Path) -> None:
    sheet = ContactSheet(annotated=[5], width=100, columns=2)
    for frame in (0, 5, 9):
        sheet.add(frame, np.full((90, 160, 3), 10 * frame + 40, np.uint8))
    sheet.write(tmp_path / "sheet.png")
    picture = np.array(Image.open(tmp_path / "sheet.png"))
    assert picture.shape == (2 * (56 + 6) + 6, 2 * (100 + 6) + 6, 3)
    tiles = [picture[y : y + 56, x : x + 100] for y, x in ((6, 6), (6, 112), (68, 6))]
    assert [int(tile[50, 50, 0]) for tile in tiles] == [40, 90, 130]
    yellow = (picture == (255, 200, 0)).all(-1)
    assert yellow[6:62, 112:].sum() > 200 and not yellow[:, :106].any()  # only frame 5
    assert (picture[68:, 112:] == 32).all()  # the place left over
    assert [file.name for file in tmp_path.iterdir()] == ["sheet.png"]


def test_pictures_of_several_shapes_and_of_wide_pixels() -> None:
    sheet = ContactSheet(width=100, columns=2)
    for height in (50, 150, 100):  # of a width of 100
        sheet.add(0, np.full((height, 100, 3), 90, np.uint8))
    picture = sheet.draw()
    assert picture.shape[0] == 2 * (150 + 6) + 6
    corners = (6, 6), (6, 112), (162, 6)
    assert [int((picture[top : top + 150, left + 50, 0] == 90).sum()) // 10 for top, left in corners] == [5, 15, 10]
    wide = ContactSheet(width=100, pixel_aspect=Fraction(4, 3))
    wide.add(0, np.full((120, 120, 3), 90, np.uint8))
    assert wide.draw().shape[0] == 75 + 2 * 6


def test_empty_sheet() -> None:
    with pytest.raises(ValueError, match="at least one"):
        ContactSheet().draw()
