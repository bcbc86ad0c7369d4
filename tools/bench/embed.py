"""How long it takes to embed a frame; reading and preprocessing it is counted as ``masks``, apart."""

from __future__ import annotations

import argparse
from typing import Any

from tools.bench import inference, operations, subject
from tools.bench.inference import draw, table

__all__ = ["add_arguments", "draw", "run", "table"]
TURNS = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this measurement takes."""
    inference.add_arguments(parser)
    parser.add_argument("--repeat", type=int, default=8, help="frames of each of three turns; plain does a quarter (8)")


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
            subject.ask(process, subject.embed, 0, 1)  # compiles
        for turn in range(TURNS):
            for variant, process in processes.items():
                count = counts[variant]
                found, peaks[variant] = subject.ask(process, subject.embed, turn * count, count)
                samples[variant] += found
    work = {"embed": operations.embedding(setup.network(), setup.size)}
    return inference.figures(setup, samples, peaks, work, rates, apart=["masks"])
