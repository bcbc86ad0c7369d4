"""Draw a small DAVIS data set in seconds: moving textured shapes, 1 to 3 objects, masks, scribbles, splits.

python tools/make_toy_davis.py data/toy
python tools/make_toy_davis.py data/toy --sequences 12 --frames 24 --size 288x480 --seed 7
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if __name__ == "__main__":  # where the package is when it is not installed
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from paddlevideo.utils.command import exit_code


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", metavar="OUT", help="the new folder")
    parser.add_argument("--sequences", type=int, default=6, metavar="N", help="training sequences (6)")
    parser.add_argument("--frames", type=int, default=12, metavar="T", help="frames of each (12)")
    parser.add_argument("--size", type=_size, default=(144, 240), metavar="HxW", help="height and width (144x240)")
    parser.add_argument("--seed", type=int, default=0, help="of everything that is drawn (0)")
    args = parser.parse_args(argv)
    return exit_code(lambda: run(args))


def run(args: argparse.Namespace) -> None:
    """Draw and write the folder; raise `InputError` when that cannot be."""
    # Imported here, so that a SIGTERM meanwhile ends with a line too.
    from paddlevideo.prepare.toy_davis import ToyWorld, write_toy_davis

    names = write_toy_davis(args.out, ToyWorld(args.sequences, args.frames, args.size, args.seed))
    print(f"{args.out}: {len(names)} sequences of {args.frames} frames")


def _size(text: str) -> tuple[int, int]:
    height, _, width = text.partition("x")
    if not (height.isdecimal() and width.isdecimal()):
        raise argparse.ArgumentTypeError(f"'{text}' is not HEIGHTxWIDTH, such as 144x240")
    return int(height), int(width)


if __name__ == "__main__":
    sys.exit(main())
