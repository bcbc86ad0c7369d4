"""The trainer on a toy network and synthetic batches; the real ones are in the integration tests."""

import errno
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

from paddlevideo.config.loading import DEFAULTS
from paddlevideo.loader.builder import Loader
from paddlevideo.loader.samples import Sample, TrainingSamples
from paddlevideo.modeling.backbones.encoder import Encoder
from paddlevideo.solver.train_log import read_log
from paddlevideo.tasks import train as module
from paddlevideo.utils.errors import InputError
from paddlevideo.weights.files import load_weights


class Plain(Encoder):
    """Nothing but its place."""

    def forward(self, images: paddle.Tensor) -> tuple[paddle.Tensor, ...]:
        return images, images, images


class Backbone(nn.Layer):
    """A convolution, a norm and a dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Plain()
        self.layers = nn.Sequential(nn.Conv2D(3, 4, 3, padding=1), nn.BatchNorm2D(4), nn.ReLU(), nn.Dropout(0.3))

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        return self.layers(images)


class Toy(nn.Layer):
    """Two convolutions, a norm and a dropout: weights, buffers and random numbers to resume."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = Backbone()
        self.propagation_head = nn.Conv2D(4, 2, 1)

    def forward(self, batch: dict, step: int) -> dict:
        logits = self.propagation_head(self.backbone(batch["images"][:, -1]))
        loss = nn.functional.cross_entropy(logits.transpose([0, 2, 3, 1]), batch["masks"][:, -1])
        return {"loss": loss, "propagation": loss.item()}


class ToyObjective:
    """The toy computes its loss itself."""

    embeds_without_gradient = False

    def __init__(self, config: dict, network: Toy, aligned: bool) -> None:
        self.network = network

    def __call__(self, batch: dict, step: int) -> dict:
        return self.network(batch, step)


class Clips(TrainingSamples):
    """Ten samples that are functions of seed, epoch and index."""

    def __len__(self) -> int:
        return 10

    def group(self, index: int) -> str:
        return f"clip{index}"

    def sample(self, seed: int, epoch: int, index: int) -> tuple[str, Sample]:
        images = np.random.default_rng([seed, epoch, index]).normal(size=(3, 3, 8, 8)).astype("float32")
        return self.group(index), {"images": images, "masks": (images[:, 0] > 0).astype("int64")}


class ActingLoader(Loader):
    """Batches of two, five steps a pass; ``act`` is called with each step's number and batch."""

    act = staticmethod(lambda step, batch: None)

    def _here(self, step: int) -> Iterator:
        for number, (names, batch) in enumerate(super()._here(step), start=step):
            self.act(number, batch)
            yield names, batch


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A function that trains the toy in a folder and returns its files."""

    def build(model_config: dict) -> Toy:
        paddle.seed(7)
        return Toy()

    def run(folder: str = "out", act=lambda step, batch: None, args: dict | None = None, **cfg: object) -> Path:
        def build_loader(cfg: dict, *, seed: int, start_step: int) -> Loader:
            loader = ActingLoader(Clips(), cfg["DATASET"]["batch_size"], seed, start_step)
            loader.act = act
            return loader

        monkeypatch.setattr(module, "build_model", build)
        monkeypatch.setattr(module, "build_objective", ToyObjective)
        monkeypatch.setattr(module, "build_loader", build_loader)
        whole = {
            **DEFAULTS,
            "MODEL": {"backbone": {}},
            "PIPELINE": {"input": {}},
            "DATASET": {"batch_size": 2},
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


@pytest.fixture
def scores(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Make validation cheap: its J&F falls from call to call. Returns the list of calls."""
    calls: list[int] = []

    def validate(model: Toy) -> dict[str, float]:
        calls.append(len(calls))
        return {"J3": 0.3, "F3": 0.3, "JF": 0.5 - 0.1 * len(calls)}

    monkeypatch.setattr(module, "_validation", lambda cfg: validate)
    return calls


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def same(first: Path, second: Path) -> bool:
    one, two = load_weights(first), load_weights(second)
    return one.keys() == two.keys() and all(np.array_equal(one[key], two[key]) for key in one)


def log_of(folder: Path) -> list[dict]:
    """The log without what a clock or the machine says."""
    told = ("samples_per_second", "data_wait", "memory_gib", "seconds_left")
    records = read_log(folder / "train_log.jsonl")
    return [{key: value for key, value in record.items() if key not in told} for record in records]


