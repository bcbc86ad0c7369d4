"""How long it takes to propagate to a frame from about 10,000 reference pixels (of 480x854); its embedding apart."""

from __future__ import annotations

import argparse
from typing import Any

from tools.bench import inference, subject
from tools.bench.inference import draw, table

__all__ = ["add_arguments", "draw", "run", "table"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this measurement takes."""
    inference.add_arguments(parser)
    inference.add_repeat(parser, "frames", 4)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Measure every config."""
    return inference.run_each(args, measure)


def measure(setup: subject.Setup, repeat: int, rates: dict[str, float]) -> dict[str, Any]:
    with inference.variants(setup) as processes:
        for process in processes.values():
            (_, grid), _ = subject.ask(process, subject.begin, "clip", 2 + inference.TURNS * repeat)
        subject.ask(processes["shipped"], subject.advance, "clip", 1)  # compiles
        samples, peaks = inference.take_turns(
            processes, repeat, lambda process, turn, count: subject.ask(process, subject.advance, "clip", count)
        )
    return inference.figures(setup, samples, peaks, inference.frame_work(setup, grid), rates, apart=["embed"])
