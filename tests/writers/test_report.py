"""The summary as a table and as files."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from paddlevideo.metrics.round_metric import RoundMetric, RoundScore, Scribble, sequence_entry
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
    assert sorted(path.name for path in paths[0].parent.iterdir()) == ["curve.png", "report.csv", "summary.json"]
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
