"""The command line of ``main.py``. Nothing heavy is imported here: ``--help`` answers at once."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import Any

SERVED_CONFIG = "configs/segmentation/manet_lite.yaml"
SERVED_WEIGHTS = "data/weights/manet_lite.pdparams"


def parse(argv: Sequence[str] | None, description: str | None) -> argparse.Namespace:
    """Return the command line's settings; ``argv`` None takes those of the process."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", nargs="?", metavar="VIDEO", help="with --serve: the video or folder to open")
    parser.add_argument("-c", "--config", metavar="YAML", help=f"config file (with --serve: {SERVED_CONFIG})")
    parser.add_argument(
        "-o", "--override", action="append", default=[], metavar="KEY.SUB=VALUE", help="change a config key; repeatable"
    )
    parser.add_argument("-w", "--weights", metavar="FILE", help="weights to test, infer with, or fine-tune from")
    job = parser.add_mutually_exclusive_group()
    job.add_argument("--test", action="store_true", help="score the weights on DATASET.test")
    job.add_argument("--infer", action="store_true", help="write the masks of a video, or of many")
    job.add_argument("--serve", action="store_true", help="open a page in the browser to segment videos on")
    parser.add_argument("--seed", type=int, help="random seed (the config's, else 1234)")
    parser.add_argument("--threads", type=_positive, metavar="N", help="processor threads of a process (its share)")
    _add_training(parser.add_argument_group("training"))
    _add_inference(parser.add_argument_group("inference"))
    _add_serving(parser.add_argument_group("the page"))
    args = parser.parse_args(argv)
    if args.serve:
        _settle_serving(parser, args)
    elif args.video:
        parser.error(f"unrecognized arguments: {args.video} (a video goes with --serve, or as --input)")
    elif not args.config:
        parser.error("the following arguments are required: -c/--config")
    if args.export is not None and not args.infer:
        parser.error("--export goes with --infer")
    return args


def many_videos(args: argparse.Namespace) -> bool:
    """Say whether ``--infer`` is over many videos: strokes or masks are then a folder, with a file for each."""
    if not any(path and os.path.isdir(os.path.expanduser(path)) for path in (args.scribbles, args.masks)):
        return False
    from ..loader.video_collection import one_video

    return not one_video(args.input, args.scribbles, args.masks)


def _add_training(group: argparse._ArgumentGroup) -> None:
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


def _add_inference(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--input", metavar="VIDEO", help="video file, folder of images, or glob; or many of them")
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
    group.add_argument("--output", metavar="DIR", help="folder for the results of --infer and --test")
    group.add_argument(
        "--export",
        action=_Kinds,
        metavar="KIND,...",
        help="what --infer writes (palette,overlay,contact_sheet,rle); 'list' shows all kinds there are",
    )
    group.add_argument("--objects", type=_positive, metavar="N", help="number of objects (as scribbled)")
    group.add_argument(
        "--max-memory",
        "--max_memory",
        type=_positive,
        metavar="MIB",
        help="memory for embeddings and maps, also with --test; the rest waits on the disk (the config's, else 384)",
    )
    group.add_argument(
        "--engine", choices=("fast", "plain"), default="fast", help="compiled, or the definition in eager Paddle (fast)"
    )


def _add_serving(group: argparse._ArgumentGroup) -> None:
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
    args.config = args.config or SERVED_CONFIG
    args.weights = args.weights or SERVED_WEIGHTS


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
