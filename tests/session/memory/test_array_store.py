"""Arrays within one budget: what is read is what was kept, wherever it has been."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paddlevideo.session.memory.array_store import GIB, ArrayStore

SIZE = (2, 5, 10)  # 400 bytes of float32


def _array(value: int) -> np.ndarray:
    return np.random.default_rng(value).normal(size=SIZE).astype(np.float32)


def _store(folder: Path, budget: int = 1000, **settings: Any) -> ArrayStore:
    return ArrayStore(budget, folder=folder, **{"reserve_bytes": 0, **settings})


def test_within_the_budget_everything_stays_in_memory(tmp_path: Path) -> None:
    store = _store(tmp_path)
    handles = [store.keep(_array(k)) for k in range(2)]
    assert all(np.array_equal(handle.read(), _array(k)) for k, handle in enumerate(handles))
    assert store.nbytes == 800 and store.file_bytes == 0


@pytest.mark.parametrize("storage", ["float32", "float16"])
def test_the_budget_is_kept_and_the_numbers_come_back_from_the_disk(tmp_path: Path, storage: Any) -> None:
    small, large = _store(tmp_path, storage=storage), _store(tmp_path, GIB, storage=storage)
    pairs = [(small.keep(_array(k)), large.keep(_array(k))) for k in range(20)]
    for k in np.random.default_rng(0).permutation(20).tolist() * 2:
        assert small.nbytes <= 1000
        assert np.array_equal(pairs[k][0].read(), pairs[k][1].read())
    item = small.item_bytes
    assert item == int(storage[-2:]) // 8 and large.nbytes == 20 * 100 * item and large.file_bytes == 0
    assert small.file_bytes <= 20 * 100 * item  # reading does not write again
    assert list(tmp_path.iterdir()) == []  # a file without a name


def test_float16_rounds_once_when_an_array_is_kept(tmp_path: Path) -> None:
    store = _store(tmp_path, storage="float16")
    read = store.keep(_array(0)).read()
    assert np.array_equal(read, _array(0).astype(np.float16).astype(np.float32))
    assert np.array_equal(store.keep(read).read(), read)


def test_the_least_recently_used_goes_first(tmp_path: Path) -> None:
    computed: list[int] = []

    def compute(k: int) -> np.ndarray:
        computed.append(k)
        return _array(k)

    store = _store(tmp_path, reserve_bytes=1 << 60)
    handles = [store.keep(_array(k), lambda k=k: compute(k)) for k in range(2)]
    handles[0].read()
    handles.append(store.keep(_array(2), lambda: compute(2)))
    assert [handle.kept for handle in handles] == [True, False, True]
    assert np.array_equal(handles[1].read(), _array(1)) and computed == [1]
    assert [handle.kept for handle in handles] == [False, True, True]


def test_a_place_is_free_when_nobody_holds_its_handle(tmp_path: Path) -> None:
    store = _store(tmp_path)
    handles = [store.keep(_array(k)) for k in range(10)]
    shared = [handles[9]]  # as the state before a round shares it
    length = store.file_bytes
    assert length >= 8 * 400
    del handles
    assert store.nbytes == 400 and np.array_equal(shared[0].read(), _array(9))
    again = [store.keep(_array(k)) for k in range(20, 29)]
    assert store.file_bytes == length  # the slots are used again
    assert all(np.array_equal(handle.read(), _array(k)) for k, handle in enumerate(again, 20))
    shared.clear(), again.clear()
    assert store.nbytes == 0


def test_slots_of_several_sizes_do_not_meet(tmp_path: Path) -> None:
    store = _store(tmp_path, 100)
    sizes = [3, 7, 3, 50, 7, 3]
    handles = {k: store.keep(np.full(size, k, np.float32)) for k, size in enumerate(sizes)}
    for k in (1, 3):
        del handles[k]
    handles |= {k: store.keep(np.full(7, k, np.float32)) for k in range(10, 14)}
    assert all((handle.read() == k).all() for k, handle in handles.items())


def test_without_room_maps_stay_and_say_so_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = _store(tmp_path, reserve_bytes=1 << 60)
    with caplog.at_level(logging.WARNING):
        handles = [store.keep(_array(k)) for k in range(5)]
    assert len(caplog.messages) == 1 and "beyond the budget" in caplog.text and str(tmp_path) in caplog.text
    assert store.nbytes == 2000 and store.file_bytes == 0
    assert all(np.array_equal(handle.read(), _array(k)) for k, handle in enumerate(handles))


def test_without_room_what_can_be_computed_again_goes_before_what_cannot(tmp_path: Path) -> None:
    store = _store(tmp_path, reserve_bytes=1 << 60)
    maps = [store.keep(_array(k)) for k in range(2)]
    embeddings = [store.keep(_array(k), lambda k=k: _array(k)) for k in range(10, 14)]
    assert [handle.kept for handle in embeddings] == [False, False, False, True]
    assert all(handle.kept for handle in maps)
    assert all(np.array_equal(handle.read(), _array(k)) for k, handle in enumerate(embeddings, 10))
    assert store.nbytes == 1200


def test_the_disk_can_be_spared_for_what_cannot_be_computed_again(tmp_path: Path) -> None:
    store = _store(tmp_path)
    store.spare(1 << 60)
    embeddings = [store.keep(_array(k), lambda k=k: _array(k)) for k in range(4)]
    assert store.file_bytes == 0 and not store.has_space(400)
    maps = [store.keep(_array(k)) for k in range(4)]
    assert store.file_bytes >= 400 and store.nbytes <= 1000
    assert all(np.array_equal(handle.read(), _array(k)) for k, handle in enumerate(embeddings))
    assert all(np.array_equal(handle.read(), _array(k)) for k, handle in enumerate(maps))


@pytest.mark.parametrize("problem", ["a file", "an error"])
def test_a_folder_that_cannot_be_used_is_a_disk_without_room(
    tmp_path: Path, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "cache"
    if problem == "a file":
        folder.write_text("")
    else:
        monkeypatch.setattr("tempfile.TemporaryFile", _refuse)
    store = _store(folder)
    handles = [store.keep(_array(k)) for k in range(4)]
    assert all(np.array_equal(handle.read(), _array(k)) for k, handle in enumerate(handles))


def _refuse(**_: Any) -> None:
    raise OSError(28, "No space left on device")


def test_has_room_for_what_fits_memory_or_disk(tmp_path: Path) -> None:
    full = _store(tmp_path, reserve_bytes=1 << 60)
    assert full.has_space(1000) and not full.has_space(1001)
    assert _store(tmp_path).has_space(1001)


def test_several_threads_may_read_at_once(tmp_path: Path) -> None:
    store = _store(tmp_path)
    handles = [store.keep(_array(k), (lambda k=k: _array(k)) if k % 2 else None) for k in range(12)]
    wrong: list[int] = []

    def read(seed: int) -> None:
        for k in np.random.default_rng(seed).integers(0, 12, 100).tolist():
            if not np.array_equal(handles[k].read(), _array(k)):
                wrong.append(k)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and store.nbytes <= 1000


def test_an_unknown_storage_is_refused() -> None:
    with pytest.raises(ValueError, match="float32, float16"):
        ArrayStore(1, "float8")  # type: ignore[arg-type]
