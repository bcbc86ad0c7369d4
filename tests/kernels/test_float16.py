from __future__ import annotations

import numpy as np
import pytest

from paddlevideo.kernels.float16 import from_float16_bits, to_float16_bits

NORMAL = np.concatenate([np.arange(0x400, 0x7C00), np.arange(0x8400, 0xFC00)]).astype(np.uint16)


def test_every_normal_half_there_and_back() -> None:
    singles = NORMAL.view(np.float16).astype(np.float32)
    assert np.array_equal(from_float16_bits(NORMAL), singles)
    assert np.array_equal(to_float16_bits(singles), NORMAL)


def test_rounding_is_that_of_numpy_with_ties_to_even() -> None:
    rng = np.random.default_rng(0)
    between = NORMAL.view(np.float16).astype(np.float32)
    between = between[np.abs(between) < 65504]
    ties = (between + np.nextafter(between.astype(np.float16), np.float16(np.inf)).astype(np.float32)) / 2
    for values in (
        ties,
        rng.normal(size=(3, 40, 50)).astype(np.float32),
        np.linspace(6.2e-5, 1, 9999, dtype=np.float32),
    ):
        values = values[np.abs(values) >= 2**-14]
        assert np.array_equal(from_float16_bits(to_float16_bits(values)), values.astype(np.float16).astype(np.float32))


@pytest.mark.parametrize(
    ("value", "becomes"),
    [(0.0, 0.0), (6e-5, 0.0), (-6e-5, 0.0), (1e-30, 0.0), (7e4, 65504.0), (-1e30, -65504.0), (65519.0, 65504.0)],
)
def test_the_ends_of_the_range(value: float, becomes: float) -> None:
    assert from_float16_bits(to_float16_bits(np.full((2, 3), value, np.float32))).tolist() == [[becomes] * 3] * 2
