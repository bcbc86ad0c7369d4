"""YOLO labels, painted again the way its trainers do."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import yaml

from tests.writers.clip import FRAMES, SIZE, palette_masks, twins, write

CLASSES = {0: 1, 1: 3}


def painted(line: str) -> tuple[int, np.ndarray]:
    """Return class and mask of a line: in pixels, rounded down, filled by OpenCV."""
    number, *shares = line.split()
    points = np.array(shares, float).reshape(-1, 2) * SIZE[::-1]
    found = np.zeros(SIZE, np.uint8)
    cv2.fillPoly(found, [points.astype(np.int32)], 1)
    return int(number), found


def test_labels_are_the_palette_masks(tmp_path: Path) -> None:
    folder, masks = write(tmp_path, "yolo"), palette_masks(tmp_path)
    assert yaml.safe_load((folder / "data.yaml").read_text("utf-8"))["names"] == {0: "object 1", 1: "dog"}
    for t in range(FRAMES):
        lines = (folder / "labels" / f"shot{t}.txt").read_text().splitlines()
        found = np.zeros(SIZE, np.uint8)
        for number, inside in map(painted, lines):
            found[inside > 0] = CLASSES[number]
        assert len(lines) == (2 if t else 1) and np.array_equal(found, masks[t])
        assert all(0 <= float(share) <= 1 for line in lines for share in line.split()[1:])


def test_objects_of_one_name_are_one_class(tmp_path: Path) -> None:
    folder = write(tmp_path, "yolo", twins())
    assert yaml.safe_load((folder / "data.yaml").read_text("utf-8"))["names"] == {0: "the <dog> & co"}
    lines = (folder / "labels" / "shot2.txt").read_text().splitlines()
    assert [line.split()[0] for line in lines] == ["0", "0"]