def test_a_run_leaves_weights_checkpoints_log_and_plot_and_learns(run) -> None:
    folder = run(epochs=8)
    assert names(folder) == [
        ".lock",
        "config.yaml",
        "loss.png",
        "run.json",
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
    assert log_of(whole) == log_of(parts)


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


def test_resume_auto_starts_where_there_is_no_checkpoint_and_else_goes_on(run) -> None:
    folder = run(args={"resume": "auto", "max_iters": 3})
    steps: list[int] = []
    run(args={"resume": "auto"}, act=lambda step, batch: steps.append(step))
    assert steps == list(range(3, 10))
    assert same(folder / "toy_final.pdparams", run("whole") / "toy_final.pdparams")
    for path in folder.glob("*.pdopt"):
        path.write_bytes(b"")
    with pytest.raises(InputError, match="every checkpoint in it is damaged"):  # nothing is thrown away unasked
        run(args={"resume": "auto"})


def test_a_loss_that_is_no_number_stops_with_step_samples_and_checkpoint(run, tmp_path: Path) -> None:
    def spoil(step: int, batch: dict) -> None:
        if step == 6:
            batch["images"][:] = np.nan

    with pytest.raises(InputError, match=r"nan at step 6 \(samples clip\d, clip\d; .*toy_step_000004\.pdparams"):
        run(act=spoil)
    assert all(np.isfinite(value).all() for value in load_weights(tmp_path / "out/toy_step_000004.pdparams").values())


def test_a_gradient_that_is_no_number_stops_before_it_is_taken(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forward(self: Toy, batch: dict, step: int, plain=Toy.forward) -> dict:
        out = plain(self, batch, step)
        if step == 6:
            weight = self.propagation_head.weight
            out["loss"] = out["loss"] + (weight - weight.detach()).square().sum().sqrt()  # 0, with a slope of 0 / 0
        return out

    monkeypatch.setattr(Toy, "forward", forward)
    with pytest.raises(InputError, match=r"gradient is nan at step 6 \(samples clip\d, clip\d; .*toy_step_000004"):
        run()
    assert read_log(tmp_path / "out/train_log.jsonl")[-1]["step"] == 6
    assert "toy_step_000008.pdparams" not in names(tmp_path / "out")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
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


def test_validation_keeps_the_best(run, scores: list[int]) -> None:
    folder = run(args={"validate": True}, save_interval=5)
    assert [r["JF"] for r in read_log(folder / "train_log.jsonl") if "JF" in r] == [0.4, 0.3]
    assert same(folder / "toy_best.pdparams", folder / "toy_step_000005.pdparams")


def test_a_validation_that_a_stop_left_out_is_made_up_for(run, scores: list[int], tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        run(
            args={"validate": True},
            act=lambda step, batch: os.kill(os.getpid(), signal.SIGTERM) if step == 4 else None,
        )
    assert not scores and (tmp_path / "out/toy_step_000005.pdparams").exists()
    for _ in range(2):  # the second time there is nothing left to do
        folder = run(args={"validate": True, "resume": True})
    assert [r["step"] for r in log_of(folder) if "JF" in r] == [5, 10]


@pytest.mark.parametrize("moment", ["validating", "saving"])
def test_a_run_that_dies_at_a_validation_loses_no_step_and_equals_one_that_did_not(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    deadly: set[str] = set()

    def validate(model: Toy) -> dict[str, float]:
        if "validating" in deadly:
            raise RuntimeError("died")
        return {"J3": 0.3, "F3": 0.3, "JF": float(model.propagation_head.weight.abs().sum())}

    class Saver(module.CheckpointSaver):
        def save(self, step: int, drop: bool = True) -> None:
            if "saving" in deadly and step == 5 and drop:  # the second time, with the scores in the log
                raise RuntimeError("died")
            super().save(step, drop)

    monkeypatch.setattr(module, "_validation", lambda cfg: validate)
    monkeypatch.setattr(module, "CheckpointSaver", Saver)
    options = {"keep_checkpoints": 1, "ema_decay": 0.9}
    whole = run("whole", args={"validate": True}, **options)
    deadly.add(moment)
    with pytest.raises(RuntimeError, match="died"):
        run("parts", args={"validate": True}, **options)
    assert {"toy_step_000004.pdopt", "toy_step_000005.pdopt"} <= set(names(tmp_path / "parts"))
    deadly.clear()
    steps: list[int] = []
    parts = run("parts", args={"validate": True, "resume": True}, act=lambda step, _: steps.append(step), **options)
    assert steps == list(range(5, 10))
    assert log_of(whole) == log_of(parts) and [r["step"] for r in log_of(parts) if "JF" in r] == [5, 10]
    assert names(whole) == names(parts)
    for name in ("toy_final.pdparams", "toy_best.pdparams", "toy_step_000010.pdparams"):
        assert same(whole / name, parts / name)


def test_numbers_not_yet_logged_are_part_of_a_checkpoint(run) -> None:
    def stop(step: int, batch: dict) -> None:
        if step == 6:
            os.kill(os.getpid(), signal.SIGTERM)

    whole = run("whole", log_interval=5)
    with pytest.raises(SystemExit):
        run("parts", act=stop, log_interval=5)
    parts = run("parts", args={"resume": True}, log_interval=5)
    assert [record["step"] for record in log_of(whole)] == [5, 10]
    assert log_of(whole) == log_of(parts)


def test_a_resume_that_could_not_be_exact_is_refused(run) -> None:
    run(args={"max_iters": 3})
    with pytest.raises(InputError, match=r"made with 2 clips a step \(1 processes of batch_size 2\), not 5"):
        run(args={"resume": True}, DATASET={"batch_size": 5})
    with pytest.raises(InputError, match="made with --seed 1, not 2"):
        run(args={"resume": True, "seed": 2})
    with pytest.raises(InputError, match="made without ema_decay"):
        run(args={"resume": True}, ema_decay=0.9)


def test_a_damaged_checkpoint_gives_way_to_the_one_before(run, caplog: pytest.LogCaptureFixture) -> None:
    whole = run("whole")
    folder = run(args={"max_iters": 9})
    newest = folder / "toy_step_000009.pdopt"
    newest.write_bytes(newest.read_bytes()[:-100])
    with caplog.at_level("WARNING", logger="paddlevideo"):
        run(args={"resume": True})
    assert "toy_step_000009.pdopt: damaged" in caplog.text and "taking the one before" in caplog.text
    assert same(whole / "toy_final.pdparams", folder / "toy_final.pdparams")


def test_an_earlier_checkpoint_is_gone_on_from_elsewhere(run) -> None:
    folder = run()
    earlier = str(folder / "toy_step_000008.pdparams")
    with pytest.raises(InputError, match="the last is toy_step_000010.pdparams"):
        run(args={"resume": earlier})
    assert same(run("elsewhere", args={"resume": earlier}) / "toy_final.pdparams", folder / "toy_final.pdparams")


def test_a_full_disk_stops_the_run_and_leaves_the_last_checkpoint(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(step: int, batch: dict) -> None:
        if step == 6:
            monkeypatch.setattr("pickle.dump", full_disk)

    def full_disk(thing: object, stream, protocol: int) -> None:
        stream.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(InputError, match=r"toy_step_000008\.pdparams: cannot be written \(No space left.*MiB are free"):
        run(act=fill)
    monkeypatch.undo()
    assert not [name for name in names(tmp_path / "out") if "000008" in name]
    assert same(run(args={"resume": True}) / "toy_final.pdparams", run("whole") / "toy_final.pdparams")


def test_a_second_run_in_a_folder_is_refused(run, tmp_path: Path) -> None:
    def intrude(step: int, batch: dict) -> None:
        if step == 1:
            with pytest.raises(InputError, match=rf"out: another run \(process {os.getpid()}\) is at work"):
                run()

    assert (run(act=intrude) / "toy_final.pdparams").exists()


class Robot:
    """Rounds that begin every four steps and change the data: a stand-in for stage 2."""

    def __init__(self, dataset: Clips) -> None:
        self.dataset, self.made_at, self.dataset.shift = dataset, None, 0.0

    def begins(self, step: int) -> bool:
        return step % 4 == 0 and self.made_at != step

    def annotate(self, step: int) -> None:
        self.made_at = step
        self.dataset.shift = float(np.random.rand() + paddle.rand([]).item())

    def state(self) -> dict:
        return {"made_at": self.made_at, "shift": self.dataset.shift}

    def restore(self, state: dict) -> None:
        self.made_at, self.dataset.shift = state["made_at"], state["shift"]


@pytest.mark.parametrize("stop", [3, 5])
def test_rounds_are_resumed(run, monkeypatch: pytest.MonkeyPatch, stop: int) -> None:
    def shifted(clips: Clips, seed: int, epoch: int, index: int, sample=Clips.sample) -> tuple[str, Sample]:
        name, arrays = sample(clips, seed, epoch, index)
        return name, {**arrays, "images": arrays["images"] + np.float32(clips.shift)}

    monkeypatch.setattr(Clips, "sample", shifted)
    monkeypatch.setattr(module, "_rounds", lambda cfg, model, loader: Robot(loader.dataset))
    whole = run("whole")
    run("parts", args={"max_iters": stop})
    parts = run("parts", args={"resume": True})
    assert log_of(whole)[4:] == log_of(parts)[4:]
    assert same(whole / "toy_final.pdparams", parts / "toy_final.pdparams")
    with pytest.raises(InputError, match="made with simulated rounds"):
        monkeypatch.setattr(module, "_rounds", lambda cfg, model, loader: None)
        run("parts", args={"resume": True})


def test_a_half_written_last_line_of_the_log_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "train_log.jsonl"
    path.write_text(json.dumps({"step": 1}) + "\n" + '{"step": 2, "lo')
    assert read_log(path) == [{"step": 1}]
    assert read_log(tmp_path / "none.jsonl") == []
    assert "matplotlib.pyplot" not in sys.modules
