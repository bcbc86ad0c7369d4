"""How long it takes from strokes to the mask of their frame, which is embedded already."""

from __future__ import annotations

import argparse
from typing import Any

from tools.bench import inference, operations, subject
from tools.bench.inference import draw, table

__all__ = ["add_arguments", "draw", "run", "table"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this measurement takes."""
    inference.add_arguments(parser)
    inference.add_repeat(parser, "strokes", 4)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Measure every config."""
    return inference.run_each(args, measure)


def measure(setup: subject.Setup, repeat: int, rates: dict[str, float]) -> dict[str, Any]:
    with inference.variants(setup) as processes:
        for process in processes.values():
            subject.ask(process, subject.interact, 1)  # embeds and compiles
        samples, peaks = inference.take_turns(
            processes, repeat, lambda process, turn, count: subject.ask(process, subject.interact, count)
        )
        grid, _ = subject.ask(processes["shipped"], subject.grid, "strokes")
    return inference.figures(setup, samples, peaks, _work(setup, grid), rates)


def _work(setup: subject.Setup, grid: tuple[int, int, int]) -> dict[str, operations.Work]:
    """One head, and where the network has an interaction map, the frame's global map."""
    from paddlevideo.loader.scribbles import draw_label, region_of_interest
    from tools.bench.clip import strokes

    label = region_of_interest(draw_label(strokes(0), grid[1:]))
    counts = [int((label == object_id).sum()) for object_id in (0, 1)]
    model = setup.network()
    step = operations.of_frame(model, setup.size, grid, counts, embed=False)
    first = {
        "head": operations.network(model.interaction_head, (2, model.interaction_head.in_channels, *grid[1:])),
        "masks": step["masks"],
    }
    return {**first, "global": step["global"]} if model.interaction_map else first
