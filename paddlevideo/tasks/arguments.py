"""The command lines of ``main.py`` and ``manet``. Nothing heavy is imported here: ``--help`` answers at once."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .. import __version__
from ..utils.shipped import LITE_CONFIG, LITE_WEIGHTS, shipped

Group = argparse._ActionsContainer  # a parser, or a group of its arguments
_TRAINED_CONFIG = "configs/segmentation/manet_lite_joint.yaml"


def parse(argv: Sequence[str] | None, description: str | None) -> argparse.Namespace:
    """Return the settings of a command line of ``main.py``; ``argv`` None takes that of the process."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", action="version", version=f"paddlevideo-manet {__version__}")
    parser.add_argument("video", nargs="?", metavar="VIDEO", help="with --serve: the video or folder to open")
    _add_network(parser, f"with --serve: {LITE_CONFIG}", "weights to test, infer with, or fine-tune from")
    job = parser.add_mutually_exclusive_group()
    job.add_argument("--test", action="store_true", help="score the weights on DATASET.test")
    job.add_argument("--infer", action="store_true", help="write the masks of a video, or of many")
    job.add_argument("--serve", action="store_true", help="open a page in the browser to segment videos on")
    _add_process(parser)
    _add_training(parser.add_argument_group("training"))
    inference = parser.add_argument_group("inference")
    inference.add_argument("--input", metavar="VIDEO", help="video file, folder of images, or glob; or many of them")
    add_inference(inference)
    inference.add_argument("--output", metavar="DIR", help="folder for the results of --infer and --test")
    _add_engine(inference)
    _add_serving(parser.add_argument_group("the page"))
    args = parser.parse_args(argv)
    if args.serve:
        _settle_serving(parser, args)
    elif args.video:
        parser.error(f"unrecognized arguments: {args.video} (a video goes with --serve, or as --input)")
    elif not args.config:
        parser.error("the following arguments are required: -c/--config")
    for flag in ("export", "names", "grow", "feather"):
        if getattr(args, flag) not in (None, 0.0) and not args.infer:
            parser.error(f"--{flag} goes with --infer")
    args.job = "serve" if args.serve else "test" if args.test else "infer" if args.infer else "train"
    return args


