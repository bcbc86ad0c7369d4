"""The summary as a table and as files."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from paddlevideo.metrics.judge.judge import _mean_game
from paddlevideo.metrics.round_metric import RoundMetric, RoundScore, Scribble, sequence_entry
from paddlevideo.utils.written import RECORD
from paddlevideo.writers.report import COLUMNS, table, write_report


def summary() -> dict[str, Any]:
    def score(frame: int, region: float, seconds: float) -> RoundScore:
        values = np.full((4, 2), region)
        return RoundScore(Scribble(frame, [], "simulated"), values, values / 2, seconds)

    scores = {"bear": [score(0, 0.5, 2.0), score(3, 0.75, 1.0)], "cows": [score(1, 0.7, 4.0), score(2, 0.85, 2.0)]}
    return RoundMetric(rounds=2).summary({name: sequence_entry(rounds) for name, rounds in scores.items()})


def test_the_files_hold_the_summary(tmp_path: Path) -> None:
    paths = write_report(tmp_path / "new" / "folder", summary())
    assert [path.name for path in paths] == ["summary.json", "report.csv", "curve.png"]
    assert sorted(path.name for path in paths[0].parent.iterdir()) == [
        RECORD,
        "curve.png",
        "report.csv",
        "summary.json",
    ]
    assert json.loads(paths[0].read_text()) == summary()
    with Image.open(paths[2]) as picture:
        assert picture.format == "PNG" and np.asarray(picture.convert("RGB")).std() > 5


def test_the_report_has_a_row_for_each_object_of_each_round(tmp_path: Path) -> None:
    with write_report(tmp_path, summary())[1].open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 2 * 2 and tuple(rows[0]) == COLUMNS
    row = next(row for row in rows if (row["sequence"], row["round"], row["object"]) == ("bear", "2", "2"))
    assert row == {
        **{"sequence": "bear", "set": "1", "scribble": "simulated", "round": "2", "frame": "3", "object": "2"},
        **{"J": "0.75", "F": "0.375", "seconds": "1.0"},
    }


def test_one_round_of_one_sequence_can_be_drawn(tmp_path: Path) -> None:
    values = np.ones((1, 1))
    score = RoundScore(Scribble(0, [], "human"), values, values, 1.0)
    one = RoundMetric(rounds=1).summary({"x": sequence_entry([score])})
    assert write_report(tmp_path, one)[2].stat().st_size > 1000
    assert "1.000" in table(one)


def test_the_table_lists_sequences_and_then_rounds() -> None:
    sequences, rounds = (block.splitlines() for block in table(summary()).split("\n\n"))
    assert sequences[0].split() == ["sequence", "frames", "objects", "J1", "F1", "J2", "F2", "seconds"]
    assert sequences[2].split() == ["bear", "4", "2", "0.500", "0.250", "0.750", "0.375", "3.0"]
    assert rounds[0].split() == ["round", "J", "F", "J&F", "seconds"]
    assert rounds[2].split() == ["1", "0.6000", "0.3000", "0.4500", "3.0"]
    assert len({len(line) for line in sequences}) == 1


def judged() -> dict[str, Any]:
    """A judge's summary of one sequence with one object, two sets of first scribbles and two rounds."""

    def game(scores: list[tuple[float, float, int]]) -> dict[str, Any]:
        rounds = []
        for number, (region, boundary, frame) in enumerate(scores, 1):
            shared = {"round": number, "scribble": "human" if number == 1 else "robot", "frame": frame, "seconds": 2.0}
            one = {"J": region, "F": boundary}
            objects = [{"object": 1, **one}]
            rounds.append({**shared, **one, "JF": (region + boundary) / 2, "played": True, "objects": objects})
        return {"rounds": rounds}

    games = [game([(0.5, 0.25, 3), (0.75, 0.5, 7)]), game([(0.25, 0.125, 4), (0.625, 0.375, 9)])]
    rounds = _mean_game(games)
    return {
        **{"metric": "J", "judge": "davisinteractive 1.0.4", "auc": 0.6543, "at60": 0.6789},
        "curve": {"time": [0.0, 2.0, 4.0, 240.0], "J": [0.0, 0.375, 0.6875, 0.6875]},
        "rounds": [{key: one[key] for key in ("round", "J", "F", "JF", "seconds")} for one in rounds],
        "sequences": {"bear": {"frames": 10, "objects": 1, "rounds": rounds, "games": games}},
    }


def test_a_judged_table_has_the_means_of_the_sets_and_the_verdict() -> None:
    sequences, rounds, verdict = (block.splitlines() for block in table(judged()).split("\n\n"))
    assert sequences[2].split() == ["bear", "10", "1", "0.375", "0.188", "0.688", "0.438", "4.0"]
    assert [line.split()[:2] for line in rounds[2:]] == [["1", "0.3750"], ["2", "0.6875"]]
    assert verdict[0].split() == ["J@60", "AUC", "judge"]
    assert verdict[2].split() == ["0.679", "0.654", "davisinteractive", "1.0.4"]


def test_the_files_of_a_judged_test_hold_the_verdict_and_each_set(tmp_path: Path) -> None:
    paths = write_report(tmp_path, judged())
    written = json.loads(paths[0].read_text())
    assert written == judged()
    assert {"auc", "at60", "curve", "judge"} <= set(written) and set(written["curve"]) == {"time", "J"}
    with paths[1].open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["set"], row["round"], row["scribble"], row["frame"], row["J"]) for row in rows] == [
        ("1", "1", "human", "3", "0.5"),
        ("1", "2", "robot", "7", "0.75"),
        ("2", "1", "human", "4", "0.25"),
        ("2", "2", "robot", "9", "0.625"),
    ]
    with Image.open(paths[2]) as with_curve, Image.open(write_report(tmp_path / "own", summary())[2]) as without:
        assert with_curve.width > without.width  # a panel for the metric over time
