"""Bring your own annotated videos into DAVIS's layout, checked file by file.

    python tools/prepare_dataset.py SOURCE OUT                          folders: SOURCE/frames/SEQ and SOURCE/masks/SEQ
    python tools/prepare_dataset.py SOURCE OUT                          labelme (a JSON a picture) or YOLO folders
    python tools/prepare_dataset.py annotations.json OUT --frames DIR   COCO, YouTube-VIS, VIA, or masks.json of --infer
    python tools/prepare_dataset.py annotations.xml OUT --frames DIR    CVAT; DIR may be a video file
    python tools/prepare_dataset.py SOURCE --check                      report only

Nothing is written while a file has to be mended. See docs/en/data.md.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

if __name__ == "__main__":  # where the package is when it is not installed
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from paddlevideo.utils.command import exit_code
from paddlevideo.utils.errors import InputError
from paddlevideo.utils.shipped import INSTALLED

BEST, LAST = "manet_lite_joint_best.pdparams", "manet_lite_joint_final.pdparams"


def make_parser(prog: str | None = None) -> argparse.ArgumentParser:
    """Return the parser of the command line, under another name if one is given."""
    parser = argparse.ArgumentParser(prog, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", metavar="SOURCE", help="folder, or JSON annotation")
    parser.add_argument("out", nargs="?", metavar="OUT", help="the new data set")
    parser.add_argument("--frames", metavar="DIR", help="pictures of a JSON annotation")
    parser.add_argument("--check", action="store_true", help="report, write nothing")
    parser.add_argument("--val", type=float, default=0.2, help="share of the sequences for the split val (0.2)")
    parser.add_argument("--seed", type=int, default=0, help="of the split (0)")
    parser.add_argument("--max_objects", type=int, default=20, help="more ids than this are an error (20)")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return the exit code: 0, or 2 when something has to be mended first."""
    return exit_code(lambda: run(make_parser().parse_args(argv)))


def run(args: argparse.Namespace) -> None:
    """Check, report, and write when all is well; raise `InputError` when it is not."""
    if not args.out and not args.check:
        raise InputError("name the folder to write, OUT, or ask for --check alone")
    # Imported here, so that a SIGTERM meanwhile ends with a line too.
    from paddlevideo.prepare import check_is_new, check_sequences, open_source, write_data_set

    if not args.check:
        check_is_new(args.out)  # before all is read
    checked, findings = check_sequences(open_source(args.source, args.frames, args.max_objects), args.max_objects)
    for finding in findings:
        print(finding)
    width = max(len(each.sequence.name) for each in checked)
    print(f"{'sequence':{max(width, 8)}}  frames  objects  size")
    for each in checked:
        size = f"{each.size[1]}x{each.size[0]}"
        print(f"{each.sequence.name:{max(width, 8)}}  {len(each.kept):6}  {each.objects:7}  {size}")
    fatal = sum(finding.fatal for finding in findings)
    if fatal:
        raise InputError(f"{args.source}: {fatal} files to mend, see above; nothing was written")
    if not args.check:
        splits = write_data_set(args.out, checked, args.val, args.seed)
        print(f"{args.out}: {', '.join(f'{len(names)} {split}' for split, names in splits.items())}; see preview.png")
        print(commands(args.out, splits))


def commands(out: str, splits: Mapping[str, Sequence[str]]) -> str:
    """The commands that work on the new data set; without a sequence for the split val nothing is validated."""
    train_data, valid_data, test_data = (
        shlex.quote(f"DATASET.{part}.file_path={out}") for part in ("train", "valid", "test")
    )
    valid = bool(splits.get("val"))
    train = ["manet train" if INSTALLED else "python main.py"]
    train += ["-c configs/segmentation/manet_lite_joint.yaml -w data/weights/manet_lite.pdparams"]
    train += [f"-o {train_data} -o DATASET.train.photographs=null -o output_dir=output/mine"]
    train += [f"--validate -o {valid_data}"] if valid else []
    test = ["manet test" if INSTALLED else "python main.py --test"]
    test += [f"-c configs/segmentation/manet_lite.yaml -w output/mine/{BEST if valid else LAST}"]
    test += [f"-o {test_data} -o METRIC.name=RoundMetric"]
    test += [] if valid else ["-o DATASET.test.split=train"]
    return "\n".join(["To train on it and to test:", *(f"  {' '.join(each)}" for each in (train, test))])


if __name__ == "__main__":
    sys.exit(main())
