"""Compose a DAVIS folder with 2 and 3 objects a sequence out of one with single objects, to evaluate on.

python tools/compose_multi_object.py data/composed --data data/DAVIS
python tools/compose_multi_object.py data/composed --data data/DAVIS --objects 4 --frames 30 --count 3 --seed 7

The objects of other sequences of the split are pasted onto each, frame by frame. With --hard each is also written with
a copy of its own object beside it, which counts as background, and with a rope in front. See docs/en/data.md.
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
    parser.add_argument("--data", required=True, metavar="DAVIS_ROOT", help="folder in DAVIS's layout")
    parser.add_argument("--split", default="val", help="its list of sequences (val)")
    parser.add_argument("--objects", type=int, nargs="+", default=(2, 3), metavar="N", help="of a sequence (2 3)")
    parser.add_argument("--frames", type=int, default=50, metavar="T", help="of each sequence, at most (50)")
    parser.add_argument("--count", type=int, metavar="N", help="compose on the first N sequences only")
    parser.add_argument("--seed", type=int, default=0, help="of everything that is drawn (0)")
    parser.add_argument("--hard", action="store_true", help="also look-alikes and thin things; see the text above")
    args = parser.parse_args(argv)
    return exit_code(lambda: run(args))


def run(args: argparse.Namespace) -> None:
    """Compose and write the folder; raise `InputError` when that cannot be."""
    # Imported here, so that a SIGTERM meanwhile ends with a line too.
    from paddlevideo.loader.davis import DavisFolder
    from paddlevideo.prepare.composed_davis import Composing, write_composed_davis

    source = DavisFolder(args.data, args.split)
    wanted = Composing(tuple(args.objects), args.frames, args.count, args.seed, args.hard)
    names = write_composed_davis(args.out, source, wanted)
    print(f"{args.out}: {len(names)} sequences; see preview.png")


if __name__ == "__main__":
    sys.exit(main())
