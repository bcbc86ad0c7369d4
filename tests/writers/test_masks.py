"""Palette PNG masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paddlevideo.utils.errors import InputError
from paddlevideo.writers.masks import PALETTE, read_mask, write_mask

MASK = np.arange(20, dtype=np.uint8).reshape(4, 5) % 4


def test_palette_is_that_of_davis() -> None:
    known: dict[int, tuple[int, ...]] = {0: (0, 0, 0), 1: (128, 0, 0), 2: (0, 128, 0), 3: (128, 128, 0)}
    known |= {4: (0, 0, 128), 8: (64, 0, 0), 20: (0, 64, 128), 255: (224, 224, 192)}
    assert {place: tuple(int(c) for c in PALETTE[place]) for place in known} == known
    assert len({tuple(colour) for colour in PALETTE.tolist()}) == 256


def test_written_masks_hold_ids_and_colours(tmp_path: Path) -> None:
    write_mask(tmp_path / "m.png", MASK)
    with Image.open(tmp_path / "m.png") as image:
        assert image.mode == "P"
        assert np.array_equal(np.array(image), MASK)
        assert np.array_equal(np.array(image.convert("RGB")), PALETTE[MASK])
    assert np.array_equal(read_mask(tmp_path / "m.png", (4, 5)), MASK)
    assert [file.name for file in tmp_path.iterdir()] == ["m.png"]


def test_ids_up_to_254_survive(tmp_path: Path) -> None:
    mask = np.arange(255, dtype=np.uint8).reshape(15, 17)
    write_mask(tmp_path / "m.png", mask)
    assert np.array_equal(read_mask(tmp_path / "m.png"), mask)


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        (np.array([[0, 255], [255, 0]], np.uint8), [[0, 1], [1, 0]]),  # black and white
        (np.array([[0, 2], [255, 1]], np.uint8), [[0, 2], [0, 1]]),  # 255 is void beside ids
        (np.array([[False, True]]), [[0, 1]]),
        (np.array([[0, 3]], np.uint16), [[0, 3]]),
    ],
)
def test_grey_masks(tmp_path: Path, pixels: np.ndarray, expected: list[list[int]]) -> None:
    Image.fromarray(pixels).save(tmp_path / "m.png")
    mask = read_mask(tmp_path / "m.png")
    assert mask.dtype == np.uint8 and mask.tolist() == expected


def test_bad_masks(tmp_path: Path) -> None:
    path = tmp_path / "m.png"
    with pytest.raises(InputError, match="not a readable mask"):
        read_mask(path)
    path.write_bytes(b"no picture")
    with pytest.raises(InputError, match="not a readable mask"):
        read_mask(path)
    Image.fromarray(PALETTE[MASK]).save(path)
    with pytest.raises(InputError, match="colour picture"):
        read_mask(path)
    Image.fromarray(np.full((4, 5), 300, np.uint16)).save(path)
    with pytest.raises(InputError, match="id 300 is out of range"):
        read_mask(path)
    write_mask(path, MASK)
    with pytest.raises(InputError, match="the mask is 5x4, the video 9x8"):
        read_mask(path, (8, 9))
