"""Stage 2: the network's own masks are corrected between rounds, exactly, also over a kill."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import paddle
import pytest

from paddlevideo.config.loading import load_config
from paddlevideo.loader.builder import build_loader
from paddlevideo.metrics.judge import shims
from paddlevideo.modeling import MANet, build_model
from paddlevideo.tasks.rounds import Rounds, build_rounds
from paddlevideo.utils.errors import InputError
from paddlevideo.weights.files import load_into
from tests.tasks import tiny_training

STAGE2 = [
    "MODEL.train_heads=interaction",
    "DATASET.train.format=DAVISRoundsDataset",
    "DATASET.train.split=train",
    "DATASET.train.epochs_per_round=2",
    "DATASET.train.window=3",
    "PIPELINE.input.size=64",
    "epochs=12",
    "ema_decay=null",
]


def overrides(root: Path, *more: str) -> list[str]:
    return [*STAGE2, f"DATASET.train.file_path={root}", *more]


@pytest.fixture
def config(tiny_davis: Path, tmp_path: Path) -> Path:
    return tiny_training.write_config(tmp_path / "tiny.yaml", tiny_davis)


def build(config: Path, root: Path, *more: str) -> tuple[Rounds, MANet]:
    cfg = load_config(config, overrides(root, *more))
    paddle.seed(0)
    model = build_model(cfg["MODEL"])
    rounds = build_rounds(cfg, model, build_loader(cfg, seed=5))
    assert rounds is not None
    return rounds, model


@pytest.fixture(autouse=True, scope="module")
def encoder() -> None:
    tiny_training.register_encoder()


def test_rounds_begin_where_the_phase_changes(config: Path, tiny_davis: Path) -> None:
    rounds, _ = build(config, tiny_davis)  # an epoch is one step
    begun = []
    for step in range(12):
        if rounds.begins(step):
            rounds.annotate(step)
            begun.append((step, len(rounds.dataset.annotations), len(rounds.history)))
    assert [step for step, _, _ in begun] == [0, 2, 4, 6, 8, 10]
    assert [count for _, count, _ in begun] == [0, 2, 2, 0, 2, 2]


def test_corrections_are_of_the_networks_masks_within_the_window(config: Path, tiny_davis: Path) -> None:
    rounds, model = build(config, tiny_davis)
    model.train()
    rounds.annotate(2)
    assert model.training
    first = dict(rounds.dataset.annotations)
    rounds.annotate(4)
    for name, annotation in rounds.dataset.annotations.items():
        history = rounds.history[name]
        frames = [strokes[0].frame for strokes in history]
        assert len(history) == 3 and len(set(frames)) == 3 and max(frames) - min(frames) < 3
        assert history[1] == first[name].strokes and history[2] == annotation.strokes
        sequence = next(each for each in rounds.dataset.sequences if each.name == name)
        assert annotation.mask.shape == sequence.size and annotation.mask.max() <= sequence.objects


def test_the_official_robot_draws_where_the_network_is_wrong(config: Path, tiny_davis: Path) -> None:
    if importlib.util.find_spec("davisinteractive") is None:
        pytest.skip("the official judge is not installed: make judge")
    rounds, _ = build(config, tiny_davis, "DATASET.train.robot=davis")
    rounds.annotate(2)
    assert rounds.dataset.annotations
    for sequence in rounds.dataset.sequences:
        if (annotation := rounds.dataset.annotations.get(sequence.name)) is None:
            continue
        first, drawn = rounds.history[sequence.name]
        assert drawn == annotation.strokes and {stroke.frame for stroke in drawn} == {annotation.frame}
        assert annotation.frame != first[0].frame
        truth = sequence.mask(annotation.frame)
        right = []
        for stroke in drawn:
            x, y = (np.array(stroke.points) * (truth.shape[1] - 1, truth.shape[0] - 1)).round().astype(int).T
            right += list((truth[y, x] == stroke.object_id) & (annotation.mask[y, x] != stroke.object_id))
        assert np.mean(right) > 0.8


def test_without_the_official_robot_the_line_tells_of_our_own_strokes(
    config: Path, tiny_davis: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "davisinteractive", None)
    with pytest.raises(InputError, match="-o DATASET.train.robot=simulated$") as caught:
        build(config, tiny_davis, "DATASET.train.robot=davis")
    text = str(caught.value)
    assert all(command in text for command in shims.INSTALL) and "\n" not in text and "METRIC" not in text


def test_the_same_state_gives_the_same_annotations_and_comes_back_from_a_checkpoint(
    config: Path, tiny_davis: Path
) -> None:
    one, model = build(config, tiny_davis)
    other, twin = build(config, tiny_davis)
    one.annotate(2)
    other.restore(one.state())
    assert not other.begins(3) and other.begins(4)
    for rounds in (one, other):
        rounds.annotate(4)
    assert one.history == other.history
    for name, annotation in one.dataset.annotations.items():
        assert (annotation.mask == other.dataset.annotations[name].mask).all()


def test_a_dataset_without_rounds_has_none(config: Path) -> None:
    cfg = load_config(config)
    assert build_rounds(cfg, build_model(cfg["MODEL"]), build_loader(cfg, seed=0)) is None


def test_training_over_a_rounds_border_goes_on_exactly_and_moves_one_head_alone(
    config: Path, tiny_davis: Path, tmp_path: Path
) -> None:
    def run(folder: str, *arguments: str) -> Path:
        output = tmp_path / folder
        given = [word for each in overrides(tiny_davis, f"output_dir={output}") for word in ("-o", each)]
        assert tiny_training.main(["-c", str(config), *given, *arguments]) == 0
        return output

    whole = run("whole", "--max_iters", "5")
    run("parts", "--max_iters", "3")  # the second round began at step 2, the third begins at step 4
    parts = run("parts", "--max_iters", "5", "--resume")
    weights = [paddle.load(str(folder / "tiny_final.pdparams")) for folder in (whole, parts)]
    assert all(np.array_equal(np.asarray(weights[0][key]), np.asarray(weights[1][key])) for key in weights[0])

    paddle.seed(1234)
    start = build_model(load_config(config, overrides(tiny_davis))["MODEL"])
    load_into(start, whole / "tiny_final.pdparams")
    first = paddle.load(str(run("one", "--max_iters", "1") / "tiny_final.pdparams"))
    moved = {key.split(".")[0] for key, value in first.items() if not np.array_equal(value, weights[0][key])}
    assert moved == {"interaction_head"}
