"""Where objects are looked for in a propagated frame."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddlevideo.loader.preprocess import Preprocess
from paddlevideo.session.options import SessionOptions
from paddlevideo.session.rules.search import ALIGNED, LEAST, PARTS, SURE, Window, window_around
from paddlevideo.session.session import Session
from tests.session.test_session import FRAMES, SIZE, Clip, Colours

GRID = (120, 214)


def box(object_id: int, top: int, left: int, height: int, width: int, size: tuple[int, int] = GRID) -> np.ndarray:
    label = np.zeros(size, np.uint8)
    label[top : top + height, left : left + width] = object_id
    return label


@given(
    st.tuples(st.integers(1, 160), st.integers(1, 260)),
    st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)),
    st.floats(0.01, 0.6),
)
def test_a_window_holds_the_object_and_its_surroundings(
    size: tuple[int, int], place: tuple[float, float, float, float], search: float
) -> None:
    top, left = int(place[0] * (size[0] - 1)), int(place[1] * (size[1] - 1))
    height, width = 1 + int(place[2] * (size[0] - top - 1)), 1 + int(place[3] * (size[1] - left - 1))
    window = window_around(box(2, top, left, height, width, size), (0, 2), search)
    margin = round(search * min(size))
    for span, first, length, count in (
        (window.rows, top, height, size[0]),
        (window.columns, left, width, size[1]),
    ):
        assert 0 <= span.start <= max(first - margin, 0) and min(first + length + margin, count) <= span.stop <= count
        assert span.start % ALIGNED == 0
        assert span.stop - span.start in (count, *range(count % ALIGNED, count, ALIGNED))
        assert min(count, LEAST) <= span.stop - span.start


def test_windows_have_few_sizes() -> None:
    sizes = set()
    for height in range(1, GRID[0], 7):
        for top in range(0, GRID[0] - height, 5):
            window = window_around(box(1, top, 3 * top // 2, height, height), (0, 1), 0.1)
            sizes.add((window.rows.stop - window.rows.start, window.columns.stop - window.columns.start))
    assert 4 < len(sizes) <= PARTS**2


def test_the_window_is_the_whole_grid_where_an_object_may_be_anywhere() -> None:
    label = box(1, 50, 50, 8, 8)
    assert not window_around(label, (0, 1), 0.1).whole
    assert window_around(label, (0, 1, 2), 0.1).whole  # 2 may come back anywhere
    assert window_around(label, (0, 1), None).whole
    assert window_around(np.zeros(GRID, np.uint8), (0,), 0.1).whole
    assert window_around(box(1, 9, 9, 2, 2, (LEAST, LEAST)), (0, 1), 0.01).whole


def test_what_is_removed_does_not_widen_the_window() -> None:
    label = box(1, 50, 50, 8, 8) + box(3, 0, 0, 4, 4) + box(3, 116, 210, 4, 4)
    assert window_around(label, (0, 1), 0.1) == window_around(box(1, 50, 50, 8, 8), (0, 1), 0.1)


@pytest.mark.parametrize("ids", [(0, 1), (0, 2, 5)])
def test_what_was_cut_goes_back_to_its_place(ids: tuple[int, ...]) -> None:
    window = Window(slice(4, 9), slice(8, 12), (20, 30))
    maps = np.random.default_rng(0).random((len(ids), 20, 30)).astype(np.float32)
    part = window.cut(maps)
    assert part.shape == (len(ids), 5, 4) and part.flags.c_contiguous
    distances, logits = window.distances(part), window.logits(part, ids)
    assert (distances[:, 4:9, 8:12] == part).all() and (logits[:, 4:9, 8:12] == part).all()
    beyond = np.ones((20, 30), bool)
    beyond[4:9, 8:12] = False
    assert (distances[:, beyond] == 1).all()
    assert (logits[0, beyond] == SURE).all() and (logits[1:, beyond] == -SURE).all()


def test_nothing_is_copied_for_the_whole_grid() -> None:
    maps = np.zeros((2, 20, 30), np.float32)
    window = Window(slice(0, 20), slice(0, 30), (20, 30))
    assert window.cut(maps) is maps and window.distances(maps) is maps and window.logits(maps, (0, 1)) is maps


class Wide(Clip):
    """The clip's squares in a larger picture."""

    size = (240, 440)

    def _read(self, index: int) -> np.ndarray:
        frame = np.full((*self.size, 3), 90, np.uint8)
        frame[80 : 80 + SIZE[0], 100 : 100 + SIZE[1]] = super()._read(index)
        return frame


class Watched(Colours):
    """Embeds every fourth pixel and notes how much of a frame it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[int, ...]] = []

    def embed(self, image: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(image[:, 2::4, 2::4]) * 3

    def propagate(self, *inputs: Any) -> np.ndarray:
        self.asked += [inputs[0].shape[1:]]
        return super().propagate(*inputs)


def test_a_session_looks_around_its_objects_and_finds_them_there() -> None:
    masks, asked = {}, {}
    for search in (None, 0.2):
        engine = Watched()
        session = Session(engine, Wide(), Preprocess("rgb", size=None), 1, SessionOptions(search=search))
        label = np.full((60, 110), -1, np.int16)
        label[23:25, 26:28], label[40, 50] = 1, 0
        session.annotate(0, label)
        list(session.propagate())
        masks[search] = np.stack([session.mask(frame) for frame in range(FRAMES)])
        asked[search] = set(engine.asked)
    different = (masks[None] != masks[0.2]).sum(axis=(1, 2))  # near a border, by what the local map interpolates
    assert masks[None][-1].sum() > 200 and different.max() < 3
    assert asked[None] == {(60, 110)} and max(rows * columns for rows, columns in asked[0.2]) < 60 * 110
