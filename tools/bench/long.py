"""A long clip: time a frame around frame 100 and at the end, and peak memory; as shipped."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from tools.bench import inference, subject

__all__ = ["add_arguments", "draw", "run", "table"]
EARLY = 100
AROUND = 20  # frames to either side of the early one, twice as many at the end
CHUNK = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this measurement takes."""
    inference.add_arguments(parser, ["manet_lite"])
    parser.add_argument("--frames", type=int, default=2000, help="of the clip (2000)")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Measure every config."""
    return {setup.config: measure(setup, args.frames) for setup in inference.setups(args)}


def measure(setup: subject.Setup, frames: int) -> dict[str, Any]:
    seconds: list[float] = []
    with inference.variants(setup, ["shipped"]) as processes:
        subject.ask(processes["shipped"], subject.begin, "opening", 2)  # compiles in a process of its own
        subject.ask(processes["shipped"], subject.advance, "opening", 1)
    with inference.variants(setup, ["shipped"]) as processes, tqdm(total=frames, initial=1, unit="frame") as bar:
        _, peak = subject.ask(processes["shipped"], subject.begin, "clip", frames)
        peaks = {0: peak}
        while (left := frames - 1 - len(seconds)) > 0:
            samples, peaks[len(seconds) + 1] = subject.ask(
                processes["shipped"], subject.advance, "clip", min(CHUNK, left)
            )
            seconds += [sample["whole"] for sample in samples]
            bar.update(len(samples))
    middle, around = min(EARLY, frames // 2), max(1, min(AROUND, frames // 10))
    early = float(np.median(seconds[max(0, middle - around) : middle + around]))
    late = float(np.median(seconds[-2 * around :]))
    return {
        "precision": setup.precision,
        "size": list(setup.size),
        "weights": setup.weights or "random",
        "frames": frames,
        "early_frame": middle,
        "seconds": {"early": early, "end": late},
        "ratio": late / early,
        "frames_per_second": len(seconds) / sum(seconds),
        "peak_gib": max(peaks.values()),
        "seconds_by_frame": seconds,
    }


def table(results: Mapping[str, Any]) -> str:
    """A line a config."""
    return "\n".join(
        f"{name} ({result['precision']}), {result['frames']} frames: {result['seconds']['early']:.3f}s a frame around "
        f"frame {result['early_frame']}, {result['seconds']['end']:.3f}s at the end ({result['ratio']:.2f} times), "
        f"{result['frames_per_second']:.2f} frames a second, peak {result['peak_gib']:.2f} GiB"
        for name, result in results.items()
    )


def draw(results: Mapping[str, Any], path: Path) -> None:
    """Seconds of every frame."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    axes = figure.subplots()
    for name, result in results.items():
        axes.plot(result["seconds_by_frame"], label=name)
    axes.set(xlabel="frame", ylabel="seconds", ylim=(0, None))
    axes.legend()
    figure.savefig(path, dpi=100, format="png")
