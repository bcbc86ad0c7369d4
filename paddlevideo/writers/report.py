"""A test's summary as a table, as ``summary.json``, as ``report.csv`` and as a picture of J and F by round."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..utils.files import atomic_path

Summary = Mapping[str, Any]  # what RoundMetric.summary returns

COLUMNS = ("sequence", "scribble", "round", "frame", "object", "J", "F", "seconds")


def write_report(folder: str | Path, summary: Summary) -> list[Path]:
    """Write ``summary.json``, ``report.csv`` and ``curve.png`` into ``folder`` and return their paths."""
    folder = Path(folder)
    writers = {"summary.json": _write_json, "report.csv": _write_rows, "curve.png": _draw_curve}
    for name, write in writers.items():
        with atomic_path(folder / name) as temporary:
            write(temporary, summary)
    return [folder / name for name in writers]


def report_rows(summary: Summary) -> Iterator[dict[str, Any]]:
    """One row of ``COLUMNS`` for every object of every round: J and F are means over all frames.

    ``scribble`` says who drew the round's strokes (``human`` or ``simulated``), ``frame`` where; ``seconds`` belong to
    the whole round and stand in the row of each of its objects.
    """
    for name, sequence in summary["sequences"].items():
        for score in sequence["rounds"]:
            shared = {"sequence": name, **{key: score[key] for key in ("scribble", "round", "frame", "seconds")}}
            for of_object in score["objects"]:
                yield {**shared, **of_object}


def table(summary: Summary) -> str:
    """J and F of every sequence after every round, and below it the means by round, for a terminal."""
    numbers = [score["round"] for score in summary["rounds"]]
    head = ["sequence", "frames", "objects", *(f"{key}{number}" for number in numbers for key in "JF"), "seconds"]
    rows = [
        [
            name,
            str(sequence["frames"]),
            str(sequence["objects"]),
            *(f"{score[key]:.3f}" for score in sequence["rounds"] for key in "JF"),
            f"{sum(score['seconds'] for score in sequence['rounds']):.1f}",
        ]
        for name, sequence in summary["sequences"].items()
    ]
    means = [
        [str(score["round"]), *(f"{score[key]:.4f}" for key in ("J", "F", "JF")), f"{score['seconds']:.1f}"]
        for score in summary["rounds"]
    ]
    return _aligned([head, *rows]) + "\n\n" + _aligned([["round", "J", "F", "J&F", "seconds"], *means])


def _aligned(rows: list[list[str]]) -> str:
    """Columns of equal width, the first flush left and the others flush right, a rule under the head."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def _write_json(path: Path, summary: Summary) -> None:
    path.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")


def _write_rows(path: Path, summary: Summary) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(report_rows(summary))


def _draw_curve(path: Path, summary: Summary) -> None:
    """One panel each for J and F: every sequence thin, the mean thick and labelled with its values."""
    # Figure without pyplot: no window system, no global figure list.
    from matplotlib.figure import Figure

    numbers = [score["round"] for score in summary["rounds"]]
    figure = Figure(figsize=(9, 4.5), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for axes, key, title, colour in zip(
        panels, "JF", ("region similarity J", "boundary accuracy F"), ("tab:blue", "tab:orange"), strict=True
    ):
        for sequence in summary["sequences"].values():
            values = [score[key] for score in sequence["rounds"]]
            axes.plot(numbers, values, ".-", color=colour, alpha=0.25, linewidth=0.8)
        values = [score[key] for score in summary["rounds"]]
        axes.plot(numbers, values, "o-", color=colour, linewidth=2.5)
        for number, value in zip(numbers, values, strict=True):
            axes.annotate(
                f"{value:.3f}", (number, value), (0, 8), textcoords="offset points", ha="center", weight="bold"
            )
        axes.set(title=title, xlabel="round", xticks=numbers, ylim=(0, 1.05))
        axes.margins(x=0.15)
        axes.grid(alpha=0.3)
    panels[0].set_ylabel(f"score, {len(summary['sequences'])} sequences (thin) and their mean")
    figure.savefig(path, dpi=100, format="png")
