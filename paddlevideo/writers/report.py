"""A test's summary as a table, as ``summary.json``, as ``report.csv`` and as a picture of the scores."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..utils.written import Written

Summary = Mapping[str, Any]  # what a metric's summary returns

REPORT = ("summary.json", "report.csv", "curve.png")
COLUMNS = ("sequence", "set", "scribble", "round", "frame", "object", "J", "F", "seconds")


def write_report(folder: str | Path, summary: Summary) -> list[Path]:
    """Write ``summary.json``, ``report.csv`` and ``curve.png`` into ``folder`` and return their paths.

    Raises `InputError` when one of them is there and no run wrote it.
    """
    folder, written = Path(folder), Written(folder)
    for name, write in zip(REPORT, (_write_json, _write_rows, _draw_curve), strict=True):
        with written.path(name) as temporary:
            write(temporary, summary)
    return [folder / name for name in REPORT]


def report_rows(summary: Summary) -> Iterator[dict[str, Any]]:
    """One row of ``COLUMNS`` for every object of every round: J and F are means over all frames.

    ``scribble`` says who drew the round's strokes (``human`` or ``simulated``), ``frame`` where; ``seconds`` belong to
    the whole round and stand in the row of each of its objects. ``set`` counts the sets of first scribbles of a
    sequence, of which the official judge plays each.
    """
    keys = ("scribble", "round", "frame", "seconds")
    for name, sequence in summary["sequences"].items():
        for number, game in enumerate(sequence.get("games", [sequence]), 1):
            for score in game["rounds"]:
                shared = {"sequence": name, "set": number, **{key: score[key] for key in keys}}
                for of_object in score["objects"]:
                    yield {**shared, **of_object}


def table(summary: Summary) -> str:
    """Every sequence after some rounds, below it the means by round and the judge's verdict, for a terminal."""
    numbers = [score["round"] for score in summary["rounds"]]
    shown = numbers if len(numbers) <= 3 else [numbers[0], 3, numbers[-1]]
    head = ["sequence", "frames", "objects", *(f"{key}{number}" for number in shown for key in "JF"), "seconds"]
    rows = [
        [
            name,
            str(sequence["frames"]),
            str(sequence["objects"]),
            *(f"{score[key]:.3f}" for score in sequence["rounds"] if score["round"] in shown for key in "JF"),
            f"{sum(score['seconds'] for score in sequence['rounds']):.1f}",
        ]
        for name, sequence in summary["sequences"].items()
    ]
    means = [
        [str(score["round"]), *(f"{score[key]:.4f}" for key in ("J", "F", "JF")), f"{score['seconds']:.1f}"]
        for score in summary["rounds"]
    ]
    blocks = [_aligned([head, *rows]), _aligned([["round", "J", "F", "J&F", "seconds"], *means])]
    if "judge" in summary:
        verdict = [f"{summary['metric']}@60", "AUC", "judge"]
        blocks.append(_aligned([verdict, [f"{summary['at60']:.3f}", f"{summary['auc']:.3f}", summary["judge"]]]))
    return "\n\n".join(blocks)


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
    """One panel each for J and F: every sequence thin, the mean thick; the judge's curve over time beside them."""
    # Figure without pyplot: no window system, no global figure list.
    from matplotlib.figure import Figure

    numbers = [score["round"] for score in summary["rounds"]]
    judged = "curve" in summary
    figure = Figure(figsize=(13.5 if judged else 9, 4.5), layout="constrained")
    panels = figure.subplots(1, 3 if judged else 2, sharey=True)
    for axes, key, title, colour in zip(
        panels[:2], "JF", ("region similarity J", "boundary accuracy F"), ("tab:blue", "tab:orange"), strict=True
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
    if judged:
        _draw_time(panels[2], summary)
    figure.savefig(path, dpi=100, format="png")


def _draw_time(axes: Any, summary: Summary) -> None:
    """The judge's curve: the metric over the mean time a game took, and where it stands after 60 seconds."""
    times, metric, at60 = summary["curve"]["time"], summary["metric"], summary["at60"]
    axes.plot(times[:-1], summary["curve"][metric][:-1], "o-", color="tab:green", linewidth=2.5)
    axes.plot(times[-2:], summary["curve"][metric][-2:], "--", color="tab:green", linewidth=1.5)  # to the time limit
    axes.axvline(60, color="grey", linewidth=1)
    axes.annotate(f"{metric}@60 {at60:.3f}", (60, at60), (8, -16), textcoords="offset points", weight="bold")
    axes.set(title=f"{metric} over time, AUC {summary['auc']:.3f}", xlabel="seconds a game", xlim=(0, None))
    axes.grid(alpha=0.3)
