"""Write a network for deployment: its parts as Paddle Inference and ONNX models, and model.yaml, which describes them.

python tools/export_model.py -o exported/manet_lite
python tools/export_model.py -c configs/segmentation/manet.yaml -w MANet_davis2017.pdparams -o exported/manet

The models take frames of any size. tools/predict.py runs them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if __name__ == "__main__":  # where the package is when it is not installed
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from paddlevideo.tasks.run import require_extra
from paddlevideo.utils.command import exit_code
from paddlevideo.utils.shipped import LITE_CONFIG, LITE_WEIGHTS, shipped


def make_parser(prog: str | None = None) -> argparse.ArgumentParser:
    """Return the parser of the command line, under another name if one is given."""
    parser = argparse.ArgumentParser(prog, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-c", "--config", metavar="YAML", default=LITE_CONFIG, help=f"config file ({LITE_CONFIG})")
    parser.add_argument("-w", "--weights", metavar="FILE", default=LITE_WEIGHTS, help=f"weights ({LITE_WEIGHTS})")
    parser.add_argument("-o", "--output", metavar="DIR", required=True, help="folder to write to")
    parser.add_argument(
        "--override", action="append", default=[], metavar="KEY.SUB=VALUE", help="change a config key; repeatable"
    )
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    return exit_code(lambda: run(make_parser().parse_args(argv)))


def run(args: argparse.Namespace) -> None:
    """Write the models; raise `InputError` on bad input."""
    require_extra("onnx", "export")
    from paddlevideo.utils.runtime import import_paddle, prepare_threads

    prepare_threads()
    import_paddle()
    from paddlevideo.config.loading import load_config
    from paddlevideo.session.deployment.export import export_model

    config = load_config(shipped(args.config), args.override)
    for name in export_model(config, shipped(args.weights), args.output):
        path = Path(args.output) / name
        print(f"{path}  {path.stat().st_size / 2**20:.2f} MiB")


if __name__ == "__main__":
    sys.exit(main())
