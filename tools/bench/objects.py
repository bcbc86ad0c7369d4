"""How the time of a frame grows with the number of objects, embedding included; as shipped."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tools.bench import inference, subject

__all__ = ["add_arguments", "draw", "run", "table"]
COUNTS = (1, 3, 10)
TURNS = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this measurement takes."""
    inference.add_arguments(parser, ["manet_lite"])
    parser.add_argument("--repeat", type=int, default=3, help="frames of each of three turns (3)")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Measure every config."""
    return {setup.config: measure(setup, args.repeat) for setup in inference.setups(args)}


def measure(setup: subject.Setup, repeat: int) -> dict[str, Any]:
    samples: dict[int, list[subject.Sample]] = {count: [] for count in COUNTS}
    with inference.variants(setup, ["shipped"]) as processes:
        process = processes["shipped"]
        for count in COUNTS:
            subject.ask(process, subject.begin, str(count), 2 + TURNS * repeat, count)
            subject.ask(process, subject.advance, str(count), 1)  # compiles
        for _ in range(TURNS):
            for count in COUNTS:
                found, peak = subject.ask(process, subject.advance, str(count), repeat)
                samples[count] += found
    parts = {
        str(count): {part: float(np.median([sample[part] for sample in each])) for part in subject.PARTS}
        for count, each in samples.items()
    }
    seconds = {str(count): float(np.median([sample["whole"] for sample in each])) for count, each in samples.items()}
    alone = {count: seconds[count] - parts[count]["embed"] for count in seconds}
    few = str(COUNTS[0])
    return {
        "precision": setup.precision,
        "size": list(setup.size),
        "weights": setup.weights or "random",
        "parts": parts,
        "seconds": seconds,
        "ratio": {count: each / seconds[few] for count, each in seconds.items()},
        "ratio_without_embed": {count: each / alone[few] for count, each in alone.items()},
        "peak_gib": peak,
    }


def table(results: Mapping[str, Any]) -> str:
    """A line for each number of objects."""
    lines = [f"{'config':12} {'objects':>7} " + " ".join(f"{part:>9}" for part in subject.PARTS) + "       sum   ratio"]
    for name, result in results.items():
        for count, parts in result["parts"].items():
            cells = " ".join(f"{seconds:8.4f}s" for seconds in (*parts.values(), result["seconds"][count]))
            ratios = f"{result['ratio'][count]:.2f} (without embed {result['ratio_without_embed'][count]:.2f})"
            lines.append(f"{name:12} {count:>7} {cells}   {ratios}")
        lines.append(f"{name} ({result['precision']}): peak {result['peak_gib']:.2f} GiB, all in one process")
    return "\n".join(lines)


def draw(results: Mapping[str, Any], path: Path) -> None:
    """A bar of parts for each number of objects."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 1 + 2 * len(results)), layout="constrained")
    panels = figure.subplots(len(results), 1, squeeze=False)[:, 0]
    for axes, (name, result) in zip(panels, results.items(), strict=True):
        names = list(result["parts"])
        left = np.zeros(len(names))
        for part in subject.PARTS:
            widths = np.array([result["parts"][count][part] for count in names])
            axes.barh(names, widths, left=left, label=part)
            left += widths
        axes.set(title=name, xlabel="seconds a frame", ylabel="objects")
        axes.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    figure.savefig(path, dpi=100, format="png")
