"""A narrower encoder made of a trained one: which channels stay, and how well the rest make up for the others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import paddle
import pytest

from paddlevideo.modeling import EfficientNetLite
from paddlevideo.utils.errors import InputError
from paddlevideo.weights.slim import fewer_channels, slim

FULL = [96, 144, 144, 240, 240, 480, 480, 480, 672, 672, 672, 1152, 1152, 1152, 1152]


def _encoder(seed: int, hidden: list[int] | None = None) -> EfficientNetLite:
    paddle.seed(seed)
    encoder = EfficientNetLite(0, hidden=hidden)
    encoder.eval()
    return encoder


def _images(count: int = 2) -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    return [rng.standard_normal((2, 3, 64, 96)).astype(np.float32) for _ in range(count)]


@paddle.no_grad()
def _difference(one: EfficientNetLite, other: EfficientNetLite) -> float:
    """The largest over the three outputs, in the largest value of the first's."""
    (images, *_) = _images()
    pairs = zip(one(paddle.to_tensor(images)), other(paddle.to_tensor(images)), strict=True)
    return max(float((a - b).abs().max() / a.abs().max()) for a, b in pairs)


def test_channels_that_others_stand_for_go_first_and_the_map_is_the_least_squares_one():
    rng = np.random.default_rng(0)
    free = rng.standard_normal((6, 200)) * [[1], [3], [1], [2], [1], [1]] + 5
    middle = np.concatenate([free, free[1:2] + free[3:4], np.full((1, 200), 7.0)])  # a sum of two, and a constant
    wanted = rng.standard_normal((4, 6)) @ free + rng.standard_normal((4, 200)) * 0.1 - 3
    kept, weights, offset = fewer_channels(middle, wanted, np.zeros((4, 8)), 6)
    assert 7 not in kept and len({1, 3, 6} & set(kept)) == 2 and {0, 2, 4, 5} <= set(kept)
    design = np.concatenate([middle[kept], np.ones((1, 200))]).T
    best = np.linalg.lstsq(design, wanted.T, rcond=None)[0].T
    assert np.allclose(weights, best[:, :-1], atol=1e-3) and np.allclose(offset, best[:, -1], atol=1e-2)


def test_where_pixels_say_nothing_of_a_channel_the_old_map_stands():
    middle = np.concatenate([np.random.default_rng(0).standard_normal((2, 50)), np.zeros((1, 50))])
    old = np.array([[1.0, 2.0, 3.0]])
    kept, weights, offset = fewer_channels(middle, old @ middle, old, 3)
    assert kept.tolist() == [0, 1, 2] and np.allclose(weights, old) and np.allclose(offset, 0)


def test_an_encoder_with_all_its_channels_stays_as_it_is():
    wide, same = _encoder(0), _encoder(1, FULL)
    assert _difference(wide, same) > 0.1
    slim(wide, same, _images(), pixels=60)
    assert _difference(wide, same) < 1e-3


def test_channels_that_are_not_used_are_what_a_narrower_encoder_is_without():
    wide = _encoder(0)
    for block in list(wide.blocks)[1:]:
        weight = block.project.conv.weight.numpy().copy()
        weight[:, 1::2] = 0
        block.project.conv.weight.set_value(weight)
    narrow = _encoder(1, [width // 2 for width in FULL])
    slim(wide, narrow, _images(4), pixels=400)
    assert _difference(wide, narrow) < 1e-2


def test_encoders_of_two_variants_are_refused():
    with pytest.raises(InputError, match="differ in more"):
        slim(EfficientNetLite(2), EfficientNetLite(0), _images())


@pytest.mark.parametrize("hidden", [FULL[:-1], [*FULL[:-1], 1153], [16, *FULL[1:]]])
def test_widths_that_an_encoder_cannot_have_are_refused(hidden: list[int]):
    with pytest.raises(InputError, match="hidden is"):
        EfficientNetLite(0, hidden=hidden)


def test_a_start_for_training_keeps_the_strongest_channels():
    wide, narrow = _encoder(0), _encoder(1, [width // 2 for width in FULL])
    for block in list(wide.blocks)[1:]:
        spread = block.depthwise.norm.weight.numpy().copy()
        spread[::2] = 0.01
        block.depthwise.norm.weight.set_value(spread)
    state = {name: value.numpy() for name, value in wide.state_dict().items()}
    fitted = narrow.fitted(state)
    assert {name: value.shape for name, value in fitted.items()} == {
        name: tuple(value.shape) for name, value in narrow.state_dict().items()
    }
    last = "blocks.15.depthwise.conv.weight"
    assert np.array_equal(fitted[last], state[last][1::2])
    assert np.array_equal(fitted["blocks.15.project.conv.weight"], state["blocks.15.project.conv.weight"][:, 1::2])
    assert np.array_equal(fitted["blocks.0.depthwise.conv.weight"], state["blocks.0.depthwise.conv.weight"])
    whole = wide.fitted(state)
    assert all(np.array_equal(whole[name], state[name]) for name in state)


def test_a_narrow_encoder_has_the_blocks_of_the_whole_one():
    narrow = _encoder(0, [width - 8 for width in FULL])
    shapes = [block.shape for block in _encoder(0).blocks]
    assert [block.shape for block in narrow.blocks][1:] == [
        replace(shape, hidden=shape.hidden - 8) for shape in shapes[1:]
    ]
    assert narrow.channels == (24, 40, 320)
