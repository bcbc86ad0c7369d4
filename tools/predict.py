"""Masks of a video by an exported network alone: no config, no weights file.

python tools/predict.py exported/manet_lite clip.mp4 --scribbles strokes.json --output output/clip
python tools/predict.py exported/manet_lite frames/ --masks first.png --runtime openvino --output output/frames

The results are those of `main.py --infer`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if __name__ == "__main__":  # where the package is when it is not installed
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from paddlevideo.tasks.arguments import add_inference
from paddlevideo.utils.command import exit_code
from paddlevideo.utils.errors import InputError


def make_parser(prog: str | None = None) -> argparse.ArgumentParser:
    """Return the parser of the command line, under another name if one is given."""
    parser = argparse.ArgumentParser(prog, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("exported", metavar="EXPORTED", help="folder that export_model.py wrote")
    parser.add_argument("input", metavar="VIDEO", help="video file, folder of images, or glob")
    parser.add_argument("--output", metavar="DIR", required=True, help="folder for the results")
    parser.add_argument(
        "--runtime",
        choices=("paddle", "onnx", "openvino"),
        default="onnx",
        help="Paddle Inference, onnxruntime or OpenVINO (onnx)",
    )
    parser.add_argument("--threads", type=int, metavar="N", help="processor threads (all)")
    add_inference(parser)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    return exit_code(lambda: run(make_parser().parse_args(argv)))


def run(args: argparse.Namespace) -> None:
    """Write the masks; raise `InputError` on bad input."""
    if not Path(args.exported).is_dir():
        raise InputError(f"{args.exported}: no such folder; tools/export_model.py -o FOLDER writes one")
    from paddlevideo.session.segmenter import prepare_process

    prepare_process(args.threads)
    from paddlevideo.session.deployment.exported import load_exported
    from paddlevideo.tasks.infer import segment_video
    from paddlevideo.utils.log import set_up_logging

    set_up_logging()
    models = [path for path in Path(args.exported).iterdir() if path.is_file()]
    segment_video(lambda: load_exported(args.exported, args.runtime), args, models)


if __name__ == "__main__":
    sys.exit(main())
