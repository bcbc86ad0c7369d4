"""The training log: records that survive, boards, pictures."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest

from paddlevideo.solver import boards
from paddlevideo.solver.curves import scored_rounds
from paddlevideo.solver.train_log import NoLog, TrainLog, read_log
from paddlevideo.utils.errors import InputError


def training(step: int) -> dict[str, Any]:
    parts = {"interaction": 0.3 / step, "propagation": 0.7 / step}
    return {"step": step, "loss": 1 / step, **parts, "lr": 0.1, "samples_per_second": 3.0}


def scores(step: int) -> dict[str, Any]:
    return {"step": step, "J1": 0.4, "F1": 0.5, "J3": 0.6, "F3": 0.8, "JF": 0.7 - abs(step - 6) / 100, "seconds": 9.0}


def picture(path: Path) -> np.ndarray:
    image = cv2.imread(str(path))
    assert image is not None
    return image


@pytest.fixture
def no_boards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boards, "_KINDS", ())


def test_records_are_on_disk_at_once_and_come_back(tmp_path: Path, no_boards: None) -> None:
    with TrainLog(tmp_path / "new") as log:
        log.write({"step": 10, "loss": np.float32(0.5), "lr": 1e-3})
        assert read_log(log.path) == [{"step": 10, "loss": 0.5, "lr": 1e-3}]
        log.write({"step": 10, "J1": np.float64(0.25)})
    assert [record["step"] for record in read_log(log.path)] == [10, 10]


def test_a_resumed_log_has_each_step_once(tmp_path: Path, no_boards: None) -> None:
    log = TrainLog(tmp_path)
    for step in range(1, 9):
        log.write(training(step))
    log.write(scores(4))
    with log.path.open("a") as file:  # killed within a record
        file.write('{"step": 9, "lo')
    log = TrainLog(tmp_path, start_step=4)
    for step in range(5, 7):
        log.write(training(step))
    assert [record["step"] for record in read_log(log.path) if "loss" in record] == [1, 2, 3, 4, 5, 6]
    assert [record["step"] for record in read_log(log.path) if "J1" in record] == [4]
    assert all(json.loads(line) for line in log.path.read_text().splitlines())
    for scored, kept in ((True, [4]), (False, [])):  # validation was cut short after it had been logged
        log = TrainLog(tmp_path, start_step=4, scored=scored)
        assert [record["step"] for record in read_log(log.path) if "J1" in record] == kept
        assert [record["step"] for record in read_log(log.path) if "loss" in record] == [1, 2, 3, 4]
    TrainLog(tmp_path)
    assert read_log(log.path) == []  # a run that begins anew


def test_what_is_no_record_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "train_log.jsonl"
    path.write_bytes(b'12\n"text"\n{"loss": 1}\n\xff\xfe\n\x00\x00\n{"step": 1}\n{"step": 2, "lo')
    assert read_log(path) == [{"step": 1}]


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path, no_boards: None) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file"):
        TrainLog(tmp_path / "file")
    (tmp_path / "run" / "train_log.jsonl").mkdir(parents=True)
    for start_step in (0, 5):
        with pytest.raises(InputError, match="train_log.jsonl: cannot write"):
            TrainLog(tmp_path / "run", start_step)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_clear_line(tmp_path: Path, no_boards: None) -> None:
    log = TrainLog(tmp_path)
    log.path = Path("/dev/full")
    with pytest.raises(InputError, match="No space left on device.*--resume"):
        log.write(training(1))


def test_pictures_of_loss_and_scores(tmp_path: Path, no_boards: None) -> None:
    log = TrainLog(tmp_path, total_steps=100)
    log.plot()
    assert [path.name for path in tmp_path.iterdir()] == ["train_log.jsonl"]  # nothing to draw yet
    for step in range(1, 91):
        log.write(training(step))
    log.plot()
    assert not (tmp_path / "validation.png").exists()
    for step in (2, 6, 8):
        log.write(scores(step))
    log.plot()
    # tab:blue, tab:green, tab:red, tab:orange: loss, its two parts, learning rate; B, G, R.
    for colour in ([180, 119, 31], [44, 160, 44], [40, 39, 214], [14, 127, 255]):
        assert (abs(picture(tmp_path / "loss.png").astype(int) - colour).max(axis=-1) < 3).sum() > 50
    assert picture(tmp_path / "validation.png").std() > 5
    assert "matplotlib.pyplot" not in sys.modules


def test_one_record_or_no_number_is_drawn_too(tmp_path: Path, no_boards: None) -> None:
    log = TrainLog(tmp_path)
    log.write({"step": 1, "loss": float("nan")})
    log.write({"step": 1, "J1": float("nan"), "F1": float("nan")})
    log.plot()
    assert (tmp_path / "loss.png").exists() and (tmp_path / "validation.png").exists()


def test_rounds_that_all_records_have() -> None:
    assert scored_rounds([scores(1), {"step": 2, "J1": 0.1, "F1": 0.1, "J2": 0.1}]) == [1]
    assert scored_rounds([{"step": 1, "JF": 0.5}]) == [] == scored_rounds([])


def test_no_log_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with NoLog() as log:
        log.write(training(1))
        log.plot()
    assert list(tmp_path.iterdir()) == []


class Writer:
    """Stands in for a board's package, which the tests do without: the calls that both packages take."""

    made: list[Writer] = []

    def __init__(self, folder: str) -> None:
        self.folder, self.scalars, self.closed = Path(folder), [], False
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / f"vdlrecords.{len(self.made)}").touch()
        self.made.append(self)

    def add_scalar(self, tag: str, value: float, step: int) -> None:
        self.scalars.append((tag, value, step))

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def writers(monkeypatch: pytest.MonkeyPatch) -> list[Writer]:
    """The writers that a `TrainLog` makes for VisualDL; TensorBoard's package does not import."""
    visualdl, broken = ModuleType("visualdl"), ModuleType("tensorboardX")
    visualdl.LogWriter = Writer
    monkeypatch.setitem(sys.modules, "visualdl", visualdl)
    monkeypatch.setitem(sys.modules, "tensorboardX", broken)
    monkeypatch.setattr(boards.importlib.util, "find_spec", lambda package: object())
    monkeypatch.setattr(Writer, "made", [])
    return Writer.made


