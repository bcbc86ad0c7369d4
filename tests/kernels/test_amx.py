from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paddle import nn

from paddlevideo.kernels import amx
from paddlevideo.kernels.compiled import CompiledLayer
from paddlevideo.kernels.global_matching import Reference
from tests.reference.matching_plain import global_map_plain

IDS = [0, 1, 4]
needs_tiles = pytest.mark.skipif(not amx.usable(), reason="this processor has no bfloat16 tiles (AMX)")


def _rounded(values: np.ndarray) -> np.ndarray:
    """To bfloat16, by the definition: eight bits, the nearer one, the even one between two."""
    fraction, exponent = np.frexp(values.astype(np.float64))
    return np.ldexp(np.rint(fraction * 256), exponent - 8).astype(np.float32)


def _frames(seed: int, shape: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    first = rng.standard_normal(shape).astype(np.float32) * np.float32(0.3)
    second = first + rng.standard_normal(shape).astype(np.float32) * np.float32(0.1)
    return first, second, rng.choice([-1, 0, 1], shape[1:])


def test_rounding_is_to_the_nearest_bfloat16() -> None:
    values = np.concatenate(
        [np.random.default_rng(0).standard_normal(1000), [0, 1, 1 + 2**-8, 1 + 3 * 2**-8, -1 - 2**-8]]
    ).astype(np.float32)
    upper = (amx._rounded(values).astype(np.uint32) << 16).view(np.float32)
    assert np.array_equal(upper, _rounded(values))


@needs_tiles
@settings(max_examples=30, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 130), st.integers(1, 12), st.integers(1, 40)),
    limit=st.sampled_from([None, 5]),
    seed=st.integers(0, 1000),
)
def test_distances_are_those_of_rounded_embeddings(shape: tuple[int, int, int], limit: int | None, seed: int) -> None:
    reference, query, label = _frames(seed, shape)
    label[0, 0] = 0
    made = Reference(reference, label, IDS, limit, precision="bf16")
    assert made._kernel.nearest is amx.nearest
    centre = made._centre[:, None, None]
    exact = global_map_plain(_rounded(query - centre), _rounded(reference - centre), label, IDS, limit)
    found = made.map(query)
    assert np.abs(found - exact).max() < 1e-5
    assert (found[2] == 1).all()  # nothing is labelled 4


@needs_tiles
def test_rounding_moves_distances_little() -> None:
    reference, query, label = _frames(1, (64, 30, 50))
    maps = [Reference(reference, label, IDS, precision=precision).map(query) for precision in ("fp32", "bf16")]
    assert 0 < np.abs(maps[0] - maps[1]).max() < 0.01


@needs_tiles
def test_libraries_find_their_own_tiles_as_they_were() -> None:
    reference, query, label = _frames(2, (64, 16, 32))
    layer = CompiledLayer(nn.Conv2D(64, 64, 3, padding=1), [(1, 64, 16, 32)], precision="bf16")
    before = layer(query[None])[0]
    Reference(reference, label, IDS, precision="bf16").map(query)
    assert np.array_equal(layer(query[None])[0], before)
    assert layer.compiled


def test_without_tiles_it_is_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(amx, "usable", lambda: False)
    reference, query, label = _frames(3, (7, 9, 14))
    maps = [Reference(reference, label, IDS, precision=precision).map(query) for precision in ("fp32", "bf16")]
    assert np.array_equal(*maps)
