"""The official judge, really: games on the tiny data set, its own summary against ours, and what is missing."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paddlevideo.loader.davis import DavisFolder
from paddlevideo.loader.davis import Sequence as DavisSequence
from paddlevideo.loader.scribbles import Stroke
from paddlevideo.metrics import DavisJudge, RoundMetric
from paddlevideo.metrics.judge import shims
from paddlevideo.metrics.judge.mirror import SUBSET, find_starts, lay_out, registered, strokes_of, table_entry
from paddlevideo.utils.errors import InputError


@pytest.fixture
def package() -> Any:
    if importlib.util.find_spec("davisinteractive") is None:  # not imported before it is mended
        pytest.skip("the official judge is not installed: make judge")
    return shims.load_davisinteractive()


class Half:
    """Answers with the truth on annotated frames and with its left half, eroded by the round, on others."""

    def __init__(self, sequence: DavisSequence) -> None:
        self.sequence = sequence
        self.annotated: list[int] = []
        self.propagated = False

    def add_strokes(self, strokes: Sequence[Stroke]) -> None:
        assert strokes and len({stroke.frame for stroke in strokes}) == 1
        self.annotated.append(strokes[0].frame)
        self.propagated = False

    def propagate(self) -> Iterator[None]:
        yield None
        self.propagated = True

    def mask(self, frame: int) -> np.ndarray:
        assert self.propagated
        mask = self.sequence.mask(frame).copy()
        if frame not in self.annotated:
            mask[:, mask.any(axis=0).nonzero()[0].mean().astype(int) :] = 0
        return mask


def test_the_names_and_the_functions_that_went_away_are_back(package: Any) -> None:
    assert package.__version__ == "1.0.4"
    assert np.dtype(np.int) == np.dtype(int) and np.trapz([1, 1], x=[0, 2]) == 2  # type: ignore[attr-defined]
    assert hasattr(sys.modules["networkx"], "from_scipy_sparse_matrix")
    assert shims.load_davisinteractive() is package


def test_without_the_package_one_line_tells_the_two_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "davisinteractive", None)
    with pytest.raises(InputError) as caught:
        DavisJudge().prepare()
    text = str(caught.value)
    assert all(command in text for command in shims.INSTALL) and "\n" not in text and "RoundMetric" in text


def test_the_makefile_installs_it_with_the_same_commands() -> None:
    makefile = (Path(__file__).parents[3] / "Makefile").read_text()
    for command in shims.INSTALL:
        assert command.replace("pip install", "$(PIP) install") in makefile


def test_a_sequence_starts_with_its_human_files_or_with_the_robot(package: Any, tiny_davis: Path) -> None:
    disc, pair = DavisFolder(tiny_davis, "train").sequences
    (human,) = find_starts(package, disc)
    assert (human.drawn_by, human.strokes) == ("human", disc.scribbles()[0])
    (robot,) = find_starts(package, pair)
    assert robot.drawn_by == "robot" and {stroke.frame for stroke in robot.strokes} == {0}
    truth = pair.mask(0)
    for stroke in robot.strokes:
        x, y = np.array(stroke.points).T
        inside = truth[(y * truth.shape[0]).astype(int), (x * truth.shape[1]).astype(int)] == stroke.object_id
        assert inside.mean() > 0.8  # a smoothed skeleton of the object
    assert {stroke.object_id for stroke in robot.strokes} >= {1, 2}  # 1 is a disc, which the robot leaves out
    assert find_starts(package, pair) == [robot]


@pytest.mark.parametrize("metric", ["J", "F", "JF"])
def test_the_summary_is_that_of_one_official_session(
    package: Any, tiny_davis: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, metric: Any
) -> None:
    """Both see the same masks, and a clock that goes one second on each time it is read."""
    sequences = {sequence.name: sequence for sequence in DavisFolder(tiny_davis, "train").sequences}
    judge = DavisJudge(metric, rounds=3)
    clock = iter(range(10**6))
    monkeypatch.setattr(package.session.session.time, "time", lambda: float(next(clock)))
    entries = {name: judge.judge(lambda s=sequence: Half(s), sequence) for name, sequence in sequences.items()}
    ours = judge.summary(entries)

    starts = {name: find_starts(package, sequence) for name, sequence in sequences.items()}
    for name, sequence in sequences.items():
        lay_out(tmp_path, sequence, starts[name])
    table = {name: table_entry(len(s), s.objects, 1, s.size) for name, s in sequences.items()}
    official = {"J": "J", "F": "F", "JF": "J_AND_F"}[metric]
    with registered(package, table):
        session = package.session.DavisInteractiveSession(
            user_key="x",
            davis_root=str(tmp_path),
            subset=SUBSET,
            max_time=240,
            max_nb_interactions=3,
            metric_to_optimize=official,
            report_save_dir=str(tmp_path),
        )
        with session:
            while session.next():
                name, document, new = session.get_scribbles(only_last=True)
                answers = Half(sequences[name]) if new else answers  # noqa: F821
                answers.add_strokes(strokes_of(document))
                list(answers.propagate())
                session.submit_masks(np.stack([answers.mask(frame) for frame in range(6)]))
        theirs = session.get_global_summary()
    # The clock is read as often in both, so that a round takes as many of its seconds.
    assert ours["auc"] == pytest.approx(theirs["auc"], abs=1e-6)
    assert ours["at60"] == pytest.approx(theirs["metric_at_threshold"][official], abs=1e-6)
    assert ours["curve"][metric] == pytest.approx(theirs["curve"][official], abs=1e-6)
    assert ours["curve"]["time"] == pytest.approx(theirs["curve"]["time"], abs=1e-6)
    assert ours["curve"][metric][1:4] == pytest.approx([one[metric] for one in ours["rounds"]])
    means = [one["J"] for one in ours["rounds"]]
    assert means[0] < means[1] < means[2]


def test_a_games_record_names_hands_frames_and_objects(package: Any, tiny_davis: Path, tmp_path: Path) -> None:
    disc, pair = DavisFolder(tiny_davis, "train").sequences
    judge = DavisJudge(rounds=2, save_masks=True)
    entry = judge.judge(lambda: Half(disc), disc, tmp_path / "out")
    assert [(one["scribble"], one["frame"]) for one in entry["rounds"]] == [("human", 2), ("robot", 0)]
    assert [len(one["objects"]) for one in judge.judge(lambda: Half(pair), pair)["rounds"]] == [2, 2]
    files = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.png")}
    assert files == {f"set_1/round_{number}/{frame:05d}.png" for number in (1, 2) for frame in range(6)}
    # What a frame scores is what our own definitions say.
    own = RoundMetric().score(disc, lambda f: half_mask(disc, f, {2}))[0]
    assert entry["rounds"][0]["J"] == pytest.approx(own.mean(), abs=1e-6)


def half_mask(sequence: DavisSequence, frame: int, annotated: set[int]) -> np.ndarray:
    answers = Half(sequence)
    answers.annotated, answers.propagated = list(annotated), True
    return answers.mask(frame)


def test_rounds_beyond_the_time_count_as_the_one_before(package: Any, tiny_davis: Path, monkeypatch: Any) -> None:
    disc = DavisFolder(tiny_davis, "train").sequences[0]
    clock = iter(range(10**6))
    monkeypatch.setattr(package.session.session.time, "time", lambda: float(next(clock)))
    judge = DavisJudge(rounds=8, seconds_per_object=10)
    entry = judge.judge(lambda: Half(disc), disc)
    played = [one["played"] for one in entry["games"][0]["rounds"]]
    assert played[0] and not played[-1] and played == sorted(played, reverse=True)
    last = entry["rounds"][played.count(True) - 1]
    assert entry["rounds"][-1]["J"] == last["J"] and entry["rounds"][-1]["seconds"] == 0
    summary = judge.summary({"disc": entry})
    assert summary["curve"]["time"][-1] == 10 and summary["curve"]["J"][-1] == pytest.approx(last["J"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"metric": "IoU"}, "METRIC.metric"),
        ({"rounds": 17}, "METRIC.rounds is 17"),
        ({"seconds_per_object": 0}, "METRIC.seconds_per_object"),
        ({"sequences": []}, "METRIC.sequences is empty"),
    ],
)
def test_bad_settings_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        DavisJudge(**arguments)
