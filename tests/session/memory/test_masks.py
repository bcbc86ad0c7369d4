from __future__ import annotations

import numpy as np
import pytest

from paddlevideo.loader.samples import to_grid
from paddlevideo.modeling.layers import bilinear_matrix
from paddlevideo.session.memory.masks import MaskStore, grid_labels, nearest_labels, upsample_labels


def _plain(logits: np.ndarray, ids: list[int], size: tuple[int, int]) -> np.ndarray:
    rows, columns = bilinear_matrix(logits.shape[1], size[0]), bilinear_matrix(logits.shape[2], size[1])
    return np.asarray(ids, np.uint8)[(rows @ logits @ columns.T).argmax(axis=0)]


@pytest.mark.parametrize("size", [(37, 53), (9, 14), (5, 7), (1, 1), (120, 33)])
def test_labels_are_the_largest_upsampled_logits(size: tuple[int, int]) -> None:
    logits = np.random.default_rng(0).standard_normal((3, 9, 14)).astype(np.float32)
    ids = [0, 2, 200]
    assert (upsample_labels(logits, ids, size) == _plain(logits, ids, size)).mean() > 0.999


def test_a_tie_goes_to_the_first() -> None:
    assert (upsample_labels(np.zeros((3, 4, 4), np.float32), [0, 1, 2], (8, 8)) == 0).all()


@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize("size", [(37, 53), (36, 56), (9, 14)])
def test_grid_labels_are_read_from_the_full_mask(size: tuple[int, int], aligned: bool) -> None:
    logits = np.random.default_rng(1).standard_normal((2, 9, 14)).astype(np.float32)
    full = upsample_labels(logits, [0, 1], size)
    assert np.array_equal(grid_labels(logits, [0, 1], size, aligned), nearest_labels(full, (9, 14), aligned))


def test_with_aligned_corners_each_cell_reads_its_own_pixel_and_has_its_own_answer() -> None:
    mask = np.random.default_rng(2).integers(0, 5, (33, 53)).astype(np.uint8)
    assert np.array_equal(nearest_labels(mask, (9, 14), aligned=True), to_grid(mask))
    logits = np.random.default_rng(1).standard_normal((2, 9, 14)).astype(np.float32)
    assert np.array_equal(grid_labels(logits, [0, 1], (33, 53), aligned=True), logits.argmax(axis=0))


def test_nearest_takes_the_floor() -> None:
    mask = np.arange(10, dtype=np.uint8)[:, None].repeat(3, 1)
    assert nearest_labels(mask, (4, 1))[:, 0].tolist() == [0, 2, 5, 7]


def test_store_gives_back_what_was_put_and_stays_small() -> None:
    store = MaskStore()
    mask = np.zeros((480, 854), np.uint8)
    mask[100:300, 200:400] = 2
    store.put(4, mask, mask[::4, ::4])
    assert 4 in store and 3 not in store and len(store) == 1
    assert np.array_equal(store.mask(4), mask)
    assert np.array_equal(store.grid(4), mask[::4, ::4])
    assert store.mask(3) is None and store.grid(3) is None
    assert sum(len(part) for part in store.kept[4] if isinstance(part, bytes)) < 20_000
    before = store.copy()
    store.put(4, mask * 0, mask[::4, ::4])
    assert before.mask(4).max() == 2 and store.mask(4).max() == 0
