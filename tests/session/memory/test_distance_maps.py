from __future__ import annotations

import numpy as np
import pytest

from paddlevideo.session.memory.array_store import ArrayStore
from paddlevideo.session.memory.distance_maps import GlobalMemory, LocalMemory

SIZE = (2, 3)


def _store() -> ArrayStore:
    return ArrayStore(1 << 20)


def _maps(*values: float) -> np.ndarray:
    return np.stack([np.full(SIZE, value, np.float32) for value in values])


def _values(maps: np.ndarray) -> list[float]:
    assert (maps == maps[:, :1, :1]).all()
    return [round(float(value), 4) for value in maps[:, 0, 0]]


def _aggregate(memory: GlobalMemory, frame: int, maps: np.ndarray, ids: list[int]) -> np.ndarray:
    stored = memory.aggregated(frame, maps, ids)
    memory.put(frame, stored)
    return stored.maps.read()


def _choose(memory: LocalMemory, frame: int, maps: np.ndarray, ids: list[int], round: int, distance: int) -> np.ndarray:
    used, stored = memory.choose(frame, maps, ids, round, distance)
    memory.put(frame, stored)
    return used


def test_global_memory_starts_at_one_and_keeps_the_least() -> None:
    memory = GlobalMemory(_store())
    assert _values(memory.read(7, [0, 1], SIZE)) == [1, 1]
    assert _values(_aggregate(memory, 7, _maps(0.5, 1.0), [0, 1])) == [0.5, 1]
    assert _values(_aggregate(memory, 7, _maps(0.6, 0.2), [0, 1])) == [0.5, 0.2]
    assert _values(memory.read(7, [0, 1], SIZE)) == [0.5, 0.2]
    assert _values(memory.read(10_000, [0, 1], SIZE)) == [1, 1]


def test_global_memory_of_objects_added_and_removed() -> None:
    memory = GlobalMemory(_store())
    _aggregate(memory, 0, _maps(0.1, 0.2, 0.3), [0, 1, 2])
    assert _values(_aggregate(memory, 0, _maps(1, 0.9, 0.8), [0, 2, 3])) == [0.1, 0.3, 0.8]
    assert _values(memory.read(0, [0, 1, 3], SIZE)) == [0.1, 1, 0.8]


def test_a_copy_is_untouched_by_what_follows() -> None:
    memory, local = GlobalMemory(_store()), LocalMemory(_store())
    _aggregate(memory, 0, _maps(0.5), [0])
    _choose(local, 0, _maps(0.5), [0], round=1, distance=2)
    kept, kept_local = memory.copy(), local.copy()
    _aggregate(memory, 0, _maps(0.1), [0])
    _choose(local, 0, _maps(0.1), [0], round=2, distance=1)
    assert _values(kept.read(0, [0], SIZE)) == [0.5]
    assert _values(_choose(kept_local, 0, _maps(0.9), [0], round=2, distance=5)) == [0.5]


# What is used at one frame in rounds of these distances, when round r computes a map of value r / 10.
TABLE = {
    (4, 2): [0.1, 0.2],
    (2, 4): [0.1, 0.1],
    (2, 2): [0.1, 0.1],  # a tie goes to the round before
    (1, 4, 3): [0.1, 0.1, 0.3],  # compared with the round before alone
    (1, 2, 3): [0.1, 0.1, 0.2],  # what that round computed, not what it used
    (3, 0, 5): [0.1, None, 0.3],  # 0: the frame was annotated itself
}


@pytest.mark.parametrize("distances", TABLE)
def test_local_memory_takes_the_nearer_of_the_last_two_rounds(distances: tuple[int, ...]) -> None:
    memory = LocalMemory(_store())
    used = [
        _values(_choose(memory, 3, _maps(number / 10), [0], number, distance))[0] if distance else None
        for number, distance in enumerate(distances, 1)
    ]
    assert used == TABLE[distances]


def test_local_memory_gives_a_new_object_its_fresh_map() -> None:
    memory = LocalMemory(_store())
    _choose(memory, 0, _maps(0.1, 0.2), [0, 1], round=1, distance=1)
    assert _values(_choose(memory, 0, _maps(0.7, 0.8, 0.9), [0, 1, 2], round=2, distance=3)) == [0.1, 0.2, 0.9]


def test_local_memory_has_no_limit_of_rounds() -> None:
    memory = LocalMemory(_store())
    for number in range(1, 31):
        used = _choose(memory, 500, _maps(number / 100), [0], number, 31 - number)
        assert _values(used) == [number / 100]


def test_a_round_begins_without_maps_that_nobody_compares_with() -> None:
    store = _store()
    memory = LocalMemory(store)
    for number, frame in enumerate((0, 1, 2), 1):
        memory.begin(number)
        _choose(memory, frame, _maps(0.5), [0], number, 1)
    memory.begin(4)
    assert store.nbytes == 24
