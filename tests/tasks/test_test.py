"""``--test``: the protocol with a session that knows the truth, the whole way with a small network, bad data."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import paddle
import pytest
import yaml
from PIL import Image

from paddlevideo.loader.davis import read_mask
from paddlevideo.loader.preprocess import Preprocess
from paddlevideo.loader.scribbles import Stroke
from paddlevideo.metrics.round_metric import RoundMetric
from paddlevideo.modeling import build_model
from paddlevideo.session.engine import Engine
from paddlevideo.session.options import SessionOptions
from paddlevideo.session.segmenter import Segmenter
from paddlevideo.tasks import test as task
from paddlevideo.tasks.finished import FinishedSequences
from paddlevideo.tasks.validate import Validation
from paddlevideo.utils.errors import InputError
from paddlevideo.utils.run_lock import RunLock
from paddlevideo.utils.written import RECORD
from tests.tasks.test_processes import alive, environment, kill_when

ROOT = Path(__file__).parents[2]
MODEL = {
    "framework": "MANet",
    "backbone": {
        "name": "LateralDeepLab",
        "encoder": {"name": "EfficientNetLite"},
        "channels": 16,
    },
    "embedding": {"name": "PixelEmbedding", "channels": 8},
    "interaction_head": {"name": "SeparableHead", "channels": 8},
    "propagation_head": {"name": "SeparableHead", "channels": 8},
    "matching": {"window": 3},
    "loss": {"name": "TopKCrossEntropy"},
}


class Knowing:
    """A session that gives, for every frame that was ever annotated, the true mask, and for others its left half."""

    def __init__(self, engine: object, frames: Any, preprocess: Preprocess, objects: int, options: Any) -> None:
        folder = Path(frames.path.replace("JPEGImages", "Annotations"))
        self.truth = [read_mask(folder / f"{name}.png") for name in frames.names]
        self.annotated: set[int] = set()
        self.log: list[str] = []

    def add_strokes(self, strokes: list[Stroke]) -> None:
        assert len({stroke.frame for stroke in strokes}) == 1
        self.annotated.add(strokes[0].frame)
        self.log.append("strokes")

    def propagate(self) -> Iterator[None]:
        yield None
        yield None
        self.log.append("propagated")

    def mask(self, frame: int) -> np.ndarray:
        assert self.log[-1] == "propagated"
        mask = self.truth[frame].copy()
        if frame not in self.annotated:
            mask[:, mask.any(axis=0).nonzero()[0].mean().astype(int) :] = 0
        return mask


@pytest.fixture
def knowing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paddlevideo.session.session.Session", Knowing)
    monkeypatch.setattr("paddlevideo.session.engine.build_engine", lambda model, kind, precision: None)


def data(root: Path, **keys: Any) -> dict[str, Any]:
    return {"test": {"format": "DAVISDataset", "file_path": str(root), "split": "train", **keys}}


def network() -> Any:
    return SimpleNamespace(training=False, eval=lambda: None)


def knowing_segmenter() -> Segmenter:
    return Segmenter(cast(Engine, None), Preprocess(), SessionOptions())


def test_every_round_mends_one_frame_and_the_scores_rise(tiny_davis: Path, knowing: None) -> None:
    metric = RoundMetric(rounds=4)
    sequences = task.read_sequences(data(tiny_davis), metric)
    summary = task.evaluate(knowing_segmenter(), sequences, metric, progress=False)
    assert [score["round"] for score in summary["rounds"]] == [1, 2, 3, 4]
    means = [score["J"] for score in summary["rounds"]]
    assert all(after > before + 0.02 for before, after in zip(means, means[1:], strict=False))
    for name, first in (("disc", 2), ("pair", 0)):
        frames = [score["frame"] for score in summary["sequences"][name]["rounds"]]
        assert frames[0] == first and len(set(frames)) == 4
    assert [score["scribble"] for score in summary["sequences"]["disc"]["rounds"]] == ["human", *["simulated"] * 3]


def test_rounds_after_perfect_masks_keep_them_and_take_no_time(tiny_davis: Path, knowing: None) -> None:
    metric = RoundMetric(rounds=8, sequences=["disc"])  # of six frames
    sequences = task.read_sequences(data(tiny_davis), metric)
    rounds = task.evaluate(knowing_segmenter(), sequences, metric, progress=False)["rounds"]
    assert [score["JF"] == 1.0 for score in rounds] == [False] * 5 + [True] * 3
    assert [score["seconds"] == 0.0 for score in rounds] == [False] * 6 + [True] * 2


def test_a_validation_of_three_rounds_tells_the_first_and_the_last(tiny_davis: Path, knowing: None) -> None:
    dataset = {"valid": data(tiny_davis)["test"]}
    cfg = {"DATASET": dataset, "PIPELINE": {"input": {"color": "rgb"}}, "VALIDATION": {"rounds": 3}}
    scores = Validation(cfg)(network())
    assert list(scores) == ["J1", "F1", "J3", "F3", "JF"]
    assert 0 < scores["J1"] < scores["J3"] < 1 and 0 < scores["F1"] < scores["F3"] < 1
    assert scores["JF"] == pytest.approx((scores["J3"] + scores["F3"]) / 2)


def config(root: Path, output: Path) -> dict[str, Any]:
    return {
        "MODEL": MODEL,
        "DATASET": {**data(root), "test_batch_size": 1},
        "PIPELINE": {"input": {"color": "rgb", "size": 48}},
        "METRIC": {"name": "RoundMetric", "rounds": 2},
        "output_dir": str(output),
    }


def arguments(**given: Any) -> Namespace:
    return Namespace(**{"weights": None, "output": None, "engine": "plain", **given})


def test_the_whole_way(tiny_davis: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paddle.seed(0)
    weights = tmp_path / "w.pdparams"
    paddle.save(build_model(MODEL).state_dict(), str(weights))
    summary = task.test(config(tiny_davis, tmp_path / "out"), arguments(weights=str(weights)))
    assert json.loads((tmp_path / "out" / "summary.json").read_text()) == summary
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "summary.json",
        "report.csv",
        "curve.png",
        "sequences",
        ".lock",
        RECORD,
    }
    assert set(summary["sequences"]) == {"disc", "pair"} and len(summary["rounds"]) == 2
    assert all(0 <= score[key] <= 1 for score in summary["rounds"] for key in ("J", "F", "JF"))
    assert all(score["seconds"] > 0 for score in summary["rounds"])
    assert "J&F" in capsys.readouterr().out


def test_a_second_test_in_a_folder_is_refused(tiny_davis: Path, tmp_path: Path) -> None:
    weights = tmp_path / "w.pdparams"
    weights.write_bytes(b"")
    with RunLock(tmp_path / "out"), pytest.raises(InputError, match="out: another run"):
        task.test(config(tiny_davis, tmp_path / "out"), arguments(weights=str(weights)))


def test_the_same_seed_gives_the_same_scores(tiny_davis: Path, knowing: None) -> None:
    def scores() -> list[tuple[float, float]]:
        metric = RoundMetric(rounds=3, seed=7)
        sequences = task.read_sequences(data(tiny_davis), metric)
        rounds = task.evaluate(knowing_segmenter(), sequences, metric, progress=False)["rounds"]
        return [(score["J"], score["F"]) for score in rounds]

    assert scores() == scores()


def test_a_validation_gives_the_model_back_in_its_mode(tiny_davis: Path) -> None:
    model = build_model(MODEL)
    model.train()
    dataset = {"valid": data(tiny_davis, sequences=["disc"])["test"]}
    cfg = {"DATASET": dataset, "PIPELINE": {"input": {"size": 48}}, "VALIDATION": {"rounds": 1}}
    Validation(cfg)(model)
    assert model.training


def _no_masks(root: Path) -> None:
    (root / "Annotations").rename(root / "Elsewhere")


def _empty_split(root: Path) -> None:
    (root / "ImageSets" / "2017" / "train.txt").write_text("")


def _no_objects(root: Path) -> None:
    for path in (root / "Annotations" / "480p" / "pair").iterdir():
        Image.fromarray(np.zeros((96, 160), np.uint8)).save(path)


def _other_size(root: Path) -> None:
    Image.fromarray(np.ones((50, 160), np.uint8)).save(root / "Annotations" / "480p" / "pair" / "00003.png")


def _broken_scribbles(root: Path) -> None:
    (root / "Scribbles" / "disc" / "001.json").write_text("{")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_no_masks, "no masks at .*Annotations"),
        (_empty_split, "no sequences in .*train"),
        (_no_objects, "'pair': its masks show no object"),
        (_other_size, "00003.png is 160x50"),
        (_broken_scribbles, "001.json"),
    ],
)
def test_bad_data_is_refused_before_the_model_is_built(
    tiny_davis: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: Any, message: str
) -> None:
    spoil(tiny_davis)
    monkeypatch.setattr("paddlevideo.modeling.build_model", lambda section: pytest.fail("the model was built"))
    with pytest.raises(InputError, match=message) as caught:
        task.test(config(tiny_davis, tmp_path / "out"), arguments(weights="w"))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_sequence_that_is_finished_is_not_judged_again(
    tiny_davis: Path, tmp_path: Path, knowing: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    weights = tmp_path / "w.pdparams"
    weights.write_bytes(b"weights")
    metric = RoundMetric(rounds=2)
    sequences = task.read_sequences(data(tiny_davis), metric)
    judged: list[str] = []
    honest = RoundMetric.judge

    def counted(self: RoundMetric, answers: Any, sequence: Any, folder: Any = None) -> Any:
        judged.append(sequence.name)
        return honest(self, answers, sequence, folder)

    monkeypatch.setattr(RoundMetric, "judge", counted)

    def scores(weights: Path, **metric_keys: Any) -> dict[str, Any]:
        cfg = {**config(tiny_davis, tmp_path / "out"), "METRIC": {"name": "RoundMetric", "rounds": 2, **metric_keys}}
        finished = FinishedSequences(tmp_path / "out", cfg, str(weights), "plain")
        return task.evaluate(knowing_segmenter(), sequences, metric, finished=finished, progress=False)

    first = scores(weights)
    assert judged == ["disc", "pair"]
    (tmp_path / "out" / "sequences" / "pair.json").unlink()
    assert scores(weights)["rounds"][0]["J"] == first["rounds"][0]["J"] and judged[2:] == ["pair"]
    weights.write_bytes(b"others")
    scores(weights)
    assert judged[3:] == ["disc", "pair"]
    scores(weights, seed=3)
    assert judged[5:] == ["disc", "pair"]


def test_a_persons_files_are_refused_before_the_model_is_built(
    tiny_davis: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paddlevideo.modeling.build_model", lambda section: pytest.fail("the model was built"))
    cfg = config(tiny_davis, tmp_path / "out")
    cfg["METRIC"] = {"name": "DavisJudge", "save_masks": True}
    monkeypatch.setattr(task.METRICS, "build", lambda section: RoundMetric())
    for name in ("summary.json", "curve.png", "sequences/pair.json", "masks/disc/set_1/round_1/00000.png"):
        mine = tmp_path / "out" / name
        mine.parent.mkdir(parents=True, exist_ok=True)
        mine.write_text("mine")
        with pytest.raises(InputError, match=f"{name}: would be lost"):
            task.test(cfg, arguments(weights="w"))
        assert mine.read_text() == "mine"
        mine.unlink()


def test_masks_of_rounds_replace_those_of_an_earlier_test(tiny_davis: Path, tmp_path: Path) -> None:
    (tmp_path / "w").write_bytes(b"weights")
    cfg = {"METRIC": {"name": "DavisJudge", "save_masks": True}}
    disc = task.read_sequences(data(tiny_davis), RoundMetric())[0]
    finished = FinishedSequences(tmp_path / "out", cfg, str(tmp_path / "w"), "plain")
    folder = tmp_path / "out" / "masks" / "disc"
    for names in (["round_1/0.png", "round_2/0.png"], ["round_1/0.png"]):
        with finished.masks_folder(disc) as temporary:
            assert temporary is not None
            for name in names:
                (temporary / name).parent.mkdir(parents=True)
                (temporary / name).write_text(f"of {len(names)}")
        assert [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.png"))] == names
    (folder / "round_1" / "0.png").write_text("edited")
    with pytest.raises(InputError, match="would be lost"), finished.masks_folder(disc) as temporary:
        pass
    assert (folder / "round_1" / "0.png").read_text() == "edited"


def _two_processes(root: Path, folder: Path, weights: Path) -> tuple[dict[str, Any], list[str]]:
    """The config of a test of one round, and the command that runs it in two processes; their logs are in log/."""
    cfg = {**config(root, folder / "out"), "model_name": "tiny"}
    cfg["METRIC"]["rounds"] = 1
    (folder / "tiny.yaml").write_text(yaml.safe_dump(cfg))
    command = [sys.executable, "-B", "-m", "paddle.distributed.launch", "--nproc_per_node=2"]
    command += [f"--log_dir={folder / 'log'}", "main.py", "--test", "-c", str(folder / "tiny.yaml")]
    return cfg, [*command, "-w", str(weights), "--engine", "plain"]


def test_two_processes_share_the_sequences_and_one_writes(tiny_davis: Path, tmp_path: Path) -> None:
    paddle.seed(0)
    weights = tmp_path / "w.pdparams"
    paddle.save(build_model(MODEL).state_dict(), str(weights))
    cfg, command = _two_processes(tiny_davis, tmp_path, weights)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=200)
    assert done.returncode == 0, done.stderr[-2000:]
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    alone = task.test(cfg | {"output_dir": str(tmp_path / "alone")}, arguments(weights=str(weights)))
    assert list(summary["sequences"]) == ["disc", "pair"]
    assert [score["J"] for score in summary["rounds"]] == pytest.approx([score["J"] for score in alone["rounds"]])
    logs = [(tmp_path / "log" / f"workerlog.{rank}").read_text() for rank in (0, 1)]
    assert "summary.json" in logs[0] and "summary.json" not in logs[1]


def test_a_rank_that_is_killed_fails_the_launch_and_nothing_is_judged_twice(tiny_davis: Path, tmp_path: Path) -> None:
    root = tmp_path / "many"
    shutil.copytree(tiny_davis, root)
    names = [f"disc{number:02d}" for number in range(16)]
    for folder in ("JPEGImages/480p", "Annotations/480p", "Scribbles"):
        for name in names:
            shutil.copytree(root / folder / "disc", root / folder / name)
    (root / "ImageSets" / "2017" / "train.txt").write_text("\n".join(names) + "\n")
    paddle.seed(0)
    weights = tmp_path / "w.pdparams"
    paddle.save(build_model(MODEL).state_dict(), str(weights))
    _, command = _two_processes(root, tmp_path, weights)
    finished = tmp_path / "out" / "sequences"
    code, started = kill_when((finished / f"{names[1]}.json").exists, command, victim="1")  # its first one
    assert code != 0 and not any(alive(child) for child in started)
    assert not (tmp_path / "out" / "summary.json").exists()
    kept = {path.stem: path.stat().st_mtime_ns for path in finished.glob("*.json")}
    assert names[1] in kept and len(kept) < len(names)
    subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, timeout=200, check=True)
    assert all((finished / f"{name}.json").stat().st_mtime_ns == written for name, written in kept.items())
    assert list(json.loads((tmp_path / "out" / "summary.json").read_text())["sequences"]) == names
