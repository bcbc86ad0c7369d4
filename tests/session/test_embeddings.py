from __future__ import annotations

import numpy as np

from paddlevideo.session.embeddings import EmbeddingCache


def _cache(budget: int) -> tuple[EmbeddingCache, list[int]]:
    computed: list[int] = []

    def compute(frame: int) -> np.ndarray:
        computed.append(frame)
        return np.full((1, 5, 5), frame, np.float32)  # 100 bytes

    return EmbeddingCache(compute, budget), computed


def test_each_frame_is_computed_once_within_the_budget() -> None:
    cache, computed = _cache(1000)
    for frame in (3, 1, 3, 1, 2, 3):
        assert (cache[frame] == frame).all()
    assert computed == [3, 1, 2]
    assert cache.nbytes == 300


def test_the_least_recently_used_goes_first() -> None:
    cache, computed = _cache(250)
    for frame in (0, 1, 0, 2):
        cache[frame]
    assert 0 in cache and 2 in cache and 1 not in cache
    assert cache.nbytes == 200
    assert (cache[1] == 1).all()
    assert computed == [0, 1, 2, 1]


def test_the_newest_stays_whatever_the_budget() -> None:
    cache, computed = _cache(10)
    assert (cache[4] == 4).all()
    assert (cache[4] == 4).all()
    assert computed == [4]
