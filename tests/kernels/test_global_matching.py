from __future__ import annotations

import threading

import numpy as np
import pytest

from paddlevideo.kernels.elementwise import squash_all
from paddlevideo.kernels.global_matching import Reference, local_map
from paddlevideo.utils.arrays import subsample
from tests.reference.matching_plain import global_map_plain, local_map_plain, squash

IDS = [0, 1, 2, 5]


def _pair(rng: np.random.Generator, shape: tuple[int, int, int], scale: float = 0.4) -> tuple[np.ndarray, np.ndarray]:
    first = rng.standard_normal(shape).astype(np.float32) * np.float32(scale)
    return first, first + rng.standard_normal(shape).astype(np.float32) * np.float32(0.5 * scale)


def _label(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    label = rng.integers(-1, 3, size)
    label[label == 2] = 5
    return label


@pytest.mark.parametrize("shape", [(5, 9, 14), (4, 7, 7), (100, 4, 5), (7, 2, 3)])
@pytest.mark.parametrize("limit", [None, 3])
def test_global_map_is_the_plain_definition(shape: tuple[int, int, int], limit: int | None) -> None:
    rng = np.random.default_rng(1)
    query, reference = _pair(rng, shape)
    label = _label(rng, shape[1:])
    fast = Reference(reference, label, IDS, limit).map(query)
    assert fast.dtype == np.float32
    assert np.abs(fast - global_map_plain(query, reference, label, IDS, limit)).max() < 1e-5
    assert (fast[IDS.index(2)] == 1).all()  # nothing is labelled 2


def test_global_map_of_more_references_than_a_block() -> None:
    rng = np.random.default_rng(2)
    query, reference = _pair(rng, (3, 16, 31))
    label = np.zeros((16, 31), int)
    label[:, 20:] = 1
    fast = Reference(reference, label, [0, 1]).map(query)
    assert np.abs(fast - global_map_plain(query, reference, label, [0, 1])).max() < 1e-5


def test_global_map_far_from_the_origin_keeps_its_digits() -> None:
    rng = np.random.default_rng(3)
    query, reference = (x + np.float32(50) for x in _pair(rng, (8, 6, 9)))
    label = _label(rng, (6, 9))
    fast = Reference(reference, label, IDS).map(query)
    assert np.abs(fast - global_map_plain(query, reference, label, IDS)).max() < 1e-5
    assert Reference(query, np.zeros((6, 9), int), [0]).map(query).max() < 1e-5


def test_global_map_without_any_label_is_one() -> None:
    query, reference = _pair(np.random.default_rng(4), (3, 5, 6))
    assert (Reference(reference, np.full((5, 6), -1), [0, 1]).map(query) == 1).all()


@pytest.mark.parametrize("border", ["background", "ignore"])
@pytest.mark.parametrize(
    ("shape", "window"), [((5, 17, 24), 2), ((6, 13, 9), 3), ((3, 30, 31), 12), ((4, 2, 3), 2), ((2, 33, 12), 1)]
)
def test_local_map_is_the_plain_definition(shape: tuple[int, int, int], window: int, border: str) -> None:
    rng = np.random.default_rng(5)
    current, previous = _pair(rng, shape)
    label = _label(rng, shape[1:])
    fast = local_map(current, previous, label, IDS, window, border)
    assert fast.dtype == np.float32
    assert np.abs(fast - local_map_plain(current, previous, label, IDS, window, border)).max() < 1e-5


def test_border_counts_as_background_only_where_asked() -> None:
    current, previous = _pair(np.random.default_rng(6), (4, 24, 24), 0.2)
    label = np.ones((24, 24), int)
    with_border = local_map(current, previous, label, [0, 1], 4, "background")
    assert (with_border[0] < 0.999).any()
    assert (with_border[0, 9:15, 9:15] == 1).all()  # out of reach of the border
    assert (local_map(current, previous, label, [0, 1], 4, "ignore")[0] == 1).all()


def test_one_thread_gives_what_two_give(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(7)
    current, previous = _pair(rng, (5, 19, 21))
    label = _label(rng, (19, 21))
    maps = []
    for threads in ("1", "3"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        maps.append((Reference(previous, label, IDS).map(current), local_map(current, previous, label, IDS, 3)))
    assert np.abs(maps[0][0] - maps[1][0]).max() < 1e-6
    assert np.abs(maps[0][1] - maps[1][1]).max() < 1e-6


def test_matching_in_several_threads_at_once() -> None:
    rng = np.random.default_rng(8)
    current, previous = _pair(rng, (4, 16, 16))
    label = _label(rng, (16, 16))
    expected = local_map(current, previous, label, IDS, 3)
    found: list[np.ndarray] = []
    threads = [
        threading.Thread(target=lambda: found.append(local_map(current, previous, label, IDS, 3))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert all(np.array_equal(each, expected) for each in found)


def test_squash() -> None:
    distance = np.concatenate([np.linspace(0, 40, 4001), [1e20]]).astype(np.float32)
    squashed = distance.copy()
    squash_all(squashed)
    assert np.abs(squashed - squash(distance.astype(np.float64))).max() < 5e-7
    assert squashed[-1] == 1
    assert np.abs(squashed - np.tanh(distance / 2)).max() < 5e-7


def test_subsample_is_even_and_keeps_both_ends() -> None:
    indices = np.arange(100, 200)
    assert subsample(indices, None) is indices
    assert subsample(indices, 100) is indices
    assert subsample(indices, 4).tolist() == [100, 133, 166, 199]
    assert subsample(indices, 1).tolist() == [100]
