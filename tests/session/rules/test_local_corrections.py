"""Corrections change what their strokes reach, all of it and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from paddlevideo.loader.preprocess import Preprocess
from paddlevideo.loader.scribbles import UNLABELLED
from paddlevideo.session.options import SessionOptions
from paddlevideo.session.rules.local_corrections import broadened, changeable_cells, corrected
from paddlevideo.session.session import Session
from tests.session.rules.test_reach import Painter
from tests.session.test_session import GRID, Clip

IDS = (0, 1, 3)
SIZE = (60, 90)


def scene() -> np.ndarray:
    """A body of object 1, and a patch of it apart."""
    previous = np.zeros(SIZE, np.uint8)
    previous[10:50, 5:45] = 1
    previous[15:35, 60:80] = 1
    return previous


def line(object_id: int, row: int, columns: slice) -> np.ndarray:
    label = np.full(SIZE, UNLABELLED, np.int16)
    label[row, columns] = object_id
    return label


def taken(label: np.ndarray, previous: np.ndarray) -> np.ndarray:
    return (broadened(label, previous, IDS) == 0) & (previous != 0)


def test_a_patch_apart_goes_whole_with_a_stroke_along_its_middle() -> None:
    previous = scene()
    gone = taken(line(0, 25, slice(63, 77)), previous)
    assert gone[15:35, 60:80].mean() > 0.97 and not gone[:, :50].any()


def test_of_the_largest_part_a_short_stroke_takes_little() -> None:
    gone = taken(line(0, 30, slice(20, 30)), scene())
    rows, columns = np.nonzero(gone)
    assert np.ptp(rows) + 1 == 3 and np.ptp(columns) + 1 == 12  # a tenth of ten cells on each side


def test_a_patch_that_touches_the_object_goes_without_it() -> None:
    previous = scene()
    previous[22:29, 45:80] = 1
    previous[15:22, 60:80] = previous[29:35, 60:80] = 0  # a bar, in one with the body
    gone = taken(line(0, 25, slice(50, 80)), previous)
    assert gone[22:29, 52:78].mean() > 0.95 and not gone[:, :43].any()


def test_what_has_a_stroke_of_its_own_is_kept() -> None:
    label = line(0, 25, slice(63, 77))
    corner = (slice(15, 17), slice(78, 80))
    assert taken(label, scene())[corner].all()
    label[15, 79] = 1
    broad = broadened(label, scene(), IDS)
    assert broad[15, 79] == 1 and (broad[corner] == 0).sum() < 3


def test_another_object_takes_only_where_it_was_in_the_frame() -> None:
    label = line(3, 25, slice(63, 77))
    assert (broadened(label, scene(), IDS) == label).all()
    previous = scene()
    previous[55:58, 5:10] = 3
    assert (broadened(label, previous, IDS)[15:35, 60:80] == 3).mean() > 0.97


def test_strokes_that_add_stay_thin() -> None:
    label = line(1, 55, slice(20, 40))
    assert (broadened(label, scene(), IDS) == label).all()


LABELS = arrays.arrays(np.int16, (12, 15), elements=st.sampled_from([UNLABELLED, UNLABELLED, UNLABELLED, 0, 1, 3]))
MASKS = arrays.arrays(np.uint8, (12, 15), elements=st.sampled_from(IDS))


@settings(max_examples=60, deadline=None)
@given(label=LABELS, previous=MASKS)
def test_only_what_is_taken_from_an_object_is_added(label: np.ndarray, previous: np.ndarray) -> None:
    kept = label.copy()
    broad = broadened(label, previous, IDS)
    assert (label == kept).all() and (broad[label != UNLABELLED] == label[label != UNLABELLED]).all()
    more = broad != label
    assert (previous[more] != 0).all() and (broad[more] != previous[more]).all()
    assert set(np.unique(broad[more])) <= set(np.unique(label))


def test_a_correction_reaches_as_far_as_its_strokes_are_from_the_object() -> None:
    previous = scene()
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    near = changeable_cells(line(1, 53, slice(20, 21)), previous, IDS)  # four cells below the body
    assert (near == (np.hypot(y - 53, x - 20) <= 8.5)).mean() > 0.99 and near[53, 28] and not near[53, 30]
    confirmed = changeable_cells(line(1, 30, slice(20, 21)), previous, IDS)
    assert confirmed.sum() < 10 and confirmed[30, 21] and not confirmed[30, 22]
    struck = changeable_cells(line(0, 25, slice(63, 77)), previous, IDS)
    assert struck[15:35, 63:77].mean() > 0.97 and not struck[:, :50].any()
    assert changeable_cells(line(3, 30, slice(20, 21)), previous, IDS).all()  # it was not in the frame


def test_logits_follow_strokes_and_leave_what_these_do_not_reach() -> None:
    previous = np.array([[1, 1, 1, 0, 0, 1]])
    answer = np.array([[1, 1, 3, 1, 1, 0]])
    label = np.array([[0, UNLABELLED, 0, 0, UNLABELLED, UNLABELLED]])
    reach = np.array([[False, True, True, True, True, False]])
    logits = np.stack([np.where(answer == object_id, 2.0, -1.0 - row) for row, object_id in enumerate(IDS)])
    given = logits.copy()
    result = corrected(logits, label, reach, previous, IDS)
    assert (logits == given).all()
    assert np.asarray(IDS)[result.argmax(axis=0)].tolist() == [[0, 1, 3, 1, 1, 1]]
    assert (np.sort(result, axis=0) == np.sort(given, axis=0)).all()


@settings(max_examples=60, deadline=None)
@given(label=LABELS, previous=MASKS, answer=MASKS)
def test_nothing_changes_out_of_reach(label: np.ndarray, previous: np.ndarray, answer: np.ndarray) -> None:
    logits = np.stack([np.where(answer == object_id, 2.0, -1.0) for object_id in IDS])
    broad, reach = broadened(label, previous, IDS), changeable_cells(label, previous, IDS)
    found = np.asarray(IDS)[corrected(logits, broad, reach, previous, IDS).argmax(axis=0)]
    far = ~reach & (broad == UNLABELLED)
    assert (found[far] == previous[far]).all()
    said = (broad != UNLABELLED) & (answer == previous)
    assert (found[said] == broad[said]).all()


@pytest.mark.parametrize("broad", [False, True])
@pytest.mark.parametrize("references", ["strokes", "answer"])
def test_a_session_takes_a_patch_away_whole(broad: bool, references: Any) -> None:
    engine = Painter()
    patch = np.zeros(GRID, bool)
    patch[2:7, 10:15] = True
    engine.where = patch | np.broadcast_to(np.arange(GRID[1]) < 6, GRID)
    settings: dict[str, Any] = {"references": references, "local_corrections": broad}
    session = Session(engine, Clip(), Preprocess("rgb", size=None), 1, SessionOptions(**settings))
    first = np.full(GRID, UNLABELLED, np.int16)
    first[6, 3] = 1
    session.annotate(0, first)
    list(session.propagate())
    assert session.mask(2)[4 * 4, 12 * 4] == 1
    correction = np.full(GRID, UNLABELLED, np.int16)
    correction[4, 10:15] = 0
    mask = session.annotate(2, correction).mask[::4, ::4]
    assert (mask[:, :6] == 1).all()
    assert (mask[3:6, 10:15] == (0 if broad else 1)).all()
    reference = session.rounds[-1].reference
    assert reference is not None and (reference[3:6, 10:15] == 0).all() == broad