def parse_command(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the settings of a command line of ``manet``: segment, serve, test or train."""
    args = parser.parse_args(argv)
    args.config, args.weights = shipped(args.config), args.weights and shipped(args.weights)
    if args.job == "infer":
        if not (args.scribbles or args.masks):
            parser.error("give strokes with --scribbles JSON, a mask with --masks PNG, or both")
        args.output = args.output or _output_of(args.input)
    return args


def add_segment(parser: argparse.ArgumentParser) -> None:
    """``manet segment``: what ``main.py --infer`` does, with the lite network unless another is named."""
    parser.add_argument("input", metavar="VIDEO", help="video file, folder of images, or glob; or many of them")
    _add_lite(parser, "infer")
    add_inference(parser)
    parser.add_argument("--output", metavar="DIR", help="folder for the results (output/ and the video's name)")
    _add_engine(parser)


def add_serve(parser: argparse.ArgumentParser) -> None:
    """``manet serve``: what ``main.py --serve`` does."""
    parser.add_argument("input", nargs="?", metavar="VIDEO", help="the video or folder to open")
    _add_lite(parser, "serve")
    _add_engine(parser)
    _add_serving(parser)


def add_test(parser: argparse.ArgumentParser) -> None:
    """``manet test``: what ``main.py --test`` does, with the lite network unless another is named."""
    _add_lite(parser, "test")
    parser.add_argument("--output", metavar="DIR", help="folder for the results (the config's output_dir)")
    _add_engine(parser)


def add_train(parser: argparse.ArgumentParser) -> None:
    """``manet train``: what ``main.py`` does without --infer, --test and --serve."""
    _add_network(parser, _TRAINED_CONFIG, "weights to fine-tune from")
    _add_process(parser)
    _add_training(parser)
    parser.set_defaults(job="train", config=_TRAINED_CONFIG)


def _output_of(video: str) -> str:
    """``output/clip`` for ``clip.mp4``, ``output/videos`` for ``videos/`` and ``"videos/*.mp4"``."""
    path = Path(video).expanduser().absolute()
    while any(sign in path.name for sign in "*?["):
        path = path.parent
    return str(Path("output") / (path.stem or "masks"))


def many_videos(args: argparse.Namespace) -> bool:
    """Say whether ``--infer`` is over many videos: strokes or masks are then a folder, with a file for each."""
    if not any(path and os.path.isdir(os.path.expanduser(path)) for path in (args.scribbles, args.masks)):
        return False
    from ..loader.video_collection import one_video

    return not one_video(args.input, args.scribbles, args.masks)


def _add_lite(group: Group, job: str) -> None:
    _add_network(group, LITE_CONFIG, f"weights ({LITE_WEIGHTS})")
    _add_process(group)
    group.set_defaults(job=job, config=LITE_CONFIG, weights=LITE_WEIGHTS)


def _add_network(group: Group, config: str, weights: str) -> None:
    group.add_argument("-c", "--config", metavar="YAML", help=f"config file ({config})")
    group.add_argument(
        "-o", "--override", action="append", default=[], metavar="KEY.SUB=VALUE", help="change a config key; repeatable"
    )
    group.add_argument("-w", "--weights", metavar="FILE", help=weights)


def _add_process(group: Group) -> None:
    group.add_argument("--seed", type=int, help="random seed (the config's, else 1234)")
    group.add_argument("--threads", type=_positive, metavar="N", help="processor threads of a process (its share)")


def _add_training(group: Group) -> None:
    group.add_argument("--validate", action="store_true", help="score on DATASET.valid every val_interval steps")
    group.add_argument("--amp", action="store_true", help="mixed precision (GPU)")
    group.add_argument("--amp_level", choices=("O1", "O2"), default="O1", help="level of mixed precision (O1)")
    group.add_argument("--max_iters", type=_positive, metavar="N", help="stop after N steps in all")
    group.add_argument(
        "--resume",
        nargs="?",
        const=True,
        metavar="PATH",
        help="go on from PATH, else from output_dir's newest checkpoint; auto: from the newest, else start",
    )


def add_inference(group: Group) -> None:
    """What a video's masks start from and what is written of them; for ``tools/predict.py``, too."""
    group.add_argument(
        "--scribbles", metavar="JSON", help="scribble file: one round, or a list; of many videos: folder with NAME.json"
    )
    group.add_argument(
        "--masks",
        metavar="PNG",
        help="mask of a frame, or folder of masks named after frames, before scribbles; of many: folder with NAME.png",
    )
    group.add_argument(
        "--mask_frame", type=_not_negative, metavar="N", help="frame of the mask, from 0 (that of its name, else 0)"
    )
    group.add_argument(
        "--export",
        action=_Kinds,
        metavar="KIND,...",
        help="kinds of results (palette,overlay,contact_sheet,rle); 'list' shows all kinds there are",
    )
    group.add_argument("--objects", type=_positive, metavar="N", help="number of objects (as scribbled)")
    group.add_argument(
        "--names", type=_names, metavar="NAME,...", help="of the objects, in the order of their ids; for --export"
    )
    group.add_argument(
        "--grow", type=float, default=0.0, metavar="PX", help="in results move edges outwards, with - inwards (0)"
    )
    group.add_argument(
        "--feather", type=float, default=0.0, metavar="PX", help="width of soft edges, where there can be such (0)"
    )


def _add_engine(group: Group) -> None:
    group.add_argument(
        "--max-memory",
        "--max_memory",
        type=_positive,
        metavar="MIB",
        help="memory for embeddings and maps; the rest waits on the disk (the config's, else 384)",
    )
    group.add_argument(
        "--engine", choices=("fast", "plain"), default="fast", help="compiled, or the definition in eager Paddle (fast)"
    )


def _add_serving(group: Group) -> None:
    group.add_argument("--port", type=_positive, help="where the page is, 0 to 65535 (a free one from 8000 on)")
    group.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="this machine's address (127.0.0.1)")
    group.add_argument("--allow-remote", action="store_true", help="let others connect, with the token")
    group.add_argument(
        "--public-name", action="append", default=[], metavar="NAME", help="it answers under this name, too; repeatable"
    )
    group.add_argument("--projects", default="output/projects", metavar="DIR", help="where projects are kept")
    group.add_argument(
        "--allow", action="append", default=[], metavar="FOLDER", help="videos in it may be opened; repeatable"
    )
    group.add_argument("--max_upload_mib", type=_positive, default=2048, metavar="N", help="of one upload (2048)")
    group.add_argument("--max_frames", type=_positive, default=10_000, metavar="N", help="of one video (10000)")
    group.add_argument("--max_pixels", type=_positive, default=4096 * 3072, metavar="N", help="of a frame (12582912)")
    group.add_argument("--max_sessions", type=_positive, default=4, metavar="N", help="videos held in memory (4)")
    group.add_argument("--no_browser", action="store_true", help="print the address and open no browser")


def _settle_serving(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    if args.video and args.input:
        parser.error("name the video once, as VIDEO or as --input")
    args.input = args.video or args.input
    args.config = args.config or LITE_CONFIG
    args.weights = args.weights or LITE_WEIGHTS


class _Kinds(argparse.Action):
    """Kinds of results, separated by commas; ``list`` shows them and ends the program."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        if values == "list":
            from ..writers.exporter import all_exporters

            for kind in all_exporters():
                print(f"{kind.key:15} {kind.name:18} {kind.title()}")
            parser.exit()
        setattr(namespace, self.dest, [kind.strip() for kind in values.split(",") if kind.strip()])


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]


def _not_negative(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{number} is not 0 or more")
    return number


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not 1 or more")
    return number
