"""Convert weights: any file that ``-w`` takes to a .pdparams under our names, or under the official ones.

python tools/convert_weights.py official.pth ours.pdparams
python tools/convert_weights.py ours.pdparams theirs.pdparams --to official
python tools/convert_weights.py trained.pdparams small.pdparams --half
python tools/convert_weights.py without.pdparams with.pdparams --interaction-map
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from paddlevideo.utils.errors import InputError
from paddlevideo.utils.key_names import to_official
from paddlevideo.utils.weights import load_weights, save_weights


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    summary, examples = (__doc__ or "").split("\n\n", 1)
    parser = argparse.ArgumentParser(
        description=summary, epilog=examples, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("input", type=Path, help="a torch .pth or a Paddle .pdparams")
    parser.add_argument("output", type=Path, help="the .pdparams to write")
    parser.add_argument("--to", choices=("ours", "official"), default="ours", help="whose names to write (ours)")
    parser.add_argument(
        "--interaction-map",
        action="store_true",
        help="add the input of MODEL.interaction_map, without any effect until it is trained",
    )
    parser.add_argument("--mean-with", type=Path, metavar="OTHER", help="take the mean with weights of the same model")
    parser.add_argument("--half", action="store_true", help="store convolution kernels as float16")
    args = parser.parse_args(arguments)
    try:
        state = load_weights(args.input)
        if args.interaction_map:
            state = with_interaction_map(state)
        if args.mean_with:
            state = mean(state, load_weights(args.mean_with))
        save_weights(args.output, to_official(state) if args.to == "official" else state, half=args.half)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(table(state))
    print(f"{args.input} -> {args.output}, {args.output.stat().st_size / 2**20:.1f} MiB, {args.to} names")
    return 0


def with_interaction_map(state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the weights with one more channel (C+3) at the interaction head's input; its answers stay the same.

    The new channel passes its first kernel as it is, and nothing of it goes on.
    """
    first = "interaction_head.layer1."
    kernel = state.get(first + "conv1.weight")
    if kernel is None:
        raise InputError("the weights have no interaction head of ours to widen")
    beside = state.get("propagation_head.layer1.conv1.weight")  # C+3
    if beside is not None and len(beside) == len(kernel):
        raise InputError("the weights have the input of MODEL.interaction_map already; take them as they are")
    centre = np.zeros((1, *kernel.shape[1:]), kernel.dtype)
    centre[..., kernel.shape[2] // 2, kernel.shape[3] // 2] = 1
    ones, zeros = np.ones(1, np.float32), np.zeros(1, np.float32)
    added = {"conv1.weight": centre, "conv1.bias": zeros}
    added |= {"bn1.weight": ones, "bn1.bias": zeros, "bn1._mean": zeros, "bn1._variance": ones}
    wide = {first + name: np.concatenate([state[first + name], value]) for name, value in added.items()}
    mixing = state[first + "conv2.weight"]
    wide[first + "conv2.weight"] = np.concatenate([mixing, np.zeros_like(mixing[:, :1])], axis=1)
    return {**state, **wide}


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
