"""What trains, and the losses of a batch of clips."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import paddle
import pytest

from paddlevideo.config.loading import load_config
from paddlevideo.modeling import build_model
from paddlevideo.solver.objective import ObjectiveOptions, TrainingObjective, build_objective
from paddlevideo.utils.errors import InputError

CONFIGS = Path(__file__).parents[2] / "configs" / "segmentation"


def _objective(**changes: object) -> TrainingObjective:
    aligned = bool(changes.pop("aligned", False))
    changes = {"interaction_map": False, "rivals": False} | changes
    keys = [f"MODEL.{key}={value}" for key, value in changes.items()]
    section = load_config(CONFIGS / "manet_lite.yaml", keys)["MODEL"]
    return build_objective(section, build_model(section), aligned)


def _batch(rng: np.random.Generator, clips: int = 2, frames: int = 3, size: int = 64) -> dict[str, paddle.Tensor]:
    grid = -(-size // 4)
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


def test_the_interaction_head_learns_from_what_looks_like_the_strokes():
    objective = _objective(interaction_map=True, train_heads="both")
    objective.network.eval()
    batch = _batch(np.random.default_rng(0))
    loss = objective(batch, 0)["interaction"]
    elsewhere = {**batch, "interaction_reference": 1 - batch["interaction_reference"].clip(min=0)}
    assert float(objective(elsewhere, 0)["interaction"]) != float(loss)
    loss.backward()
    kernel = objective.network.interaction_head.layer1.conv1.weight.grad
    assert float(kernel[66].abs().sum()) > 0


def test_heads_learn_from_what_speaks_for_the_other_ids():
    objective = _objective(rivals=True, interaction_map=True, train_heads="both")
    objective(_batch(np.random.default_rng(6)), 0)["loss"].backward()
    for head in (objective.network.interaction_head, objective.network.propagation_head):
        assert float(head.layer1.conv2.weight.grad[:, 67:].abs().sum()) > 0


@pytest.mark.parametrize(("aligned", "rows"), [(True, [60, 64]), (False, [61])])
def test_previous_masks_keep_their_corners_or_are_read_by_the_floor(aligned: bool, rows: list[int]) -> None:
    """Which of the last five rows of 65 the grid's 17 rows read."""
    objective = _objective(aligned=aligned)
    objective.network.eval()
    batch = _batch(np.random.default_rng(0), size=65)

    def loss(previous: np.ndarray) -> float:
        return float(objective({**batch, "previous": paddle.to_tensor(previous)}, 0)["loss"])

    with paddle.no_grad():
        empty = np.zeros((2, 65, 65), np.int64)
        differ = []
        for each in range(60, 65):
            line = empty.copy()
            line[:, each] = 1
            differ.append(loss(line) != loss(empty))
    assert [60 + place for place in np.flatnonzero(differ)] == rows


@pytest.mark.parametrize("heads", ["propagation", "interaction", "heads", "both"])
def test_a_training_step_reaches_exactly_the_chosen_heads(heads):
    objective = _objective(train_heads=heads)
    model = objective.network
    model.train()
    out = objective(_batch(np.random.default_rng(0)), step=0)
    assert float(out["loss"]) == pytest.approx(sum(float(v) for k, v in out.items() if k != "loss"), rel=1e-5)
    out["loss"].backward()
    reached = {name.split(".")[0] for name, p in model.named_parameters() if p.grad is not None}
    expected = {
        "propagation": {"backbone", "embedding", "propagation_head", "border_decoder"},
        "interaction": {"interaction_head"},
        "heads": {"propagation_head", "interaction_head", "border_decoder"},
        "both": {"backbone", "embedding", "propagation_head", "interaction_head", "border_decoder"},
    }
    assert reached == expected[heads]


def test_unrolled_propagation_scores_every_further_frame():
    objective = _objective(train_heads="propagation")
    model = objective.network
    model.eval()
    batch = _batch(np.random.default_rng(1), clips=1, frames=4)
    whole = float(objective(batch, 0)["loss"])
    first = float(objective({**batch, "images": batch["images"][:, :3], "masks": batch["masks"][:, :3]}, 0)["loss"])
    assert np.isfinite(whole) and whole != pytest.approx(first, rel=1e-6)


