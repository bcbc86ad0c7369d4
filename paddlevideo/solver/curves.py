"""Pictures of a training log: the loss, and the scores of the validations."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..utils.files import atomic_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Records = Sequence[Mapping[str, Any]]

_PARTS = {
    "interaction": "tab:green",
    "propagation": "tab:red",
    "borders": "tab:purple",
}  # of the loss, as the network names them
_COLOURS = ("tab:blue", "tab:orange")  # first and last round


def draw_loss(records: Records, path: str | Path, total_steps: int | None = None) -> None:
    """Write a PNG of the records' ``loss`` (thin: as logged, thick: running mean), its parts and ``lr`` by ``step``."""
    figure, axes = _figure(records, total_steps)
    steps = [record["step"] for record in records]
    losses = _column(records, "loss")
    axes.plot(steps, losses, linewidth=0.6, alpha=0.5, color="tab:blue")
    width = max(len(records) // 30, 1)
    axes.plot(steps[width - 1 :], _running_mean(losses, width), linewidth=2, color="tab:blue", label="loss")
    parts = [part for part in _PARTS if any(part in record for record in records)]
    for part in parts if len(parts) > 1 else []:  # a single part is the loss itself
        means = _running_mean(_column(records, part), width)
        axes.plot(steps[width - 1 :], means, linewidth=1, color=_PARTS[part], label=part)
    axes.set(xlabel="step", ylabel="loss", ylim=(0, None))
    right = axes.twinx()
    right.plot(steps, _column(records, "lr"), linewidth=1, color="tab:orange", label="learning rate")
    right.set(ylabel="learning rate", ylim=(0, None))
    figure.legend(loc="outside lower center", ncols=4, frameon=False)
    _save(figure, path)


def draw_validation(records: Records, path: str | Path, total_steps: int | None = None) -> None:
    """Write a PNG of J and F after the first and the last round by ``step``; a star marks the best J&F.

    Scores are ``J<round>`` and ``F<round>``; the best is that of the highest ``JF``, the mean of the last round's two.
    """
    figure, axes = _figure(records, total_steps)
    steps = [record["step"] for record in records]
    rounds = scored_rounds(records)
    for number, colour in zip(dict.fromkeys((rounds[0], rounds[-1])), _COLOURS, strict=False):
        for score, style in (("J", "-"), ("F", "--")):
            values = _column(records, f"{score}{number}")
            label = f"{score} after round {number}"
            axes.plot(steps, values, style, color=colour, marker=".", label=label)
    last = rounds[-1]
    means = [record.get("JF", (record[f"J{last}"] + record[f"F{last}"]) / 2) for record in records]
    best = int(np.nanargmax(means)) if not np.all(np.isnan(means)) else 0
    axes.plot(steps[best], means[best], "*", color="black", markersize=12, linestyle="none")
    axes.annotate(
        f"best J&F {means[best]:.3f}, step {steps[best]}",
        (steps[best], means[best]),
        xytext=(0, -18),
        textcoords="offset points",
        ha="right" if 2 * steps[best] > steps[0] + steps[-1] else "left",
    )
    axes.set(xlabel="step", ylabel="score", ylim=(0, 1))
    figure.legend(loc="outside lower center", ncols=4, frameon=False)
    _save(figure, path)


def scored_rounds(records: Records) -> list[int]:
    """Return the rounds that every record has ``J<round>`` and ``F<round>`` of, in order."""
    found = [{int(match[1]) for key in record if (match := re.fullmatch(r"J(\d+)", key))} for record in records]
    shared = set.intersection(*found) if found else set()
    return sorted(number for number in shared if all(f"F{number}" in record for record in records))


def _figure(records: Records, total_steps: int | None) -> tuple[Figure, Any]:
    # Figure without pyplot: no window system, no global figure list.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot()
    of_all = f" of {total_steps}" if total_steps else ""
    axes.set_title(f"step {records[-1]['step']}{of_all}", fontsize="medium")
    return figure, axes


def _column(records: Records, key: str) -> np.ndarray:
    return np.array([record.get(key, np.nan) for record in records], dtype=float)


def _running_mean(values: np.ndarray, width: int) -> np.ndarray:
    """Return the means of every ``width`` neighbours: (n,) to (n - width + 1,)."""
    return np.lib.stride_tricks.sliding_window_view(values, width).mean(axis=-1)


def _save(figure: Figure, path: str | Path) -> None:
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=100, format="png")
