"""A whole first round, embedding included: seconds, frames a second, peak memory.

The shipped variant segments every frame. The plain one does a few, and the time of its other frames is taken to be the
same; its memory is that of those few.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from tqdm import tqdm

from tools.bench import inference, subject
from tools.bench.inference import draw

__all__ = ["add_arguments", "draw", "run", "table"]
TURNS = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this measurement takes."""
    inference.add_arguments(parser)
    parser.add_argument("--frames", type=int, default=60, help="of the clip (60)")
    parser.add_argument("--plain-frames", type=int, default=4, help="that the plain variant propagates to (4)")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Measure every config."""
    setups = inference.setups(args)
    rates = inference.measured_rates(args)
    counts = {"plain": min(args.plain_frames, args.frames - 1), "shipped": args.frames - 1}
    return {setup.config: measure(setup, args.frames, counts, rates) for setup in setups}


def measure(setup: subject.Setup, frames: int, counts: Mapping[str, int], rates: dict[str, float]) -> dict[str, Any]:
    samples: dict[str, list[subject.Sample]] = {variant: [] for variant in subject.VARIANTS}
    peaks, first = {}, {}
    with inference.variants(setup, ["shipped"]) as processes:
        _open(processes["shipped"])  # a process of its own compiles, so that the memory for that is not counted
    with inference.variants(setup) as processes:
        opening = _open(processes["shipped"])
        for variant, process in processes.items():
            (first[variant], grid), _ = subject.ask(process, subject.begin, "clip", frames)
        for turn in tqdm(range(TURNS), desc=setup.config, unit="turn"):
            for variant, process in processes.items():
                count = counts[variant] * (turn + 1) // TURNS - counts[variant] * turn // TURNS
                found, peaks[variant] = subject.ask(process, subject.advance, "clip", count)
                samples[variant] += found
    seconds = {}
    for variant, each in samples.items():
        propagated = sum(sample["whole"] for sample in each)
        seconds[variant] = first[variant]["whole"] + propagated * (frames - 1) / len(each)
    return {
        **inference.figures(setup, samples, peaks, inference.frame_work(setup, grid), rates),
        "frames": frames,
        "opening_seconds": opening,
        "round_seconds": seconds,
        "frames_per_second": {variant: frames / each for variant, each in seconds.items()},
        "round_ratio": seconds["plain"] / seconds["shipped"],
    }


def _open(process: Any) -> float:
    """Segment two frames, so that all compiled parts are there; return the seconds."""
    (sample, _), _ = subject.ask(process, subject.begin, "opening", 2)
    (step,), _ = subject.ask(process, subject.advance, "opening", 1)
    return float(sample["whole"] + step["whole"])


def table(results: Mapping[str, Any]) -> str:
    """The parts of a frame, then the round."""
    lines = [inference.table(results)]
    for name, result in results.items():
        for variant, seconds in result["round_seconds"].items():
            done = result["repetitions"][variant] + 1
            scaled = "" if done == result["frames"] else f", scaled from {done} frames"
            rate, peak = result["frames_per_second"][variant], result["peak_gib"][variant]
            lines.append(
                f"{name} {variant}: {result['frames']} frames in {seconds:.1f}s{scaled}, "
                f"{rate:.2f} frames a second, peak {peak:.2f} GiB"
            )
        opening = f"opening the compiled parts took {result['opening_seconds']:.1f}s more"
        lines.append(f"{name}: the round is {result['round_ratio']:.1f} times as fast; {opening}")
    return "\n".join(lines)
