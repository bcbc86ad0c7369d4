"""CVAT XML, read as CVAT's importer reads it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from paddlevideo.writers.formats.cvat import run_lengths
from tests.writers.clip import FRAMES, SIZE, palette_masks, twins, write


def painted(element: ElementTree.Element) -> np.ndarray:
    """Return the mask of one element: run lengths, row by row, of a window of the picture."""
    left, top, width, height = (int(element.attrib[key]) for key in ("left", "top", "width", "height"))
    runs = [int(text) for text in element.attrib["rle"].split(",")]
    ends = np.cumsum(runs)
    flat = np.zeros(ends[-1], bool)
    for place, (start, end) in enumerate(pairwise([0, *ends])):
        flat[start:end] = place % 2
    found = np.zeros(SIZE, bool)
    found[top : top + height, left : left + width] = flat.reshape(height, width)
    return found


def test_masks_are_the_palette_masks(tmp_path: Path) -> None:
    root, masks = ElementTree.parse(write(tmp_path, "cvat")).getroot(), palette_masks(tmp_path)
    assert root.findtext("version") == "1.1" and root.findtext("meta/task/size") == str(FRAMES)
    assert [label.findtext("name") for label in root.iter("label")] == ["object 1", "dog"]
    images = root.findall("image")
    assert [(each.get("id"), each.get("name")) for each in images] == [
        (str(t), f"frame_{t:06d}") for t in range(FRAMES)
    ]
    for image, mask in zip(images, masks, strict=True):
        assert (image.get("height"), image.get("width")) == tuple(map(str, SIZE))
        found = np.zeros(SIZE, np.uint8)
        for element in image:
            number = int(element.attrib["group_id"])
            assert element.attrib["label"] == {1: "object 1", 3: "dog"}[number]
            assert [(each.get("name"), each.text) for each in element] == [("object_id", str(number))]
            found[painted(element)] = number
        assert np.array_equal(found, mask)


def test_pictures_keep_their_names_and_labels_their_letters(tmp_path: Path) -> None:
    root = ElementTree.parse(write(tmp_path, "cvat", twins())).getroot()
    assert [label.findtext("name") for label in root.iter("label")] == ["the <dog> & co"]
    assert {element.get("label") for element in root.iter("mask")} == {"the <dog> & co"}
    assert [image.get("name") for image in root.findall("image")] == [f"shot{t}.jpg" for t in range(FRAMES)]


def test_runs_begin_outside() -> None:
    assert run_lengths(np.array([[1, 1, 0], [0, 1, 1]], bool)) == [0, 2, 2, 2]
    assert run_lengths(np.array([[0, 1], [1, 0]], bool)) == [1, 2, 1]
