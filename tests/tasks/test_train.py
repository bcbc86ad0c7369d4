"""The trainer on a toy network and synthetic batches; the real ones are in the integration tests."""

import json
import os
import signal
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import paddle
import pytest
from paddle import nn

from paddlevideo.tasks import train as module
from paddlevideo.utils.errors import InputError
from paddlevideo.utils.train_log import read_log
from paddlevideo.utils.weights import load_weights


class Toy(nn.Layer):
    """Two convolutions, a norm and a dropout: weights, buffers and random numbers to resume."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2D(3, 4, 3, padding=1), nn.BatchNorm2D(4), nn.ReLU(), nn.Dropout(0.3))
        self.backbone.encoder = None
        self.propagation_head = nn.Conv2D(4, 2, 1)

    def forward(self, batch: dict, step: int) -> dict:
        logits = self.propagation_head(self.backbone(batch["images"][:, -1]))
        loss = nn.functional.cross_entropy(logits.transpose([0, 2, 3, 1]), batch["masks"][:, -1])
        return {"loss": loss, "propagation": loss.item()}


class Batches:
    """Five steps a pass; a batch is a function of seed and step; ``act`` is called with each step's number."""

    def __init__(self, seed: int, start_step: int, act=lambda step, batch: None) -> None:
        self.seed, self.start_step, self.act = seed, start_step, act

    def __len__(self) -> int:
        return 5

    def __iter__(self) -> Iterator:
        step = self.start_step
        while True:
            rng = np.random.default_rng([self.seed, step])
            images = rng.normal(size=(2, 3, 3, 8, 8)).astype("float32")
            batch = {"images": images, "masks": (images[:, :, 0] > 0).astype("int64")}
            self.act(step, batch)
            yield [f"clip{step}a", f"clip{step}b"], batch
            step += 1


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A function that trains the toy in a folder and returns its files."""

    def build(model_config: dict) -> Toy:
        paddle.seed(7)
        return Toy()

    def run(folder: str = "out", act=lambda step, batch: None, args: dict | None = None, **cfg: object) -> Path:
        monkeypatch.setattr(module, "build_model", build)
        monkeypatch.setattr(module, "build_loader", lambda cfg, *, seed, start_step: Batches(seed, start_step, act))
        whole = {
            "MODEL": {"backbone": {}},
            "OPTIMIZER": {"name": "SGD", "learning_rate": {"name": "PolynomialDecay", "base": 0.1}, "grad_clip": 5.0},
            "model_name": "toy",
            "epochs": 2,
            "log_interval": 1,
            "save_interval": 4,
            "val_interval": 5,
            "keep_checkpoints": 2,
            "output_dir": str(tmp_path / folder),
            **cfg,
        }
        defaults = {"weights": None, "validate": False, "amp": False, "amp_level": "O1", "seed": 1, "max_iters": None}
        module.train(whole, Namespace(**{**defaults, "resume": None, **(args or {})}))
        return tmp_path / folder

    return run


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def same(first: Path, second: Path) -> bool:
    one, two = load_weights(first), load_weights(second)
    return one.keys() == two.keys() and all(np.array_equal(one[key], two[key]) for key in one)


def test_a_run_leaves_weights_checkpoints_log_and_plot_and_learns(run) -> None:
    folder = run(epochs=8)
    assert names(folder) == [
        "loss.png",
        "toy_final.pdparams",
        "toy_step_000036.json",
        "toy_step_000036.pdopt",
        "toy_step_000036.pdparams",
        "toy_step_000040.json",
        "toy_step_000040.pdopt",
        "toy_step_000040.pdparams",
        "train_log.jsonl",
    ]
    records = read_log(folder / "train_log.jsonl")
    assert [record["step"] for record in records] == list(range(1, 41))
    assert np.mean([r["loss"] for r in records[-5:]]) < 0.8 * np.mean([r["loss"] for r in records[:5]])
    assert records[0]["lr"] == pytest.approx(0.1) and records[-1]["lr"] == pytest.approx(0.1 * (1 / 40) ** 0.9)
    assert same(folder / "toy_final.pdparams", folder / "toy_step_000040.pdparams")


@pytest.mark.parametrize("options", [{}, {"ema_decay": 0.9}])
@pytest.mark.parametrize("rule", ["SGD", "AdamW"])
def test_a_resumed_run_ends_with_the_same_bits(run, options: dict, rule: str) -> None:
    optimizer = {"name": rule, "learning_rate": {"name": "PolynomialDecay", "base": 0.01}}
    whole = run("whole", OPTIMIZER=optimizer, **options)
    run("parts", args={"max_iters": 3}, OPTIMIZER=optimizer, **options)
    paddle.seed(99)
    parts = run("parts", args={"resume": True}, OPTIMIZER=optimizer, **options)
    assert same(whole / "toy_final.pdparams", parts / "toy_final.pdparams")
    assert same(whole / "toy_step_000010.pdparams", parts / "toy_step_000010.pdparams")
    losses = [[(r["step"], r["loss"], r["lr"]) for r in read_log(f / "train_log.jsonl")] for f in (whole, parts)]
    assert losses[0] == losses[1]


def test_the_average_is_what_is_shipped(run) -> None:
    folder = run(ema_decay=0.99)
    assert not same(folder / "toy_final.pdparams", folder / "toy_step_000010.pdparams")


def test_max_iters_counts_steps_in_all(run) -> None:
    folder = run(args={"max_iters": 3})
    assert read_log(folder / "train_log.jsonl")[-1]["step"] == 3
    assert (folder / "toy_step_000003.pdparams").exists()


def test_a_fresh_start_does_not_touch_a_used_folder(run) -> None:
    folder = run(args={"max_iters": 2})
    before = names(folder)
    with pytest.raises(InputError, match="already holds checkpoints.*--resume"):
        run()
    assert names(folder) == before


def test_resume_without_a_checkpoint_says_so(run) -> None:
    with pytest.raises(InputError, match="checkpoint"):
        run(args={"resume": True})


def test_a_loss_that_is_no_number_stops_with_step_samples_and_checkpoint(run, tmp_path: Path) -> None:
    def spoil(step: int, batch: dict) -> None:
        if step == 6:
            batch["images"][:] = np.nan

    with pytest.raises(InputError, match=r"nan at step 6 .*clip6a, clip6b.*toy_step_000004\.pdparams"):
        run(act=spoil)
    assert all(np.isfinite(value).all() for value in load_weights(tmp_path / "out/toy_step_000004.pdparams").values())


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_stop_signal_saves_and_the_resumed_run_is_exact(run, tmp_path: Path, number: int, code: int) -> None:
    before = signal.getsignal(number)
    with pytest.raises(SystemExit) as stopped:
        run(act=lambda step, batch: os.kill(os.getpid(), number) if step == 5 else None)
    assert stopped.value.code == code
    assert (tmp_path / "out/toy_step_000006.pdopt").exists() and not (tmp_path / "out/toy_final.pdparams").exists()
    assert signal.getsignal(number) == before
    assert same(run(args={"resume": True}) / "toy_final.pdparams", run("whole") / "toy_final.pdparams")


def test_mixed_precision_on_a_cpu_is_off_with_one_line(run, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="paddlevideo"):
        mixed = run("mixed", args={"amp": True})
    assert sum("mixed precision is off" in record.message for record in caplog.records) == 1
    assert same(mixed / "toy_final.pdparams", run("full") / "toy_final.pdparams")


def test_weights_start_a_fresh_run(run) -> None:
    first = run("first", args={"max_iters": 2})
    second = run(
        "second",
        args={"max_iters": 1, "weights": str(first / "toy_final.pdparams")},
        OPTIMIZER={"name": "SGD", "learning_rate": {"name": "PolynomialDecay", "base": 1e-9}},
    )
    one, two = load_weights(first / "toy_final.pdparams"), load_weights(second / "toy_final.pdparams")
    np.testing.assert_allclose(one["propagation_head.weight"], two["propagation_head.weight"], atol=1e-6)


def test_validation_keeps_the_best(run, monkeypatch: pytest.MonkeyPatch) -> None:
    scores = iter([0.5, 0.4])

    def validation(cfg: dict):
        return lambda model: {"J": 0.3, "F": 0.3, "JF": next(scores)}

    monkeypatch.setattr(module, "_validation", validation)
    folder = run(args={"validate": True}, save_interval=5)
    assert [r["JF"] for r in read_log(folder / "train_log.jsonl") if "JF" in r] == [0.5, 0.4]
    assert same(folder / "toy_best.pdparams", folder / "toy_step_000005.pdparams")


def test_a_half_written_last_line_of_the_log_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "train_log.jsonl"
    path.write_text(json.dumps({"step": 1}) + "\n" + '{"step": 2, "lo')
    assert read_log(path) == [{"step": 1}]
    assert read_log(tmp_path / "none.jsonl") == []
    assert "matplotlib.pyplot" not in sys.modules
