"""The network: what its heads see."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle

from paddlevideo.config.loading import load_config
from paddlevideo.modeling import build_model
from paddlevideo.modeling.rivals import nearest_rival

CONFIGS = Path(__file__).parents[2] / "configs" / "segmentation"


def _model(**changes):
    changes = {"interaction_map": False, "rivals": False} | changes
    section = load_config(CONFIGS / "manet_lite.yaml", [f"MODEL.{key}={value}" for key, value in changes.items()])
    return build_model(section["MODEL"])


def test_interaction_inputs_of_a_first_round_are_ones_for_the_background():
    model = _model()
    embedding = paddle.randn([1, 64, 2, 2])
    scribble = paddle.to_tensor([[-1, 0], [1, 2]])
    inputs = model.interaction_inputs(embedding, scribble, None, [0, 1, 2])
    assert tuple(inputs.shape) == (3, 66, 2, 2)
    assert inputs[:, 64].numpy().tolist() == [[[0, 1], [0, 0]], [[0, 0], [1, 0]], [[0, 0], [0, 1]]]
    assert [float(plane.mean()) for plane in inputs[:, 65]] == [1.0, 0.0, 0.0]
    assert bool((inputs[2, :64] == embedding[0]).all())


def test_the_interaction_head_may_see_what_looks_like_the_strokes():
    model = _model(interaction_map=True)
    assert model.interaction_head.in_channels == 67
    embedding, seen = paddle.randn([1, 64, 2, 2]), paddle.rand([2, 2, 2])
    inputs = model.interaction_inputs(embedding, paddle.to_tensor([[-1, 0], [1, 0]]), None, [0, 1], seen)
    assert tuple(inputs.shape) == (2, 67, 2, 2) and bool((inputs[:, 66] == seen).all())


def test_heads_may_see_what_speaks_for_the_other_ids():
    model = _model(rivals=True, interaction_map=True)
    assert (model.interaction_head.in_channels, model.propagation_head.in_channels) == (69, 69)
    embedding, maps = paddle.randn([1, 64, 2, 2]), paddle.rand([2, 3, 2, 2])
    label = paddle.to_tensor([[0, 1], [1, 2]])
    near, close = model.propagation_inputs(embedding, *maps, label, [0, 1, 2])[:, 67:].transpose([1, 0, 2, 3]).numpy()
    for rival, own in zip((near, close), maps.numpy(), strict=True):
        assert [rival[k].tolist() for k in range(3)] == [np.delete(own, k, 0).min(0).tolist() for k in range(3)]
    strokes, seen = model.interaction_inputs(embedding, label, None, [0, 1, 2], maps[0])[:, 67:].transpose([1, 0, 2, 3])
    assert strokes.numpy().tolist() == [[[0, 1], [1, 1]], [[1, 0], [0, 1]], [[1, 1], [1, 0]]]
    assert bool((seen == paddle.to_tensor(near)).all())


def test_an_id_without_rivals_has_them_as_far_as_can_be():
    assert float(nearest_rival(paddle.zeros([1, 2, 2])).min()) == 1.0


def test_propagation_inputs_stand_in_the_order_of_the_published_weights():
    model = _model()
    embedding, maps = paddle.randn([1, 64, 2, 3]), paddle.rand([2, 2, 2, 3])
    previous = paddle.to_tensor([[0, 1, 1], [0, 0, 1]])
    inputs = model.propagation_inputs(embedding, maps[0], maps[1], previous, [0, 1])
    assert tuple(inputs.shape) == (2, 67, 2, 3)
    assert bool((inputs[:, 64] == maps[0]).all()) and bool((inputs[:, 65] == maps[1]).all())
    assert inputs[1, 66].numpy().tolist() == [[0, 1, 1], [0, 0, 1]]
