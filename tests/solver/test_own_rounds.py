"""Rounds within training: what is corrected, and that the model learns from corrections of its own answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle
import pytest
from paddle import nn

from paddlevideo.config.loading import load_config
from paddlevideo.modeling import build_model
from paddlevideo.modeling.layers import conv2d, resize_bilinear
from paddlevideo.modeling.norm import BatchNorm2D
from paddlevideo.session.rules.references import sure_label
from paddlevideo.solver.frozen_part import compile_frozen_part
from paddlevideo.solver.objective import TrainingObjective, build_objective
from paddlevideo.solver.own_rounds import OwnAnswer, corrected, correction, evaluating

CONFIG = Path(__file__).parents[2] / "configs" / "segmentation" / "manet_lite_recipe.yaml"
SIZE, GRID = 64, 16


def _square(top: int, left: int, side: int = 32) -> np.ndarray:
    mask = np.zeros((SIZE, SIZE), np.int64)
    mask[top : top + side, left : left + side] = 1
    return mask


def _batch(own_round: list[int]) -> dict[str, paddle.Tensor]:
    clips, rng = len(own_round), np.random.default_rng(0)
    scribble = np.full((clips, GRID, GRID), -1)
    scribble[:, 6:9, 7] = 1
    region = np.where(scribble >= 0, scribble, 0)
    region[:, 3:12, 3:12] = np.where(scribble[:, 3:12, 3:12] < 0, -1, 1)
    batch = {
        "images": rng.standard_normal((clips, 1, 3, SIZE, SIZE)).astype(np.float32),
        "masks": np.stack([_square(16, 16)[None]] * clips),
        "scribble": scribble,
        "interaction_previous": np.full((clips, GRID, GRID), -1),
        "interaction_reference": region,
        "own_round": np.asarray(own_round),
        "objects": np.ones(clips, np.int64),
    }
    return {key: paddle.to_tensor(value) for key, value in batch.items()}


def _objective(*keys: str) -> TrainingObjective:
    stage = [f"stages.corrections.MODEL.{key}" for key in ("backbone.pretrained=null", *keys)]
    section = load_config(CONFIG, stage)["stages"]["corrections"]["MODEL"]
    built = build_objective(section, build_model(section))
    built.network.train()
    return built


@pytest.fixture(scope="module")
def objective():
    paddle.seed(0)
    return _objective()


@pytest.fixture
def model(objective):
    return objective.network


def test_a_correction_is_drawn_on_what_is_wrong_and_repeats_by_its_seed():
    truth, answer = _square(16, 16), _square(16, 32)
    label, grid = correction(truth, answer, 3)
    assert (grid == answer[::4, ::4]).all()
    on_missed, on_false = label[4:12, 4:8], label[4:12, 12:16]
    assert (on_missed == 1).any() and (on_false == 0).any()
    elsewhere = label.copy()
    elsewhere[3:13, 3:17] = -1  # lines are drawn on a grid: they may touch a cell beside
    assert (elsewhere == -1).all()
    assert all((a == b).all() for a, b in zip(correction(truth, answer, 3), (label, grid), strict=True))
    assert correction(truth, truth, 3) is None


def _answer(mask: np.ndarray) -> OwnAnswer:
    return OwnAnswer(mask, np.where(mask[::4, ::4] == 1, 1, -1))


def test_corrections_take_the_place_of_first_rounds():
    batch = _batch([5, 6, -1])
    batch["reference"] = paddle.zeros([3, GRID, GRID], "int64")
    answers = {0: _answer(_square(16, 32)), 1: _answer(_square(16, 16))}  # the second is right
    after = corrected(batch, answers)
    label, before = correction(_square(16, 16), _square(16, 32), 5)
    assert (after["scribble"][0].numpy() == label).all()
    assert (after["interaction_previous"][0].numpy() == before).all()
    reference, first = after["interaction_reference"][0].numpy(), batch["interaction_reference"][0].numpy()
    assert (reference == np.where(label >= 0, label, first)).all()
    for key in ("scribble", "interaction_previous", "interaction_reference"):
        assert (after[key][1:] == batch[key][1:]).all()
    for clip, answer in answers.items():
        assert (after["reference"][clip].numpy() == answer.sure).all()
    assert not after["reference"][2].any()
    assert corrected(batch, {}) is batch


def _by_hand(model, batch: dict[str, paddle.Tensor]) -> OwnAnswer:
    ids = [0, 1]
    with evaluating(model.interaction_head), paddle.no_grad():
        frame = model.embed(batch["images"][0, :1])
        reference = batch["interaction_reference"][0].numpy()
        seen, _ = model.match(frame[0], frame[0], frame[0], reference, reference, ids)
        logits = model.interaction_logits(frame, batch["scribble"][0], None, ids, seen)
    shares = paddle.nn.functional.softmax(logits, axis=0).numpy()
    mask = resize_bilinear(logits, (SIZE, SIZE)).argmax(axis=0).numpy()
    return OwnAnswer(mask, sure_label(shares, batch["scribble"][0].numpy(), reference, ids))


def test_the_model_learns_from_the_correction_of_its_own_answer(objective, model):
    batch = _batch([7])
    by_hand = {**corrected(batch, {0: _by_hand(model, batch)}), "own_round": paddle.to_tensor([-1])}
    assert (by_hand["interaction_previous"] >= 0).all()
    loss = float(objective(batch, 0)["interaction"])
    assert loss == pytest.approx(float(objective(by_hand, 0)["interaction"]), rel=1e-5)
    assert loss != pytest.approx(float(objective(_batch([-1]), 0)["interaction"]), rel=1e-3)


def test_propagation_refers_to_the_networks_own_answer():
    paddle.seed(1)
    objective = _objective("train_heads=heads")
    batch, rng = _batch([7]), np.random.default_rng(1)
    batch["images"] = paddle.to_tensor(rng.standard_normal((1, 3, 3, SIZE, SIZE)).astype(np.float32))
    batch["masks"] = paddle.to_tensor(np.stack([[_square(16, 16)] * 3]))
    batch["previous"] = batch["masks"][:, 1]
    batch["reference"] = paddle.full([1, GRID, GRID], -1, "int64")
    asked = {**batch, "own_round": paddle.to_tensor([-1])}
    asked["reference"] = paddle.to_tensor(_by_hand(objective.network, batch).sure[None].astype(np.int64))
    out = objective(batch, 0)  # which moves the norms' statistics
    assert set(out) == {"loss", "interaction", "propagation", "borders"}
    assert float(out["propagation"]) == pytest.approx(float(objective(asked, 0)["propagation"]), rel=1e-5)


def test_own_answers_leave_norms_and_modes_alone():
    layer = nn.Sequential(conv2d(4, 4, 3, groups=4), BatchNorm2D(4))
    layer.train()
    x = paddle.randn([2, 4, 8, 8])
    mean = layer[1]._mean.numpy().copy()
    with evaluating(layer), paddle.no_grad():
        inside = layer(x)
    assert all(part.training for part in layer.sublayers(include_self=True))
    assert (layer[1]._mean.numpy() == mean).all()
    layer.eval()
    assert np.allclose(inside.numpy(), layer(x).numpy(), atol=1e-5)


def test_embeddings_that_stay_are_compiled(objective, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    batch = _batch([-1, -1])
    plain = float(objective(batch, 0)["interaction"])
    assert objective.embeds_without_gradient and compile_frozen_part(objective)
    calls, runner = [], objective.embed_runner
    monkeypatch.setattr(objective, "embed_runner", lambda x: calls.append(x.shape) or runner(x))
    assert float(objective(batch, 0)["interaction"]) == pytest.approx(plain, rel=1e-4)
    assert calls == [[2, 3, SIZE, SIZE]]
