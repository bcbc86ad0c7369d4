"""What is said of a video's needs before it starts: 100 frames of 4 MiB an embedding and 0.5 MiB of maps."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paddlevideo.session.memory.array_store import MIB, ArrayStore
from paddlevideo.session.memory.capacity import check_capacity
from paddlevideo.utils.errors import InputError

EMBEDDING, OBJECTS = (64, 128, 128), 4


def _check(
    budget_mib: int, disk_mib: int, folder: Path, monkeypatch: pytest.MonkeyPatch, storage: Any = "float32"
) -> ArrayStore:
    store = ArrayStore(budget_mib * MIB, storage, folder=folder)
    monkeypatch.setattr(ArrayStore, "free_disk", property(lambda self: disk_mib * MIB))
    check_capacity(store, "clip.mp4", 100, EMBEDDING, OBJECTS)
    return store


@pytest.mark.parametrize(
    ("budget", "disk", "level", "words"),
    [
        (450, 0, logging.DEBUG, ["100 frames need 450.0 MiB (4.0 MiB an embedding, 0.5 MiB", "all stay in memory"]),
        (150, 300, logging.INFO, ["memory takes 150.0 MiB", "300.0 MiB go to the disk"]),
        (150, 200, logging.WARNING, ["about 25 embeddings will be computed again", "--max-memory"]),
        (50, 0, logging.WARNING, ["about 100 embeddings"]),
    ],
)
def test_one_line_with_numbers(
    budget: int,
    disk: int,
    level: int,
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG, logger="paddlevideo"):
        _check(budget, disk, tmp_path, monkeypatch)
    assert [record.levelno for record in caplog.records] == [level]
    assert all(word in caplog.text for word in words)


def test_maps_that_fit_nowhere_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        InputError, match=r"clip\.mp4: 100 frames need .*PIPELINE\.input\.size.*--max-memory.*disk"
    ) as e:
        _check(29, 20, tmp_path, monkeypatch)
    assert "\n" not in str(e.value) and "(50.0 MiB)" in str(e.value)
    _check(29, 20, tmp_path, monkeypatch, "float16")  # half of it


def test_embeddings_leave_the_disk_to_maps_that_need_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = _check(30, 21, tmp_path, monkeypatch)
    monkeypatch.setattr(ArrayStore, "free_disk", property(lambda self: 21 * MIB - self.file_bytes))
    embeddings = [store.keep(np.zeros(EMBEDDING, np.float32), lambda: np.zeros(EMBEDDING)) for _ in range(10)]
    maps = [store.keep(np.full((OBJECTS, 128, 128), k, np.float32)) for k in range(2 * 100)]
    assert store.nbytes <= 30 * MIB and store.file_bytes <= 21 * MIB
    assert all((handle.read() == k).all() for k, handle in enumerate(maps))
    del embeddings
