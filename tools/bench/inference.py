"""What the measurements of inference share: their arguments, turns of the two variants, figures, table and picture."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from tools.bench import machine, operations
from tools.bench.processes import process
from tools.bench.subject import PARTS, VARIANTS, Sample, Setup, serve

Measure = Callable[[Setup, int, dict[str, float]], dict[str, Any]]

CONFIG_NAMES = ("manet_lite", "manet")
TINY_CONFIG, TINY_SIZE = "manet_toy", (64, 96)
TURNS = 3  # of each variant


def add_arguments(parser: argparse.ArgumentParser, configs: Sequence[str] = CONFIG_NAMES) -> None:
    """Add what every measurement of inference takes."""
    names = ", ".join(configs)
    parser.add_argument("--config", action="append", choices=CONFIG_NAMES, help=f"may be repeated ({names})")
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32", help="of compiled parts (fp32)")
    parser.add_argument("--size", type=int, nargs=2, metavar=("H", "W"), default=(480, 854), help="(480 854)")
    parser.add_argument("--weights", metavar="FILE", help="of the one --config (random: enough for speed)")
    parser.add_argument("--tiny", action="store_true", help="a small network and small frames: to see that it works")
    parser.set_defaults(default_configs=tuple(configs))


def setups(args: argparse.Namespace) -> list[Setup]:
    """The networks that are asked for."""
    from paddlevideo.utils.errors import InputError

    if args.tiny:
        return [Setup(TINY_CONFIG, args.precision, TINY_SIZE)]
    names = args.config or list(args.default_configs)
    if args.weights and len(names) > 1:
        raise InputError(f"--weights {args.weights}: are of one network; say which with --config")
    if args.weights and not Path(args.weights).is_file():
        raise InputError(f"--weights {args.weights}: there is no such file; leave it out for random weights")
    if min(args.size) < 64:
        raise InputError(f"--size {args.size[0]} {args.size[1]}: must be 64 or more each way")
    return [Setup(name, args.precision, tuple(args.size), args.weights) for name in names]


def add_repeat(parser: argparse.ArgumentParser, what: str, default: int) -> None:
    """Add how often a turn does ``what``."""
    text = f"{what} of each of {TURNS} turns; plain does a quarter ({default})"
    parser.add_argument("--repeat", type=int, default=default, help=text)


def run_each(args: argparse.Namespace, measure: Measure) -> dict[str, Any]:
    """Measure every config: ``measure(setup, repeat, rates)`` returns its figures."""
    chosen = setups(args)
    rates = measured_rates(args)
    return {setup.config: measure(setup, args.repeat, rates) for setup in chosen}


def take_turns(
    processes: Mapping[str, Connection], repeat: int, ask: Callable[[Connection, int, int], tuple[list[Sample], float]]
) -> tuple[dict[str, list[Sample]], dict[str, float]]:
    """Let the variants take turns of ``repeat``, plain of a quarter; return samples and peak GiB of each.

    ``ask(connection, turn, count)`` returns ``count`` samples and the process's peak.
    """
    samples: dict[str, list[Sample]] = {variant: [] for variant in processes}
    peaks = {}
    counts = {"plain": max(1, repeat // 4), "shipped": repeat}
    for turn in range(TURNS):
        for variant, connection in processes.items():
            found, peaks[variant] = ask(connection, turn, counts[variant])
            samples[variant] += found
    return samples, peaks


@contextmanager
def variants(setup: Setup, names: Sequence[str] = VARIANTS) -> Iterator[dict[str, Connection]]:
    """A process for each variant of the network."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(process(serve, name, setup)) for name in names}


