"""How long it takes to propagate to a frame from about 10,000 reference pixels (of 480x854); its embedding apart."""

from __future__ import annotations

import argparse
from typing import Any

from tools.bench import inference, subject
from tools.bench.inference import draw, table

__all__ = ["add_arguments", "draw", "run", "table"]
TURNS = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this measurement takes."""
    inference.add_arguments(parser)
    parser.add_argument("--repeat", type=int, default=4, help="frames of each of three turns; plain does a quarter (4)")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Measure every config."""
    setups = inference.setups(args)
    rates = inference.measured_rates(args)
    return {setup.config: measure(setup, args.repeat, rates) for setup in setups}


def measure(setup: subject.Setup, repeat: int, rates: dict[str, float]) -> dict[str, Any]:
    samples: dict[str, list[subject.Sample]] = {variant: [] for variant in subject.VARIANTS}
    peaks = {}
    counts = {"plain": max(1, repeat // 4), "shipped": repeat}
    with inference.variants(setup) as processes:
        for process in processes.values():
            (_, grid), _ = subject.ask(process, subject.begin, "clip", 2 + TURNS * repeat)
        subject.ask(processes["shipped"], subject.advance, "clip", 1)  # compiles
        for _ in range(TURNS):
            for variant, process in processes.items():
                found, peaks[variant] = subject.ask(process, subject.advance, "clip", counts[variant])
                samples[variant] += found
    return inference.figures(setup, samples, peaks, inference.frame_work(setup, grid), rates, apart=["embed"])
