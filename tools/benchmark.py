"""Measure speed and memory, with ratios against the plain implementation taken in one run.

python tools/benchmark.py embed                          a frame's embedding
python tools/benchmark.py interact                       strokes to the mask of their frame
python tools/benchmark.py propagate --picture parts.png  the mask of the next frame, part by part
python tools/benchmark.py round --config manet_lite --precision bf16 --frames 100
python tools/benchmark.py long                           2,000 frames: does time or memory grow?
python tools/benchmark.py objects                        1, 3 and 10 objects
python tools/benchmark.py throughput                     videos an hour in 1 and in 2 processes
python tools/benchmark.py train --json train.json        a training step
python tools/benchmark.py round --tiny                   seconds, to see that it works

The plain implementation is the definition in eager Paddle (tests/reference). The floor is the larger of operations over
the machine's rate of float32 matrix products and bytes over its rate of copying, both measured in the same run; bf16
may go below it.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from paddlevideo.utils.command import exit_code
from paddlevideo.utils.files import atomic_path
from paddlevideo.utils.runtime import prepare_threads
from tools.bench import embed, interact, long, objects, propagate, round, throughput, train

MEASUREMENTS: dict[str, Any] = {
    "embed": embed,
    "interact": interact,
    "propagate": propagate,
    "round": round,
    "long": long,
    "objects": objects,
    "throughput": throughput,
    "train": train,
}


def make_parser(prog: str | None = None) -> argparse.ArgumentParser:
    """Return the parser of the command line, under another name if one is given."""
    parser = argparse.ArgumentParser(prog, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, module in MEASUREMENTS.items():
        command = commands.add_parser(name, help=(module.__doc__ or "").splitlines()[0])
        module.add_arguments(command)
        command.add_argument("--json", metavar="OUT", help="write the figures")
        command.add_argument("--picture", metavar="OUT", help="write a picture of the breakdown")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    return exit_code(lambda: run(make_parser().parse_args(argv)))


def run(args: argparse.Namespace) -> None:
    """Run the measurement that is asked for, print its table and write its files."""
    prepare_threads()
    from paddlevideo.utils.runtime import import_paddle, keep_memory

    keep_memory()
    import_paddle()
    module = MEASUREMENTS[args.command]
    results = module.run(args)
    print(module.table(results))
    if args.json:
        with atomic_path(args.json) as temporary:
            temporary.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    if args.picture:
        with atomic_path(args.picture) as temporary:
            module.draw(results, temporary)


if __name__ == "__main__":
    sys.exit(main())