def figures(
    setup: Setup,
    samples: Mapping[str, Sequence[Sample]],
    peaks: Mapping[str, float],
    work: Mapping[str, operations.Work],
    rates: dict[str, float],
    apart: Sequence[str] = (),
) -> dict[str, Any]:
    """Return what a measurement has found.

    Args:
        samples: of each variant, the seconds of every repetition; medians are taken.
        peaks: GiB of each variant's process.
        work: of each part.
        rates: of the machine before; they are measured once more. The better ones count, of usual ones the mean.
        apart: parts that ``seconds``, ``floor_seconds`` and ``ratio`` leave out; the ``all_`` ones have them in.
    """
    parts = {
        variant: {part: float(np.median([sample[part] for sample in each])) for part in PARTS}
        for variant, each in samples.items()
    }
    again = machine.rates(tiny=setup.config == TINY_CONFIG)
    usual = (rates["usual_gflops"] + again["usual_gflops"]) / 2
    rates = {name: max(rate, again[name]) for name, rate in rates.items()} | {"usual_gflops": usual}
    floor = {part: work[part].floor(rates) if part in work else 0.0 for part in PARTS}

    everything = {variant: float(np.median([sample["whole"] for sample in each])) for variant, each in samples.items()}
    seconds = {variant: whole - sum(parts[variant][part] for part in apart) for variant, whole in everything.items()}
    return {
        "precision": setup.precision,
        "size": list(setup.size),
        "weights": setup.weights or "random",
        "machine": rates,
        "repetitions": {variant: len(each) for variant, each in samples.items()},
        "parts": parts,
        "floor": floor,
        "gigaoperations": {part: one.operations / 1e9 for part, one in work.items()},
        "seconds": seconds,
        "floor_seconds": sum(each for part, each in floor.items() if part not in apart),
        "ratio": seconds["plain"] / seconds["shipped"],
        "all_seconds": everything,
        "all_floor_seconds": sum(floor.values()),
        "all_ratio": everything["plain"] / everything["shipped"],
        "peak_gib": dict(peaks),
    }


def frame_work(setup: Setup, grid: tuple[int, int, int], objects: int = 1) -> dict[str, operations.Work]:
    """The work of propagating to a frame from the clip's reference label."""
    from paddlevideo.loader.scribbles import region_of_interest
    from tools.bench.clip import reference_label

    label = region_of_interest(reference_label(grid[1:], objects))
    counts = [int((label == object_id).sum()) for object_id in range(objects + 1)]
    return operations.of_frame(setup.network(), setup.size, grid, counts)


def table(results: Mapping[str, Any]) -> str:
    """The figures for a terminal."""
    head = f"{'config':12} {'variant':8} " + " ".join(f"{part:>9}" for part in PARTS)
    lines = [head + f" {'sum':>9} {'all parts':>9}   peak"]
    for name, result in results.items():
        for variant, parts in result["parts"].items():
            cells = [*parts.values(), result["seconds"][variant], result["all_seconds"][variant]]
            lines.append(f"{name:12} {variant:8} {_cells(cells)} {result['peak_gib'][variant]:5.2f} GiB")
        floor = [*result["floor"].values(), result["floor_seconds"], result["all_floor_seconds"]]
        lines.append(f"{name:12} {'floor':8} {_cells(floor)}")
        ratios = f"{result['ratio']:.1f} times the plain one (all parts: {result['all_ratio']:.1f})"
        lines.append(f"{name}: shipped ({result['precision']}) is {ratios}; {rates_text(result['machine'])}")
    return "\n".join(lines)


def _cells(seconds: Sequence[float]) -> str:
    return " ".join(f"{each:8.4f}s" for each in seconds)


def rates_text(rates: Mapping[str, float]) -> str:
    fast, usual = rates["gflops"], rates["usual_gflops"]
    return f"machine: {fast:.0f} GFLOP/s in fp32 at best, {usual:.0f} usually, {rates['gbytes']:.1f} GB/s"


def draw(results: Mapping[str, Any], path: Path) -> None:
    """A bar of parts for each variant, and a line at the floor."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 1 + 1.5 * len(results)), layout="constrained")
    panels = figure.subplots(len(results), 1, squeeze=False)[:, 0]
    for axes, (name, result) in zip(panels, results.items(), strict=True):
        names = list(result["parts"])
        left = np.zeros(len(names))
        for part in PARTS:
            widths = np.array([result["parts"][variant][part] for variant in names])
            axes.barh(names, widths, left=left, label=part)
            left += widths
        axes.axvline(result["all_floor_seconds"], color="black", linestyle="--", label="floor")
        axes.set(title=f"{name}, {result['precision']}: {result['all_ratio']:.1f} times as fast", xlabel="seconds")
        axes.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    figure.savefig(path, dpi=100, format="png")


def measured_rates(args: argparse.Namespace) -> dict[str, float]:
    """What this machine can do, measured before the variants run."""
    return machine.rates(args.tiny)
