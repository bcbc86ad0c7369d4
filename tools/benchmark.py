"""Measure, with ratios taken in one run.

python tools/benchmark.py train                          a training step, eager and as shipped
python tools/benchmark.py train --json train.json --picture train.png
python tools/benchmark.py train --tiny                   seconds, to see that it works
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from paddlevideo.utils.errors import InputError
from paddlevideo.utils.files import atomic_path
from paddlevideo.utils.runtime import prepare_threads
from tools.bench import train

MEASUREMENTS: dict[str, Any] = {"train": train}


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, module in MEASUREMENTS.items():
        command = commands.add_parser(name, help=(module.__doc__ or "").splitlines()[0])
        module.add_arguments(command)
        command.add_argument("--json", metavar="OUT", help="write the figures")
        command.add_argument("--picture", metavar="OUT", help="write a picture of the breakdown")
    args = parser.parse_args(argv)
    try:
        measure(args)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def measure(args: argparse.Namespace) -> None:
    """Run the measurement that is asked for, print its table and write its files."""
    prepare_threads()
    from paddlevideo.utils.runtime import import_paddle

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
