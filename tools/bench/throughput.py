"""Videos an hour by the number of processes that share them on this machine, each with its share of the threads.

Runs ``segment`` under Paddle's launcher over a folder of drawn films. The numbers of processes take turns.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

__all__ = ["add_arguments", "draw", "run", "table"]
HOUR = 3600.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this measurement takes."""
    from tools.bench import inference

    inference.add_arguments(parser, ["manet_lite"])
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2], metavar="N", help="to compare (1 2)")
    parser.add_argument("--videos", type=int, default=4, help="films, best a multiple of all N (4)")
    parser.add_argument("--frames", type=int, default=40, help="of each film (40)")
    parser.add_argument("--turns", type=int, default=3, help="of each N that count; one before them does not (3)")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Measure every config."""
    from paddlevideo.utils.errors import InputError
    from tools.bench import inference

    if not 1 <= min(args.processes) <= max(args.processes) <= args.videos:
        raise InputError(f"--processes {args.processes}: must be from 1 to the number of --videos, {args.videos}")
    if min(args.turns, args.frames) < 1:
        raise InputError("--turns and --frames: must be 1 or more")
    return {setup.config: measure(setup, args) for setup in inference.setups(args)}


def measure(setup: Any, args: argparse.Namespace) -> dict[str, Any]:
    """Return videos an hour for each number of processes, medians over the turns."""
    from tqdm import tqdm

    from paddlevideo.utils.runtime import available_threads

    seconds: dict[int, list[tuple[float, float]]] = {count: [] for count in args.processes}
    with TemporaryDirectory() as folder:
        given = _write(Path(folder), setup, args.videos, args.frames)
        uncounted = 0 if args.tiny else 1  # compiles
        for turn in tqdm(range(uncounted + args.turns), desc=setup.config, unit="turn"):
            for count, each in seconds.items():
                found = _segment(count, given, Path(folder) / f"turn{turn}_{count}")
                each += [found] if turn >= uncounted else []
    busy, whole = ({str(n): float(np.median([s[k] for s in each])) for n, each in seconds.items()} for k in (0, 1))
    first = str(args.processes[0])
    return {
        "precision": setup.precision,
        "size": list(setup.size),
        "weights": setup.weights or "random",
        "videos": args.videos,
        "frames": args.frames,
        "threads": {str(count): max(1, available_threads() // count) for count in args.processes},
        "videos_an_hour": {count: HOUR * args.videos / each for count, each in busy.items()},
        "videos_an_hour_with_start": {count: HOUR * args.videos / each for count, each in whole.items()},
        "ratio": {count: busy[first] / each for count, each in busy.items()},
        "ratio_with_start": {count: whole[first] / each for count, each in whole.items()},
    }


def _write(folder: Path, setup: Any, videos: int, frames: int) -> list[str]:
    """Write films, strokes and weights; return the arguments of ``segment`` that name them."""
    import paddle

    from paddlevideo.loader.scribbles import write_rounds
    from paddlevideo.writers.video import VideoWriter
    from tools.bench.clip import RepeatedClip, strokes
    from tools.bench.subject import CONFIGS

    clip = RepeatedClip(frames, setup.size)
    (folder / "videos").mkdir()
    for number in range(videos):
        with VideoWriter(folder / "videos" / f"{number:03d}.mp4", clip.rate, clip.size) as writer:
            for index in range(frames):
                writer.write(clip[index])
        write_rounds(folder / "strokes" / f"{number:03d}.json", [strokes(0)], frames)
    weights = setup.weights or str(folder / "random.pdparams")
    if not setup.weights:
        paddle.save(setup.network().state_dict(), weights)
    given = ["-c", str(CONFIGS / f"{setup.config}.yaml"), "-w", weights]
    given += ["-o", f"PIPELINE.input.size={list(setup.size)}", "-o", f"INFERENCE.precision={setup.precision}"]
    return [str(folder / "videos"), *given, "--scribbles", str(folder / "strokes")]


def _segment(count: int, given: list[str], output: Path) -> tuple[float, float]:
    """Segment the films in ``count`` processes; return the seconds of the one that was busy longest, and of all."""
    from paddlevideo.utils.errors import InputError

    launcher = [sys.executable, "-B", "-m", "paddle.distributed.launch", f"--nproc_per_node={count}"]
    command = [*launcher, f"--log_dir={output}_log", __file__, "segment", *given, "--output", str(output)]
    ours = ("OMP_NUM_THREADS", "PADDLE")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    environment["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parents[2]), environment.get("PYTHONPATH", "")])
    began = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    whole = time.perf_counter() - began
    if done.returncode:
        log = Path(f"{output}_log") / "workerlog.0"
        said = log.read_text().strip().splitlines()[-1:] if log.exists() else []
        raise InputError(f"{count} processes ended with exit code {done.returncode}: {' '.join(said)}")
    entries = list(json.loads((output / "summary.json").read_text())["videos"].values())
    return max(sum(entry["seconds"] for entry in entries[rank::count]) for rank in range(count)), whole


def table(results: Mapping[str, Any]) -> str:
    """A line for each number of processes."""
    lines = [f"{'config':12} processes  threads each  videos an hour  times  with the start  times"]
    for name, result in results.items():
        for count, rate in result["videos_an_hour"].items():
            whole, ratios = result["videos_an_hour_with_start"][count], (result["ratio"], result["ratio_with_start"])
            lines.append(
                f"{name:12} {count:>9}  {result['threads'][count]:12}  {rate:14.1f}  {ratios[0][count]:5.2f}  "
                f"{whole:14.1f}  {ratios[1][count]:5.2f}"
            )
        height, width = result["size"]
        lines.append(f"{name} ({result['precision']}): films of {result['frames']} frames of {width}x{height}")
    return "\n".join(lines)


def draw(results: Mapping[str, Any], path: Path) -> None:
    """A bar for each number of processes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 1 + 1.2 * len(results)), layout="constrained")
    panels = figure.subplots(len(results), 1, squeeze=False)[:, 0]
    for axes, (name, result) in zip(panels, results.items(), strict=True):
        rates = result["videos_an_hour"]
        axes.barh(list(rates), list(rates.values()))
        axes.set(title=name, xlabel="videos an hour", ylabel="processes")
    figure.savefig(path, dpi=100, format="png")


if __name__ == "__main__":  # in each of the launched processes
    from paddlevideo.tasks.command import main

    sys.exit(main())
