"""A long clip: time a frame around frame 100 and at the end, and peak memory; as shipped.

The machine's speed changes within minutes. So before the end a second session goes to frame 100, in a process of its
own, and the two take turns from there.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from multiprocessing.connection import Connection
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
    middle, around = min(EARLY, frames // 2), max(1, min(AROUND, frames // 10))
    end = min(2 * around, frames - 1)
    with inference.variants(setup, ["shipped"]) as processes:
        subject.ask(processes["shipped"], subject.begin, "opening", 2)  # compiles in a process of its own
        subject.ask(processes["shipped"], subject.advance, "opening", 1)
    with ExitStack() as stack, tqdm(total=frames, initial=1, unit="frame") as bar:
        whole, young = (_Walk(stack.enter_context(inference.variants(setup, ["shipped"]))["shipped"]) for _ in range(2))
        whole.begin(frames)
        for found in whole.chunks(frames - 1 - end):
            bar.update(found)
        young.begin(frames)
        list(young.chunks(max(0, middle - around)))
        for found, _ in zip(whole.chunks(end), young.chunks(end), strict=True):
            bar.update(found)
    early, late = (float(np.median(each.seconds[-end:])) for each in (young, whole))
    seconds = whole.seconds
    return {
        "precision": setup.precision,
        "size": list(setup.size),
        "weights": setup.weights or "random",
        "frames": frames,
        "early_frame": middle,
        "seconds": {"early": early, "end": late},
        "ratio": late / early,
        "frames_per_second": len(seconds) / sum(seconds),
        "peak_gib": whole.peak,
        "seconds_by_frame": seconds,
    }


class _Walk:
    """A session in a process, frame by frame."""

    def __init__(self, process: Connection) -> None:
        self._process = process
        self.seconds: list[float] = []
        self.peak = 0.0

    def begin(self, frames: int) -> None:
        _, self.peak = subject.ask(self._process, subject.begin, "clip", frames)

    def chunks(self, count: int) -> Iterator[int]:
        """Go ``count`` frames on and tell after every few how many they were."""
        for start in range(0, count, CHUNK):
            samples, peak = subject.ask(self._process, subject.advance, "clip", min(CHUNK, count - start))
            self.seconds += [sample["whole"] for sample in samples]
            self.peak = max(self.peak, peak)
            yield len(samples)


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
