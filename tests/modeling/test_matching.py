"""Global and local maps against the plain definitions, and their gradients."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from paddlevideo.modeling import matching
from paddlevideo.modeling.matching import BORDERS, MatchingConfig, global_map, local_map
from paddlevideo.utils.arrays import subsample
from paddlevideo.utils.errors import InputError
from tests.reference.global_map_eager import global_map as global_map_eager
from tests.reference.matching_plain import global_map_plain, local_map_plain

SIDE = st.integers(2, 15)


def _case(seed: int, height: int, width: int, channels: int = 5):
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((2, channels, height, width)).astype(np.float32) * 0.4
    return x, y, rng.integers(-1, 3, (height, width))


def _gradient(of: paddle.Tensor) -> np.ndarray:
    """Return zeros where Paddle has none, as of maps of a label without any id."""
    return np.zeros(of.shape, np.float32) if of.grad is None else of.grad.numpy()


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 99), SIDE, SIDE)
def test_global_map_is_the_definition(seed, height, width):
    x, y, label = _case(seed, height, width)
    got = global_map(paddle.to_tensor(x), paddle.to_tensor(y), label, [0, 1, 2, 5])
    np.testing.assert_allclose(got.numpy(), global_map_plain(x, y, label, [0, 1, 2, 5]), atol=1e-5)
    assert (got[3].numpy() == 1).all()


@settings(max_examples=12, deadline=None)
@given(
    st.integers(0, 99),
    st.integers(2, 15),
    st.integers(2, 15),
    st.integers(1, 4),
    st.sampled_from(["background", "ignore"]),
)
def test_local_map_is_the_definition(seed, height, width, window, border):
    x, y, label = _case(seed, height, width)
    got = local_map(paddle.to_tensor(x), paddle.to_tensor(y), label, [0, 1, 2], window, BORDERS[border])
    plain = local_map_plain(x, y, label, [0, 1, 2], window, border)
    np.testing.assert_allclose(got.numpy(), plain, atol=1e-5)


def test_references_are_thinned_evenly():
    assert subsample(np.arange(10), 4).tolist() == [0, 3, 6, 9]
    assert subsample(np.arange(3), 4).tolist() == [0, 1, 2]


def test_gradients_of_both_maps_are_those_of_finite_differences():
    x, y, label = _case(7, 6, 6, 2)

    def total(values: np.ndarray) -> paddle.Tensor:
        current = paddle.to_tensor(values)
        current.stop_gradient = False
        maps = [global_map(current, paddle.to_tensor(y), label, [0, 1])]
        maps.append(local_map(current, paddle.to_tensor(y), label, [0, 1], 2))
        loss = sum((each * paddle.to_tensor(weights)).sum() for each in maps)
        return current, loss

    weights = np.random.default_rng(0).standard_normal((2, 6, 6)).astype(np.float32)
    current, loss = total(x)
    loss.backward()
    for index in [(0, 2, 3), (1, 5, 0)]:
        moved = [x.copy(), x.copy()]
        moved[0][index] += 2e-3
        moved[1][index] -= 2e-3
        slope = (total(moved[0])[1].item() - total(moved[1])[1].item()) / 4e-3
        assert current.grad.numpy()[index] == pytest.approx(slope, rel=0.05, abs=2e-3)


def test_rules_that_do_not_exist_are_refused():
    with pytest.raises(InputError, match="border"):
        MatchingConfig(border="mirror")
    with pytest.raises(InputError, match="1 or more"):
        MatchingConfig(window=0)


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_maps_of_half_embeddings_are_float32_and_do_not_overflow(kind):
    rng = np.random.default_rng(0)
    label = rng.integers(0, 3, (8, 10))
    whole = [paddle.to_tensor(rng.random((6, 8, 10), np.float32) * 0.4) for _ in range(2)]
    half = [x.astype(kind) for x in whole]
    tolerance = 0.01 if kind == "float16" else 0.05
    for make in (lambda x, y: global_map(x, y, label, [0, 1, 2]), lambda x, y: local_map(x, y, label, [0, 1, 2], 2)):
        found, wanted = make(*half), make(*whole)
        assert found.dtype == paddle.float32
        np.testing.assert_allclose(found.numpy(), wanted.numpy(), atol=tolerance)
    far = [paddle.full([6, 8, 10], value, kind) for value in (-200.0, 200.0)]  # squared: beyond float16
    assert float(global_map(*far, label, [0]).max()) == 1.0


@pytest.mark.parametrize("limit", [None, 5])
def test_the_gradient_through_the_nearest_pair_is_that_of_all_distances(limit: int | None) -> None:
    x, y, label = _case(11, 9, 13)
    found = []
    for way in (global_map, global_map_eager):
        current, reference = (paddle.to_tensor(values, stop_gradient=False) for values in (x, y))
        maps = way(current, reference, label, [0, 1, 2, 5], limit)
        (maps * maps).sum().backward()
        found.append([maps.numpy(), _gradient(current), _gradient(reference)])
    for got, wanted in zip(*found, strict=True):
        np.testing.assert_allclose(got, wanted, atol=1e-5)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 99), SIDE, SIDE, st.integers(1, 6), st.integers(1, 4), st.sampled_from([0, -1]))
@example(8, 8, 15, 1, 2, 0)  # with a distance that one of the two rounds below 0
def test_compiled_local_maps_have_the_gradients_of_paddles(
    seed: int, height: int, width: int, channels: int, window: int, border: int
) -> None:
    x, y, label = _case(seed, height, width, channels)
    slopes = paddle.to_tensor(np.random.default_rng(seed).standard_normal((4, height, width)).astype(np.float32))
    found = []
    for fast in (True, False):
        current, previous = (paddle.to_tensor(values, stop_gradient=False) for values in (x, y))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(matching, "fast_training", fast)
            maps = local_map(current, previous, label, [0, 1, 2, 5], window, border)
        (maps * slopes).sum().backward()
        found.append([maps.numpy(), current.grad.numpy(), previous.grad.numpy()])
    for got, wanted in zip(*found, strict=True):
        np.testing.assert_allclose(got, wanted, atol=2e-5)


@pytest.mark.parametrize("fast", [True, False])
def test_distances_that_rounding_takes_below_0_have_their_gradient(fast: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "fast_training", fast)
    values = np.linspace(0.3, 0.9, 12, dtype=np.float32)
    maps = []
    for value in values:  # one pooled pixel, whose squared distance, 1e-8, is less than the float32 at hand can tell
        pixels = [np.full((1, 2, 2), value, np.float32), np.full((1, 2, 2), value + np.float32(1e-4), np.float32)]
        current, previous = (paddle.to_tensor(x, stop_gradient=False) for x in pixels)
        nearest = local_map(current, previous, np.zeros((2, 2), int), [0], 1)
        nearest.sum().backward()
        away = float(pixels[0][0, 0, 0]) - float(pixels[1][0, 0, 0])
        np.testing.assert_allclose(current.grad.numpy(), np.full((1, 2, 2), away), atol=1e-6)  # 4 x 1/2 x 2 away x 1/4
        np.testing.assert_allclose(previous.grad.numpy(), np.full((1, 2, 2), -away), atol=1e-6)
        maps.append(float(nearest.min()))
    assert min(maps) == 0  # none is below, and some were


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 99), SIDE, SIDE, st.integers(1, 6), st.sampled_from([None, 1, 7]))
def test_compiled_global_maps_have_the_gradients_of_paddles(
    seed: int, height: int, width: int, channels: int, limit: int | None
) -> None:
    x, y, label = _case(seed, height, width, channels)
    found = []
    for fast in (True, False):
        current, reference = (paddle.to_tensor(values, stop_gradient=False) for values in (x, y))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(matching, "fast_training", fast)
            maps = global_map(current, reference, label, [0, 1, 2, 5], limit)
        (maps * maps).sum().backward()
        found.append([maps.numpy(), _gradient(current), _gradient(reference)])
    for got, wanted in zip(*found, strict=True):
        np.testing.assert_allclose(got, wanted, atol=2e-5)


def test_the_gradient_of_a_frame_against_itself_is_of_both_its_parts() -> None:
    x, _, label = _case(5, 8, 9)
    found = []
    for fast in (True, False):
        frame = paddle.to_tensor(x, stop_gradient=False)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(matching, "fast_training", fast)
            maps = global_map(frame, frame, label, [0, 1]) + local_map(frame, frame, label, [0, 1], 2)
        (maps * maps).sum().backward()
        found.append(frame.grad.numpy())
    np.testing.assert_allclose(*found, atol=2e-5)