def test_boards_show_each_step_once_after_a_resume(tmp_path: Path, writers: list[Writer]) -> None:
    log = TrainLog(tmp_path)
    log.write({"step": 1, "loss": 0.5, "where": "text"})
    log.write({"step": 1, "J1": 0.25})
    log.write({"step": 2, "loss": 0.4})
    log.close()
    TrainLog(tmp_path, start_step=1).write({"step": 2, "loss": 0.3})
    assert [writer.folder for writer in writers] == [tmp_path / "visualdl"] * 2
    assert writers[0].closed
    assert writers[1].scalars == [("train/loss", 0.5, 1), ("validation/J1", 0.25, 1), ("train/loss", 0.3, 2)]
    assert [path.name for path in (tmp_path / "visualdl").iterdir()] == ["vdlrecords.1"]  # the first is gone


def test_a_line_says_which_boards_are_on_and_a_broken_one_does_no_harm(
    tmp_path: Path, writers: list[Writer], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boards.logger.parent, "propagate", True)
    with caplog.at_level("INFO", boards.logger.name):
        TrainLog(tmp_path).write(training(1))
    # Once each: with handlers that other tests left, a record may come twice.
    (warned, failure), (told, line) = dict.fromkeys((record.levelname, record.message) for record in caplog.records)
    assert (warned, told) == ("WARNING", "INFO")
    assert failure.startswith("TensorBoard does not start (") and line == "boards: VisualDL"
    assert len(writers[0].scalars) == 5


@pytest.mark.parametrize("call", ["add_scalar", "close"])
def test_a_board_that_fails_later_is_told_of_once_and_the_log_goes_on(
    tmp_path: Path, writers: list[Writer], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    calls: list[str] = []

    def fail(self: Writer, *given: Any) -> None:
        calls.append(call)
        raise RuntimeError("no space left")

    monkeypatch.setattr(boards.logger.parent, "propagate", True)
    monkeypatch.setattr(Writer, call, fail)
    with caplog.at_level("WARNING", boards.logger.name), TrainLog(tmp_path) as log:
        log.write(training(1))
        log.write(training(2))
    assert [record["step"] for record in read_log(log.path)] == [1, 2]
    assert calls == [call]
    assert "VisualDL cannot write (no space left); training goes on without it" in caplog.text


def test_a_real_tensorboard_file(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    with TrainLog(tmp_path) as log:
        log.write(training(1))
    assert list((tmp_path / "tensorboard").glob("*tfevents*"))


def test_a_real_visualdl_file(tmp_path: Path) -> None:
    visualdl = pytest.importorskip("visualdl")
    for start_step in (0, 1):
        with TrainLog(tmp_path, start_step) as log:
            log.write(training(start_step + 1))
            log.write({**training(start_step + 2), "loss": 0.25 * (start_step + 1)})
    [path] = (tmp_path / "visualdl").iterdir()
    points = visualdl.LogReader(file_path=str(path)).get_data("scalar", "train/loss")
    assert [(point.id, point.value) for point in points] == [(1, 1.0), (2, 0.5), (3, 0.5)]
