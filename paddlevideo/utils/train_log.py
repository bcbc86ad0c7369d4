"""The training log: one JSON line a record, and a picture of the loss."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .files import atomic_path


class TrainLog:
    """Appends records to ``folder/train_log.jsonl``.

    Records of ``start_step`` or later are dropped first: a resumed run makes them again.
    """

    def __init__(self, folder: str | Path, start_step: int = 0) -> None:
        self.path = Path(folder) / "train_log.jsonl"
        kept = [record for record in read_log(self.path) if record["step"] <= start_step] if start_step else []
        with atomic_path(self.path) as temporary:
            Path(temporary).write_text("".join(json.dumps(record) + "\n" for record in kept))

    def write(self, record: dict[str, Any]) -> None:
        """Append ``record``, which has a ``step`` (the number of steps done) and what else is known."""
        with self.path.open("a") as file:
            file.write(json.dumps(record) + "\n")

    def plot(self) -> None:
        """Draw ``loss.png`` beside the log: loss, its running mean, and the learning rate."""
        records = [record for record in read_log(self.path) if "loss" in record]
        if records:
            draw_loss(records, self.path.with_name("loss.png"))


def read_log(path: str | Path) -> list[dict[str, Any]]:
    """Read the records of a log; a last line cut short by a crash is left out, no file gives no records."""
    records = []
    for line in Path(path).read_text().splitlines() if Path(path).exists() else []:
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return records


def draw_loss(records: list[dict[str, Any]], path: str | Path) -> None:
    """Write a PNG of the records' ``loss`` (thin: as logged, thick: running mean) and ``lr`` by ``step``."""
    # Figure without pyplot: no window system, no global figure list.
    from matplotlib.figure import Figure

    steps = np.array([record["step"] for record in records])
    losses = np.array([record["loss"] for record in records], dtype=float)
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(steps, losses, linewidth=0.6, alpha=0.5, color="tab:blue")
    width = max(len(losses) // 30, 1)
    totals = np.concatenate([[0.0], np.cumsum(losses)])
    axes.plot(steps[width - 1 :], (totals[width:] - totals[:-width]) / width, linewidth=2, color="tab:blue")
    axes.set(xlabel="step", ylabel="loss", ylim=(0, None))
    right = axes.twinx()
    right.plot(steps, [record["lr"] for record in records], linewidth=1, color="tab:orange")
    right.set(ylabel="learning rate", ylim=(0, None))
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=100, format="png")


class Meter:
    """Means of numbers over the steps since the last `read`."""

    def __init__(self) -> None:
        self._sums: dict[str, float] = {}
        self._counts: dict[str, int] = {}

    def add(self, values: Mapping[str, float]) -> None:
        for key, value in values.items():
            self._sums[key] = self._sums.get(key, 0.0) + value
            self._counts[key] = self._counts.get(key, 0) + 1

    def read(self) -> dict[str, float]:
        """Return the means and start anew."""
        means = {key: self._sums[key] / self._counts[key] for key in self._sums}
        self._sums, self._counts = {}, {}
        return means
