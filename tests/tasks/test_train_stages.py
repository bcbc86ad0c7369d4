"""Training in stages: each begins with the weights of the one before, and a stop in any of them costs nothing."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paddlevideo.solver.train_log import read_log
from paddlevideo.tasks import train
from paddlevideo.weights.files import load_weights
from tests.tasks.tiny_training import main, write_config

STAGES = """
stages:
  propagation: {epochs: 1, MODEL: {train_heads: propagation}}
  both: {epochs: 1, OPTIMIZER: {learning_rate: {base: 0.01}}}
"""


@pytest.fixture
def config(tmp_path: Path, tiny_davis: Path) -> Path:
    path = write_config(tmp_path / "tiny.yaml", tiny_davis)
    path.write_text(path.read_text() + STAGES)
    return path


def run(config: Path, folder: Path, *arguments: str) -> int:
    try:
        return main(["-c", str(config), "-o", f"output_dir={folder}", *arguments])
    except SystemExit as end:
        return int(end.code or 0)


def same(one: Path, two: Path) -> bool:
    first, second = load_weights(one), load_weights(two)
    return first.keys() == second.keys() and all(np.array_equal(first[key], second[key]) for key in first)


def test_a_stage_begins_where_the_one_before_ended(config: Path, tmp_path: Path) -> None:
    assert run(config, tmp_path / "all") == 0
    first, last = (tmp_path / "all" / stage / "tiny_final.pdparams" for stage in ("propagation", "both"))
    alone = tmp_path / "alone.yaml"
    alone.write_text(config.read_text().replace(STAGES, "") + "seed: 1235\n")
    changes = ["-o", "epochs=1", "-o", "OPTIMIZER.learning_rate.base=0.01", "-w", str(first)]
    assert run(alone, tmp_path / "alone", *changes) == 0
    assert same(last, tmp_path / "alone" / "tiny_final.pdparams")
    assert same(last, tmp_path / "all" / "tiny_final.pdparams")
    begun, learned = load_weights(first), load_weights(last)
    moved = {key.partition(".")[0] for key in begun if not np.array_equal(begun[key], learned[key])}
    assert "interaction_head" in moved


@pytest.mark.parametrize("stop", [2, 6])
def test_a_stop_in_any_stage_costs_nothing(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: int, capfd: pytest.CaptureFixture[str]
) -> None:
    honest, steps = train.training_step, 0

    def counted(*arguments: Any) -> dict[str, float]:
        nonlocal steps
        steps += 1
        if steps == stop:
            os.kill(os.getpid(), signal.SIGTERM)
        return honest(*arguments)

    assert run(config, tmp_path / "whole") == 0
    monkeypatch.setattr(train, "training_step", counted)
    assert run(config, tmp_path / "parts") == 143
    assert run(config, tmp_path / "parts") == 2  # not over what is there
    assert "already holds checkpoints of 'tiny', stage propagation; go on with --resume" in capfd.readouterr().err
    assert run(config, tmp_path / "parts", "--resume", "auto") == 0
    assert steps == 8
    assert same(tmp_path / "parts/tiny_final.pdparams", tmp_path / "whole/tiny_final.pdparams")
    logs = [[each["loss"] for each in read_log(tmp_path / run / "both/train_log.jsonl")] for run in ("whole", "parts")]
    assert logs[0] == logs[1] and len(logs[0]) == 4
    assert run(config, tmp_path / "parts", "--resume") == 0 and steps == 8  # nothing is left to do


def test_bad_stages_are_one_line(config: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    text = config.read_text()
    for change, said in {
        "stages: {a: {epoch: 1}}": "epoch: unknown key (did you mean 'epochs'?)",
        "stages: {a: {output_dir: x}}": "stages.a.output_dir: is one for all stages; remove it here",
        "stages: {a: {epochs: many}}": "epochs: expected a whole number, found 'many'",
        "stages: [a]": "stages: expected a mapping or null, found a list",
    }.items():
        config.write_text(text.replace(STAGES, f"{change}\n"))
        assert run(config, tmp_path / "out") == 2
        [line] = capfd.readouterr().err.splitlines()
        assert said in line and f"{config}:" in line
    config.write_text(text)
    assert run(config, tmp_path / "out", "--resume", str(tmp_path / "some.json")) == 2
    assert "with stages the checkpoint is found; pass --resume alone" in capfd.readouterr().err
