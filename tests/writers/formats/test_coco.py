"""COCO files, opened again by pycocotools."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pycocotools.coco import COCO

from tests.writers.clip import FRAMES, SIZE, palette_masks, twins, write


@pytest.mark.parametrize("kind", ["coco", "coco_polygons"])
def test_pycocotools_reads_the_palette_masks(kind: str, tmp_path: Path) -> None:
    coco, masks = COCO(str(write(tmp_path, kind))), palette_masks(tmp_path)
    assert [(image["file_name"], image["height"], image["width"]) for image in coco.dataset["images"]] == [
        (f"shot{number}.png", *SIZE) for number in range(FRAMES)
    ]
    assert {each["id"]: each["name"] for each in coco.dataset["categories"]} == {1: "object 1", 2: "dog"}
    seen = set()
    for annotation in coco.loadAnns(coco.getAnnIds()):
        frame, number = annotation["image_id"] - 1, annotation["track_id"]
        inside = masks[frame] == number
        rows, columns = np.nonzero(inside)
        left, top = columns.min(), rows.min()
        assert np.array_equal(coco.annToMask(annotation), inside)
        assert annotation["area"] == inside.sum() and annotation["iscrowd"] == 0
        assert annotation["bbox"] == [left, top, columns.max() - left + 1, rows.max() - top + 1]
        assert annotation["category_id"] == {1: 1, 3: 2}[number]
        assert isinstance(annotation["segmentation"], dict if kind == "coco" else list)
        seen.add((frame, number))
    assert seen == {(t, number) for t in range(FRAMES) for number in (1, 3) if (masks[t] == number).any()}
    assert (0, 3) not in seen and len(seen) == len(coco.dataset["annotations"]) == 7


def test_objects_of_one_name_are_one_category(tmp_path: Path) -> None:
    coco = COCO(str(write(tmp_path, "coco", twins())))
    assert [(each["id"], each["name"]) for each in coco.dataset["categories"]] == [(1, "the <dog> & co")]
    assert {(each["category_id"], each["track_id"]) for each in coco.dataset["annotations"]} == {(1, 1), (1, 3)}
    assert coco.loadImgs([1])[0]["file_name"] == "shot0.jpg"
