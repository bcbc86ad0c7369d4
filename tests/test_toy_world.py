"""The shipped toy configs, a few steps of each: both stages, resume, test and infer, through the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import paddle
import pytest
from PIL import Image

import main as program
from paddlevideo.prepare.toy_davis import ToyWorld, write_toy_davis
from paddlevideo.solver.train_log import read_log

CONFIGS = Path(__file__).parents[1] / "configs" / "segmentation"
FAST = ["DATASET.batch_size=2", "log_interval=1", "PIPELINE.train.transform=[{RandomCrop: {size: 65}}]"]


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("world") / "toy"
    write_toy_davis(root, ToyWorld(sequences=3, frames=5, size=(72, 112)))
    return root


def run(toy: Path, config: str, output: Path, *arguments: str, overrides: tuple[str, ...] = ()) -> Path:
    """Run ``main.py`` with a shipped config on the toy world; return the output folder."""
    given = [f"output_dir={output}", *(f"DATASET.{part}.file_path={toy}" for part in ("train", "valid", "test"))]
    options = [word for each in (*given, *overrides) for word in ("-o", each)]
    assert program.main(["-c", str(CONFIGS / config), *options, *arguments]) == 0
    return output


def train(toy: Path, config: str, output: Path, *arguments: str, overrides: tuple[str, ...] = ()) -> Path:
    return run(toy, config, output, *arguments, overrides=(*FAST, *overrides))


@pytest.fixture(scope="module")
def trained(toy: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights after three steps of stage 1."""
    output = train(toy, "manet_toy_stage1.yaml", tmp_path_factory.mktemp("stage1"), "--max_iters", "3")
    return output / "manet_toy_stage1_final.pdparams"


def weights_of(path: Path) -> dict[str, np.ndarray]:
    return {key: np.asarray(value) for key, value in paddle.load(str(path)).items()}


def test_stage_1_goes_on_exactly_after_a_stop(toy: Path, trained: Path, tmp_path: Path) -> None:
    train(toy, "manet_toy_stage1.yaml", tmp_path, "--max_iters", "2")
    train(toy, "manet_toy_stage1.yaml", tmp_path, "--max_iters", "3", "--resume")
    whole, parts = weights_of(trained), weights_of(tmp_path / "manet_toy_stage1_final.pdparams")
    assert whole.keys() == parts.keys() and all(np.array_equal(whole[key], parts[key]) for key in whole)
    records = [record for record in read_log(tmp_path / "train_log.jsonl") if "loss" in record]
    assert [record["step"] for record in records] == [1, 2, 3]
    assert all(np.isfinite(record["loss"]) for record in records)


def test_stage_2_starts_from_stage_1_and_moves_the_interaction_head(toy: Path, trained: Path, tmp_path: Path) -> None:
    few = ("DATASET.train.epochs_per_round=1", "DATASET.train.window=3", "ema_decay=null")
    train(toy, "manet_toy_stage2.yaml", tmp_path, "-w", str(trained), "--max_iters", "3", overrides=few)
    before, after = weights_of(trained), weights_of(tmp_path / "manet_toy_stage2_final.pdparams")
    assert {key.split(".")[0] for key in after if not np.array_equal(before[key], after[key])} == {"interaction_head"}


def test_both_heads_learn_together_under_validation(toy: Path, tmp_path: Path) -> None:
    one = ("VALIDATION.rounds=1", "DATASET.valid.sequences=[toy-00]")
    train(toy, "manet_toy.yaml", tmp_path, "--max_iters", "2", "--validate", overrides=one)
    (scores,) = [record for record in read_log(tmp_path / "train_log.jsonl") if "J1" in record]
    assert 0 <= scores["J1"] <= 1 and 0 <= scores["JF"] <= 1
    assert (tmp_path / "manet_toy_best.pdparams").is_file()


def test_the_weights_are_scored_and_segment_a_video(toy: Path, trained: Path, tmp_path: Path) -> None:
    ours = ("METRIC.name=RoundMetric", "METRIC.rounds=1", "METRIC.sequences=[unseen-00]")
    output = run(toy, "manet_toy.yaml", tmp_path / "test", "--test", "-w", str(trained), overrides=ours)
    summary = json.loads((output / "summary.json").read_text())
    assert list(summary["sequences"]) == ["unseen-00"] and 0 <= summary["rounds"][0]["J"] <= 1

    frames = toy / "JPEGImages" / "480p" / "toy-01"
    scribbles = toy / "Scribbles" / "toy-01" / "001.json"
    video = ["--infer", "-w", str(trained), "--input", str(frames), "--scribbles", str(scribbles)]
    run(toy, "manet_toy.yaml", tmp_path / "unused", *video, "--output", str(tmp_path / "infer"))
    masks = sorted((tmp_path / "infer" / "masks").iterdir())
    assert [path.stem for path in masks] == [f"{frame:05d}" for frame in range(5)]
    with Image.open(masks[0]) as picture:
        assert picture.size == (112, 72) and set(np.unique(np.array(picture))) <= {0, 1, 2}
