"""Whose mask a frame has, and whether it still stands, from histories written by hand."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from paddlevideo.app.projects.actions import Action, ObjectRemoved, Propagated, Span, StrokeDrawn
from paddlevideo.app.projects.current_masks import CurrentMasks
from paddlevideo.app.projects.facts import ObjectState
from paddlevideo.app.projects.history import view
from paddlevideo.app.projects.mask_files import MaskFiles

FRAMES, SIZE = 4, (2, 3)
OBJECTS = [ObjectState(each, "", "#000000", locked=False) for each in (1, 2)]
STROKE = StrokeDrawn(1, 1, key="k", frame=1, object_id=1, points=((0.5, 0.5),))


def _propagation(number: int, span: Span | None = None) -> Action:
    return Propagated(number, number, span=span)


def _masks(folder: Path, actions: Sequence[Action], given: Mapping[int, Sequence[int]]) -> CurrentMasks:
    """After these actions, of which some gave frames a mask: its left column is object 1, the others object 2."""
    files = MaskFiles(folder)
    mask = np.tile(np.array([1, 2, 2], np.uint8), (SIZE[0], 1))
    for action, frames in given.items():
        for frame in frames:
            files.put(action, frame, mask, 0.5)
    masks = CurrentMasks(files, FRAMES, SIZE, threading.RLock())
    masks.follow(actions, view(OBJECTS, actions, files.counts()))
    return masks


@pytest.mark.parametrize(("span", "states"), [(None, "saps"), ((1, 2), "papp")])
def test_what_a_stopped_propagation_owes_is_stale(tmp_path: Path, span: Span | None, states: str) -> None:
    actions = [STROKE, _propagation(2), _propagation(3, span)]
    masks = _masks(tmp_path, actions, {1: [1], 2: [1, 2, 3, 0], 3: [1, 2]})
    assert masks.document() == {"masks": [2, 3, 3, 2], "state": states, "changed": [None, 0.5, 0.5, None]}


@pytest.mark.parametrize(("drawn", "lanes"), [(1, {1: "spss", 2: "pppp"}), (0, {1: "spss", 2: "spss"})])
def test_each_object_says_where_it_is_out_of_date(tmp_path: Path, drawn: int, lanes: dict[int, str]) -> None:
    again = StrokeDrawn(3, 3, key="m", frame=1, object_id=drawn, points=((0.5, 0.5),))
    masks = _masks(tmp_path, [STROKE, _propagation(2), again], {1: [1], 2: [1, 2, 3, 0], 3: [1]})
    assert masks.lanes(range(FRAMES)) == lanes
    files = MaskFiles(tmp_path)
    files.put(3, 2, np.ones(SIZE, np.uint8), 0.5)
    assert MaskFiles(tmp_path).given[3][2].objects == {1}


def test_a_stopped_propagation_that_went_on_owes_nothing(tmp_path: Path) -> None:
    on = Propagated(3, 3, span=None, goes_on=True)
    masks = _masks(tmp_path, [STROKE, _propagation(2), on], {1: [1], 2: [1, 2], 3: [3, 0]})
    assert masks.document() == {"masks": [3, 2, 2, 3], "state": "papp", "changed": [0.5] * 4}
    assert masks.lanes([0, 1]) == {1: "pp", 2: "pp"}


def test_an_undo_brings_the_masks_before_back(tmp_path: Path) -> None:
    masks = _masks(tmp_path, [STROKE, _propagation(2)], {1: [1], 2: [1, 2, 3, 0]})
    assert [masks.file(frame) for frame in range(FRAMES)] == [tmp_path / "masks" / f"{t:05d}-2.png" for t in range(4)]
    masks.follow([STROKE], view(OBJECTS, [STROKE], {}))
    assert [masks.revision(frame) for frame in range(FRAMES)] == [0, 1, 0, 0]
    assert masks.propagated(1) == 0 and masks.last_propagation is None and masks.png(0) is None
    assert not masks.mask(0).any() and masks.mask(0).shape == SIZE


def test_a_removed_object_is_background_in_every_mask(tmp_path: Path) -> None:
    remove = ObjectRemoved(3, 3, object_id=2)
    masks = _masks(tmp_path, [STROKE, _propagation(2), remove], {1: [1], 2: [1, 2]})
    assert masks.mask(2).tolist() == [[1, 0, 0]] * SIZE[0]
    assert [masks.revision(frame) for frame in range(FRAMES)] == [0, 3, 3, 0]


def test_a_mask_given_after_a_removal_is_sent_as_it_lies_on_disk(tmp_path: Path) -> None:
    remove = ObjectRemoved(2, 2, object_id=2)
    masks = _masks(tmp_path, [STROKE, remove, Propagated(3, 3, span=None)], {1: [1], 3: [2]})
    assert masks.png(2) == (tmp_path / "masks" / "00002-3.png").read_bytes()
    assert masks.png(1) != (tmp_path / "masks" / "00001-1.png").read_bytes()
