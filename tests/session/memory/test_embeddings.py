from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paddlevideo.session.memory.array_store import ArrayStore
from paddlevideo.session.memory.embeddings import Embeddings

NO_DISK = 1 << 60


def _embeddings(folder: Path, budget: int, *, reserve: int = NO_DISK, **settings: Any) -> tuple[Embeddings, list[int]]:
    computed: list[int] = []

    def compute(frame: int) -> np.ndarray:
        computed.append(frame)
        return np.full((1, 5, 5), frame, np.float32)  # 100 bytes

    return Embeddings(compute, 5, ArrayStore(budget, folder=folder, reserve_bytes=reserve), **settings), computed


def test_each_frame_is_computed_once_within_the_budget(tmp_path: Path) -> None:
    embeddings, computed = _embeddings(tmp_path, 1000)
    for frame in (3, 1, 3, 1, 2, 3):
        assert (embeddings[frame] == frame).all()
    assert computed == [3, 1, 2]
    assert 3 in embeddings and 0 not in embeddings and len(embeddings) == 3


def test_beyond_the_budget_they_come_back_from_the_disk_or_are_computed_again(tmp_path: Path) -> None:
    for reserve, again in ((0, []), (NO_DISK, [0])):
        embeddings, computed = _embeddings(tmp_path, 250, reserve=reserve)
        for frame in (0, 1, 2, 0):
            assert (embeddings[frame] == frame).all()
        assert computed == [0, 1, 2, *again]


def test_embedding_ahead_takes_the_nearest_and_of_two_the_later(tmp_path: Path) -> None:
    embeddings, computed = _embeddings(tmp_path, 1000)
    assert [embeddings.embed_next(2) for _ in range(6)] == [2, 3, 1, 4, 0, None]
    assert computed == [2, 3, 1, 4, 0]


def test_embedding_ahead_pushes_nothing_out(tmp_path: Path) -> None:
    embeddings, computed = _embeddings(tmp_path, 250)
    assert [embeddings.embed_next(4) for _ in range(3)] == [4, 3, None]
    embeddings[0]  # one of the others had to go, and there is no room for it either
    assert embeddings.embed_next(4) is None and computed == [4, 3, 0]
    spilling, _ = _embeddings(tmp_path, 250, reserve=0)
    assert [spilling.embed_next(4) for _ in range(6)] == [4, 3, 2, 1, 0, None]


def test_cleared_ones_are_computed_again(tmp_path: Path) -> None:
    embeddings, computed = _embeddings(tmp_path, 1000)
    embeddings[1]
    embeddings.clear()
    assert 1 not in embeddings and (embeddings[1] == 1).all() and computed == [1, 1]


def test_what_the_check_refuses_is_not_kept(tmp_path: Path) -> None:
    def refuse(first: np.ndarray) -> None:
        raise ValueError(f"{first.shape}")

    embeddings, computed = _embeddings(tmp_path, 1000, check=refuse)
    for _ in range(2):
        with pytest.raises(ValueError, match=r"\(1, 5, 5\)"):
            embeddings[3]
    assert computed == [3, 3] and len(embeddings) == 0
