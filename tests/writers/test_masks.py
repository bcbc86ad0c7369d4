"""Palette PNG masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from paddlevideo.loader.mask_file import read_mask
from paddlevideo.loader.palette import PALETTE
from paddlevideo.writers.masks import write_mask

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
    assert np.array_equal(read_mask(tmp_path / "m.png"), MASK)
    assert [file.name for file in tmp_path.iterdir()] == ["m.png"]


def test_ids_up_to_254_survive(tmp_path: Path) -> None:
    mask = np.arange(255, dtype=np.uint8).reshape(15, 17)
    write_mask(tmp_path / "m.png", mask)
    assert np.array_equal(read_mask(tmp_path / "m.png", max_objects=254), mask)
