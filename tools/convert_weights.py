"""Convert weights: any file that ``-w`` takes to a .pdparams under our names, or under the official ones.

python tools/convert_weights.py official.pth ours.pdparams
python tools/convert_weights.py ours.pdparams theirs.pdparams --to official
python tools/convert_weights.py trained.pdparams small.pdparams --half
python tools/convert_weights.py small.pdparams large.pdparams --grow configs/segmentation/manet_lite.yaml
python tools/convert_weights.py wide.pdparams narrow.pdparams --slim configs/segmentation/manet_lite.yaml
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from paddlevideo.utils.command import exit_code
from paddlevideo.utils.errors import InputError
from paddlevideo.utils.shipped import shipped
from paddlevideo.weights.files import load_weights, save_weights
from paddlevideo.weights.key_names import to_official

SLIM_FRAMES = 296  # the first frames of so many training clips are what a narrower encoder is fitted to


def make_parser(prog: str | None = None) -> argparse.ArgumentParser:
    """Return the parser of the command line, under another name if one is given."""
    summary, examples = (__doc__ or "").split("\n\n", 1)
    parser = argparse.ArgumentParser(
        prog, description=summary, epilog=examples, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("input", metavar="INPUT", type=Path, help="a torch .pth or a Paddle .pdparams")
    parser.add_argument("output", metavar="OUTPUT", type=Path, help="the .pdparams to write")
    parser.add_argument("--to", choices=("ours", "official"), default="ours", help="whose names to write (ours)")
    parser.add_argument(
        "--grow",
        metavar="CONFIG",
        help="add what the MODEL of a config has more at its heads or after them, without any effect until trained",
    )
    parser.add_argument(
        "--slim",
        metavar="CONFIG",
        help="bring the encoder to MODEL.backbone.encoder.hidden of a config; needs the frames of its DATASET.train",
    )
    parser.add_argument(
        "-o", "--override", action="append", default=[], metavar="KEY.SUB=VALUE", help="change a key of that config"
    )
    parser.add_argument("--mean-with", type=Path, metavar="OTHER", help="take the mean with weights of the same model")
    parser.add_argument("--half", action="store_true", help="store convolution kernels as float16")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    return exit_code(lambda: run(make_parser().parse_args(argv)))


def run(args: argparse.Namespace) -> None:
    """Read, change and write the weights; raise `InputError` when that cannot be done."""
    if args.override and not (args.grow or args.slim):
        raise InputError("-o changes the config of --grow CONFIG or --slim CONFIG: give that too")
    state = load_weights(args.input)
    if args.grow:
        state = _grown(state, shipped(args.grow), args.override)
    if args.slim:
        state = _slim(state, shipped(args.slim), args.override)
    if args.mean_with:
        state = mean(state, load_weights(args.mean_with))
    save_weights(args.output, to_official(state) if args.to == "official" else state, half=args.half)
    print(table(state))
    print(f"{args.input} -> {args.output}, {args.output.stat().st_size / 2**20:.1f} MiB, {args.to} names")


def _grown(state: Mapping[str, np.ndarray], config: str, overrides: list[str]) -> dict[str, np.ndarray]:
    from paddlevideo.utils.runtime import import_paddle

    import_paddle()  # which all other work here does without
    import paddle

    from paddlevideo.config.loading import load_config
    from paddlevideo.modeling import build_model
    from paddlevideo.weights.grow import grown

    paddle.seed(0)  # what is new is the same each time
    return grown(state, build_model(load_config(config, overrides)["MODEL"]))


def _slim(state: Mapping[str, np.ndarray], config: str, overrides: list[str]) -> dict[str, np.ndarray]:
    from paddlevideo.utils.runtime import import_paddle, prepare_threads

    prepare_threads()
    import_paddle()
    from paddlevideo.config.loading import load_config
    from paddlevideo.loader.builder import build_loader
    from paddlevideo.modeling import build_model
    from paddlevideo.weights.files import apply_weights
    from paddlevideo.weights.slim import slim

    cfg = load_config(config, overrides)
    narrow = build_model(cfg["MODEL"])
    wide = build_model(load_config(config, [*overrides, "MODEL.backbone.encoder.hidden=null"])["MODEL"])
    apply_weights(wide, state, "the weights")
    with closing(build_loader(cfg, seed=0)) as loader:
        steps = -(-SLIM_FRAMES // loader.batch_size)
        batches = [batch["images"][:, 0] for _, (_, batch) in zip(range(steps), loader, strict=False)]
    encoder = narrow.backbone.encoder
    slim(wide.backbone.encoder, encoder, batches)
    inside = {f"backbone.encoder.{name}": value.numpy() for name, value in encoder.state_dict().items()}
    return {**state, **inside}


def mean(state: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the mean of two states of one model, number by number."""
    shapes = [{name: value.shape for name, value in each.items()} for each in (state, other)]
    if shapes[0] != shapes[1]:
        raise InputError("--mean-with: the two files are not of the same model")
    return {name: ((value + other[name]) / 2).astype(value.dtype) for name, value in state.items()}


def table(state: Mapping[str, np.ndarray]) -> str:
    """Return a line a part of the model: its name, arrays, numbers and mebibytes."""
    parts: dict[str, list[np.ndarray]] = {}
    for name, value in state.items():
        depth = 2 if name.startswith("backbone.") else 1
        parts.setdefault(".".join(name.split(".")[:depth]), []).append(value)
    parts["total"] = list(state.values())
    lines = [f"{'part':24}{'arrays':>8}{'numbers':>14}{'MiB':>8}"]
    for part, values in parts.items():
        size = sum(value.size for value in values)
        lines.append(f"{part:24}{len(values):8}{size:14,}{sum(value.nbytes for value in values) / 2**20:8.1f}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
