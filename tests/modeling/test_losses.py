"""Top-k cross entropy: its schedule and its value."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from paddlevideo.modeling import TopKCrossEntropy
from paddlevideo.modeling.losses import jaccard_distance
from paddlevideo.utils.errors import InputError


@pytest.mark.parametrize(("step", "share"), [(0, 1.0), (25000, 0.575), (50000, 0.15), (90000, 0.15)])
def test_the_share_of_pixels_follows_the_reference(step, share):
    assert TopKCrossEntropy(0.15, 50000).kept(10000, step) == int(share * 10000)


def test_the_hardest_pixels_are_averaged_and_ignored_ones_are_zero():
    logits = paddle.to_tensor(np.array([[[[0.0, 2.0, 4.0, 1.0]], [[0.0, 0.0, 0.0, 9.0]]]], np.float32))
    label = paddle.to_tensor([[[0, 1, 1, 255]]])
    each = [np.log(2), np.log1p(np.exp(2)), np.log1p(np.exp(4)), 0.0]
    assert TopKCrossEntropy(0.5, 1)(logits, label, 0).item() == pytest.approx(np.mean(each), rel=1e-5)
    assert TopKCrossEntropy(0.5, 1)(logits, label, 1).item() == pytest.approx(np.mean(sorted(each)[2:]), rel=1e-5)


def test_a_fraction_of_nothing_is_refused():
    with pytest.raises(InputError, match="fraction"):
        TopKCrossEntropy(0.0)


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_the_loss_of_half_logits_is_float32(kind):
    logits = paddle.to_tensor(np.random.default_rng(0).normal(size=(1, 3, 6, 7)).astype("float32"))
    label = paddle.to_tensor(np.random.default_rng(1).integers(0, 3, (1, 6, 7)))
    loss = TopKCrossEntropy(ramp_steps=0)
    half = loss(logits.astype(kind), label, 1)
    assert half.dtype == paddle.float32
    assert float(half) == pytest.approx(float(loss(logits, label, 1)), rel=0.02)


def test_the_region_term_is_one_minus_the_mean_jaccard_index_of_the_objects_that_are_there():
    # Shares of certain pixels are 0 and 1: object 1 overlaps on one pixel of three, object 2 on all, 3 is not there.
    said, truth = [0, 1, 1, 2, 2, 3], [1, 1, 0, 2, 2, 255]
    logits = paddle.to_tensor((1000.0 * (np.array(said)[:, None] == np.arange(4)))[None].astype(np.float32))
    distance = jaccard_distance(logits, paddle.to_tensor([truth]))
    assert distance.item() == pytest.approx(1 - (1 / 3 + 1) / 2)
    assert jaccard_distance(logits, paddle.to_tensor([[0, 0, 255, 0, 0, 0]])).item() == 0


def test_the_region_term_is_added_by_its_weight():
    logits = paddle.to_tensor(np.random.default_rng(0).normal(size=(1, 3, 6, 7)).astype("float32"))
    label = paddle.to_tensor(np.random.default_rng(1).integers(0, 3, (1, 6, 7)))
    flat = logits.reshape([1, 3, 42]).transpose([0, 2, 1])
    extra = TopKCrossEntropy(region=0.5)(logits, label, 1) - TopKCrossEntropy()(logits, label, 1)
    assert float(extra) == pytest.approx(0.5 * float(jaccard_distance(flat, label.reshape([1, 42]))), rel=1e-4)
    with pytest.raises(InputError, match="region"):
        TopKCrossEntropy(region=-1)
