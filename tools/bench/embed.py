"""How long it takes to embed a frame; reading and preprocessing it is counted as ``masks``, apart."""

from __future__ import annotations

import argparse
from typing import Any

from tools.bench import inference, operations, subject
from tools.bench.inference import draw, table

__all__ = ["add_arguments", "draw", "run", "table"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this measurement takes."""
    inference.add_arguments(parser)
    inference.add_repeat(parser, "frames", 8)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Measure every config."""
    return inference.run_each(args, measure)


def measure(setup: subject.Setup, repeat: int, rates: dict[str, float]) -> dict[str, Any]:
    with inference.variants(setup) as processes:
        for process in processes.values():
            subject.ask(process, subject.embed, 0, 1)  # compiles
        samples, peaks = inference.take_turns(
            processes, repeat, lambda process, turn, count: subject.ask(process, subject.embed, turn * count, count)
        )
    work = {"embed": operations.embedding(setup.network(), setup.size)}
    return inference.figures(setup, samples, peaks, work, rates, apart=["masks"])