def test_unknown_heads_are_refused():
    with pytest.raises(InputError, match="MODEL.train_heads: 'propagation_head' is gone; write 'heads'"):
        _objective(train_heads="propagation_head")
    with pytest.raises(InputError, match="train_heads is one of propagation, interaction, heads, both, not 'all'"):
        ObjectiveOptions(train_heads="all")


@pytest.mark.parametrize("heads", ["propagation", "interaction", "heads", "both"])
def test_parts_that_are_not_trained_keep_their_norms_statistics(heads):
    objective = _objective(train_heads=heads)
    model = objective.network
    model.eval()
    model.train()
    before = {name: value.numpy().copy() for name, value in model.state_dict().items() if name.endswith("._mean")}
    objective(_batch(np.random.default_rng(3)), step=0)
    moved = {name.split(".")[0] for name, value in model.state_dict().items()
             if name in before and not np.array_equal(before[name], value.numpy())}  # fmt: skip
    trained = {each: {f"{each}_head"} for each in ("propagation", "interaction")}
    shared = {"backbone", "embedding", "border_decoder"}
    assert moved - shared == trained.get(heads, {"propagation_head", "interaction_head"})
    assert ("border_decoder" in moved) == (heads != "interaction")
    assert ("backbone" in moved) == (heads in ("propagation", "both"))


def test_the_interaction_head_learns_from_single_frames():
    objective = _objective(train_heads="interaction")
    model = objective.network
    model.train()
    batch = _batch(np.random.default_rng(4))
    whole = float(objective(batch, 0)["loss"])
    single = {key: value[:, :1] if key in ("images", "masks") else value for key, value in batch.items()}
    assert float(objective(single, 0)["loss"]) == pytest.approx(whole, rel=1e-6)


def test_reference_takes_norm_statistics_clip_by_clip():
    objective = _objective(train_heads="both")
    model = objective.network
    batch = _batch(np.random.default_rng(5))
    losses = {}
    for mode in ("train", "eval"):
        getattr(model, mode)()
        for reference in (False, True):
            objective.options = replace(objective.options, reference=reference)
            losses[mode, reference] = float(objective(batch, 0)["loss"])
    assert losses["eval", True] == pytest.approx(losses["eval", False], rel=1e-5)
    assert losses["train", True] != pytest.approx(losses["train", False], rel=1e-3)


def test_finer_logits_are_learnt_from_the_frames_that_the_heads_answer():
    objective = _objective(train_heads="both", aligned=True)
    objective.network.eval()
    batch = _batch(np.random.default_rng(3), frames=4, size=65)
    parts = objective(batch, 0)
    plain = float(parts["interaction"]) + float(parts["propagation"])
    assert float(parts["borders"]) == pytest.approx(plain, rel=0.05)  # at first they are the same, on another grid
    parts["borders"].backward()
    assert float(objective.network.border_decoder.conv.weight.grad.abs().sum()) > 0
    assert float(objective.network.propagation_head.conv.weight.grad.abs().sum()) > 0


def test_the_decoder_sees_the_picture_of_the_frame_whose_logits_it_gets(monkeypatch: pytest.MonkeyPatch):
    objective = _objective(train_heads="propagation", aligned=True)
    objective.network.eval()
    batch = _batch(np.random.default_rng(3), frames=3, size=65)
    seen = []

    class Decoder(paddle.nn.Layer):
        def forward(self, images, embedding, logits, clips):
            seen.append((images, embedding, clips.tolist()))
            return logits

    monkeypatch.setattr(objective.network, "border_decoder", Decoder())
    objective(batch, 0)
    [(images, embedding, clips)] = seen
    assert bool((images == batch["images"][:, 2]).all()) and clips == [0, 1, 1]
    np.testing.assert_allclose(embedding.numpy(), objective.network.embed(images).numpy(), atol=1e-5)
