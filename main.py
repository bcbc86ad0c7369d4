r"""Interactive video object segmentation: train, test and infer from one YAML file.

Masks of a video whose objects are scribbled on (or whose first mask is given):

    python main.py --infer -c configs/segmentation/manet_lite.yaml -w data/weights/manet_lite.pdparams \
        --input clip.mp4 --scribbles strokes.json --output output/clip
    python main.py --infer -c CFG -w WEIGHTS --input frames/ --masks first.png --output output/clip

J and F by rounds over DATASET.test:

    python main.py --test -c configs/segmentation/manet_lite.yaml -w WEIGHTS

Training; the checkpoints go to the config's output_dir, and `--resume` goes on from the newest there:

    python main.py -c configs/segmentation/manet_lite.yaml --validate --resume
    python main.py -c configs/segmentation/manet.yaml --amp --validate

Any key of the config can be changed: -o DATASET.batch_size=4 -o OPTIMIZER.learning_rate.base=1e-3
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from paddlevideo.utils.errors import InputError

# Everything heavy (Paddle takes seconds) is imported after the arguments are read, so that --help answers at once.


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the command line's settings."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-c", "--config", required=True, metavar="YAML", help="config file")
    parser.add_argument(
        "-o", "--override", action="append", default=[], metavar="KEY.SUB=VALUE", help="change a config key; repeatable"
    )
    parser.add_argument("-w", "--weights", metavar="FILE", help="weights to test, infer with, or fine-tune from")
    job = parser.add_mutually_exclusive_group()
    job.add_argument("--test", action="store_true", help="score the weights on DATASET.test")
    job.add_argument("--infer", action="store_true", help="write the masks of a video")
    parser.add_argument("--seed", type=int, help="random seed (the config's, else 1234)")
    parser.add_argument("--threads", type=_positive, metavar="N", help="processor threads (all)")

    training = parser.add_argument_group("training")
    training.add_argument("--validate", action="store_true", help="score on DATASET.valid every val_interval steps")
    training.add_argument("--amp", action="store_true", help="mixed precision (GPU)")
    training.add_argument("--amp_level", choices=("O1", "O2"), default="O1", help="level of mixed precision (O1)")
    training.add_argument("--max_iters", type=_positive, metavar="N", help="stop after N steps in all")
    training.add_argument(
        "--resume", nargs="?", const=True, type=_checkpoint, metavar="PATH", help="go on (from output_dir's newest)"
    )

    inference = parser.add_argument_group("inference")
    inference.add_argument("--input", metavar="VIDEO", help="video file, folder of images, or glob pattern")
    inference.add_argument("--scribbles", metavar="JSON", help="scribble file: one round, or a list of rounds")
    inference.add_argument("--masks", metavar="PNG", help="mask of the first frame; scribbles then correct it")
    inference.add_argument("--output", metavar="DIR", help="folder for the results of --infer and --test")
    inference.add_argument("--objects", type=_positive, metavar="N", help="number of objects (as scribbled)")
    inference.add_argument(
        "--engine", choices=("fast", "plain"), default="fast", help="compiled, or the definition in eager Paddle (fast)"
    )
    return parser.parse_args(argv)


def run(args: argparse.Namespace) -> None:
    """Do the job that ``args`` ask for; raise `InputError` on bad input."""
    job = "test" if args.test else "infer" if args.infer else "train"
    if job != "train" and not args.weights:
        raise InputError(f"--{job} needs weights; pass them with -w FILE")
    if job == "infer" and not args.input:
        raise InputError("--infer needs a video; pass it with --input FILE|FOLDER|GLOB")
    if job == "infer" and not (args.scribbles or args.masks):
        raise InputError("--infer starts from --scribbles JSON or from --masks PNG; pass one of them, or both")

    from paddlevideo.utils.runtime import prepare_threads

    prepare_threads(args.threads)

    from paddlevideo.utils.config import load_config, require_for
    from paddlevideo.utils.log import set_up_logging
    from paddlevideo.utils.runtime import set_up

    config = load_config(args.config, args.override)
    require_for(config, job, *["--validate"] if args.validate else [])
    args.seed = config["seed"] if args.seed is None else args.seed
    set_up_logging()
    set_up(args.threads, args.seed)
    getattr(importlib.import_module(f"paddlevideo.tasks.{job}"), job)(config, args)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code: 0, 2 for bad input, 130 when interrupted."""
    try:
        run(parse_arguments(argv))
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    return 0


def _checkpoint(text: str) -> str | bool:
    return True if text == "auto" else text  # tasks.train takes True for the newest there is


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not 1 or more")
    return number


if __name__ == "__main__":
    sys.exit(main())
