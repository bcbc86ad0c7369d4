"""The network: head inputs, what trains, and a training step on a batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle
import pytest

from paddlevideo.config.loading import load_config
from paddlevideo.modeling import build_model
from paddlevideo.modeling.layers import resize_bilinear
from paddlevideo.modeling.rivals import nearest_rival
from paddlevideo.utils.errors import InputError

CONFIGS = Path(__file__).parents[2] / "configs" / "segmentation"


def _model(**changes):
    changes = {"interaction_map": False, "rivals": False} | changes
    section = load_config(CONFIGS / "manet_lite.yaml", [f"MODEL.{key}={value}" for key, value in changes.items()])
    return build_model(section["MODEL"])


def _batch(rng: np.random.Generator, clips: int = 2, frames: int = 3, size: int = 64) -> dict[str, paddle.Tensor]:
    grid = size // 4
    batch = {
        "images": rng.standard_normal((clips, frames, 3, size, size)).astype(np.float32),
        "masks": rng.integers(0, 2, (clips, frames, size, size)),
        "previous": rng.integers(0, 2, (clips, size, size)),
        "reference": rng.integers(-1, 2, (clips, grid, grid)),
        "scribble": rng.integers(-1, 2, (clips, grid, grid)),
        "interaction_previous": np.stack([np.full((grid, grid), -1), rng.integers(0, 2, (grid, grid))])[:clips],
        "interaction_reference": rng.integers(-1, 2, (clips, grid, grid)),
        "objects": np.array([1, 2][:clips]),
    }
    return {key: paddle.to_tensor(value) for key, value in batch.items()}


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
    model = _model(interaction_map=True, train_heads="both")
    assert model.interaction_head.in_channels == 67
    embedding, seen = paddle.randn([1, 64, 2, 2]), paddle.rand([2, 2, 2])
    inputs = model.interaction_inputs(embedding, paddle.to_tensor([[-1, 0], [1, 0]]), None, [0, 1], seen)
    assert tuple(inputs.shape) == (2, 67, 2, 2) and bool((inputs[:, 66] == seen).all())
    model.eval()
    batch = _batch(np.random.default_rng(0))
    loss = model(batch, 0)["interaction"]
    elsewhere = {**batch, "interaction_reference": 1 - batch["interaction_reference"].clip(min=0)}
    assert float(model(elsewhere, 0)["interaction"]) != float(loss)
    loss.backward()
    kernel = model.interaction_head.layer1.conv1.weight.grad
    assert float(kernel[66].abs().sum()) > 0


def test_heads_may_see_what_speaks_for_the_other_ids():
    model = _model(rivals=True, interaction_map=True, train_heads="both")
    assert (model.interaction_head.in_channels, model.propagation_head.in_channels) == (69, 69)
    embedding, maps = paddle.randn([1, 64, 2, 2]), paddle.rand([2, 3, 2, 2])
    label = paddle.to_tensor([[0, 1], [1, 2]])
    near, close = model.propagation_inputs(embedding, *maps, label, [0, 1, 2])[:, 67:].transpose([1, 0, 2, 3]).numpy()
    for rival, own in zip((near, close), maps.numpy(), strict=True):
        assert [rival[k].tolist() for k in range(3)] == [np.delete(own, k, 0).min(0).tolist() for k in range(3)]
    strokes, seen = model.interaction_inputs(embedding, label, None, [0, 1, 2], maps[0])[:, 67:].transpose([1, 0, 2, 3])
    assert strokes.numpy().tolist() == [[[0, 1], [1, 1]], [[1, 0], [0, 1]], [[1, 1], [1, 0]]]
    assert bool((seen == paddle.to_tensor(near)).all())
    out = model(_batch(np.random.default_rng(6)), 0)
    out["loss"].backward()
    for head in (model.interaction_head, model.propagation_head):
        assert float(head.layer1.conv2.weight.grad[:, 67:].abs().sum()) > 0


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


@pytest.mark.parametrize("heads", ["propagation", "interaction", "propagation_head", "heads", "both"])
def test_a_training_step_reaches_exactly_the_chosen_heads(heads):
    model = _model(train_heads=heads)
    model.train()
    out = model(_batch(np.random.default_rng(0)), step=0)
    assert float(out["loss"]) == pytest.approx(sum(float(v) for k, v in out.items() if k != "loss"), rel=1e-5)
    out["loss"].backward()
    reached = {name.split(".")[0] for name, p in model.named_parameters() if p.grad is not None}
    expected = {
        "propagation": {"backbone", "embedding", "propagation_head"},
        "interaction": {"interaction_head"},
        "propagation_head": {"propagation_head"},
        "heads": {"propagation_head", "interaction_head"},
        "both": {"backbone", "embedding", "propagation_head", "interaction_head"},
    }
    assert reached == expected[heads]


def test_unrolled_propagation_scores_every_further_frame():
    model = _model(train_heads="propagation")
    model.eval()
    batch = _batch(np.random.default_rng(1), clips=1, frames=4)
    whole = float(model(batch, 0)["loss"])
    first = float(model({**batch, "images": batch["images"][:, :3], "masks": batch["masks"][:, :3]}, 0)["loss"])
    assert np.isfinite(whole) and whole != pytest.approx(first, rel=1e-6)


def test_refining_carries_the_answer_over_to_its_own_frame():
    model = _model(train_heads="heads", interaction_map=True, rivals=True, refine=0.5)
    model.eval()
    batch = _batch(np.random.default_rng(8), clips=1)
    out = model(batch, 0)
    embedding, ids = model.embed(batch["images"][0, :1]), [0, 1]
    reference, scribble = batch["interaction_reference"][0].numpy(), batch["scribble"][0]
    seen, _ = model.match(embedding[0], embedding[0], embedding[0], reference, reference, ids)
    answer = model.interaction_logits(embedding, scribble, None, ids, seen).argmax(axis=0)
    maps = model.match(embedding[0], embedding[0], embedding[0], reference, answer.numpy(), ids)
    refined = resize_bilinear(model.propagation_logits(embedding, *maps, answer, ids), (64, 64))
    wanted = 0.5 * float(model.loss(refined.unsqueeze(0), batch["masks"][:, 0], 0))
    assert float(out["refine"]) == pytest.approx(wanted, rel=1e-4)
    assert float(out["loss"]) == pytest.approx(sum(float(v) for k, v in out.items() if k != "loss"), rel=1e-5)


def test_unknown_heads_are_refused():
    with pytest.raises(InputError, match="train_heads"):
        _model(train_heads="all")


@pytest.mark.parametrize("heads", ["propagation", "interaction", "propagation_head", "heads", "both"])
def test_parts_that_are_not_trained_keep_their_norms_statistics(heads):
    model = _model(train_heads=heads)
    model.eval()
    model.train()
    before = {name: value.numpy().copy() for name, value in model.state_dict().items() if name.endswith("._mean")}
    model(_batch(np.random.default_rng(3)), step=0)
    moved = {name.split(".")[0] for name, value in model.state_dict().items()
             if name in before and not np.array_equal(before[name], value.numpy())}  # fmt: skip
    trained = {
        each: {each.replace("_head", "") + "_head"} for each in ("propagation", "interaction", "propagation_head")
    }
    assert moved - {"backbone", "embedding"} == trained.get(heads, {"propagation_head", "interaction_head"})
    assert ("backbone" in moved) == (heads in ("propagation", "both"))


def test_the_interaction_head_learns_from_single_frames():
    model = _model(train_heads="interaction")
    model.train()
    batch = _batch(np.random.default_rng(4))
    whole = float(model(batch, 0)["loss"])
    single = {key: value[:, :1] if key in ("images", "masks") else value for key, value in batch.items()}
    assert float(model(single, 0)["loss"]) == pytest.approx(whole, rel=1e-6)


def test_reference_takes_norm_statistics_clip_by_clip():
    model = _model(train_heads="both")
    batch = _batch(np.random.default_rng(5))
    losses = {}
    for mode in ("train", "eval"):
        getattr(model, mode)()
        for model.reference in (False, True):
            losses[mode, model.reference] = float(model(batch, 0)["loss"])
    assert losses["eval", True] == pytest.approx(losses["eval", False], rel=1e-5)
    assert losses["train", True] != pytest.approx(losses["train", False], rel=1e-3)
