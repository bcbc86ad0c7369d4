"""A network written out for other runtimes: each part as a Paddle Inference and an ONNX model, and ``model.yaml``.

`exported` plays with them. Frames may have any size. Heads take one object at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import paddle
import yaml
from paddle import nn

from ...kernels.onnx_graph import onnx_model
from ...kernels.trace import Side, static_layer
from ...modeling import MANet, build_model
from ...utils.errors import InputError
from ...utils.written import Written
from ...weights.files import load_into
from ..engine import Embedder
from ..options import SessionOptions

DESCRIPTION = "model.yaml"
VERSION = 3
HEADER = """\
# An exported network. Sides that are names are open: a frame is height x width, and its grid h x w a quarter of that,
# rounded up; height2 x width2 is half, rounded up. All arrays are float32. With a stride, sides of frames are multiples
# of it and one more.
#   embed      a frame: resized, its colours in the order of preprocess.color, divided by 255, minus mean, through std
#   interact   logits of one id on the annotated frame, by its embedding and the planes
#   propagate  logits of one id on the frame beside one that has a mask, by its embedding and the planes
#   borders    logits of one object against the background at every second pixel, by the frame, its embedding and the
#              object's logit minus the background's; only where the network has a decoder for them
# A plane is 1 where its strokes or its mask are, else 0; maps are distances from 0 to 1; rival planes are those of all
# other ids (strokes: their sum, maps: the nearest). The mask is the id with the largest logit (with borders, the
# background's is 0).
"""


@dataclass(frozen=True)
class Part:
    """One model: its layer, and the names and shapes of its inputs and its output."""

    layer: nn.Layer
    inputs: Mapping[str, Sequence[Side]]
    output: str
    planes: Sequence[str] = ()


class _Head(nn.Layer):
    """A head for one object: embedding (1,C,h,w) and planes (1,P,h,w) to logits (1,1,h,w)."""

    def __init__(self, head: nn.Layer) -> None:
        super().__init__()
        self.head = head

    def forward(self, embedding: paddle.Tensor, planes: paddle.Tensor) -> paddle.Tensor:
        return self.head(paddle.concat([embedding, planes], axis=1))


def export_model(cfg: Mapping[str, Any], weights: str | Path, folder: str | Path) -> list[str]:
    """Write the network of a config with its weights into ``folder``, whole or not at all; return the files' names.

    Raises:
        InputError: the weights are not of that network, or a person's file is in the place of a result.
    """
    options = SessionOptions.from_config(cfg)
    model = build_model(cfg["MODEL"])
    written = Written(folder, [weights])
    parts = _parts(model)
    names = [f"{part}.{kind}" for part in parts for kind in ("json", "pdiparams", "onnx")]
    written.check(DESCRIPTION, *names)
    load_into(model, weights)
    model.eval()
    with written.replacing(DESCRIPTION, *names) as temporary:
        for name, part in parts.items():
            paddle.jit.save(static_layer(part.layer, list(part.inputs.values())), str(temporary / name))
            made = onnx_model(part.layer, dict(part.inputs), part.output, _sides)
            (temporary / f"{name}.onnx").write_bytes(made.SerializeToString())
        text = yaml.safe_dump(_description(cfg, model, options, parts), sort_keys=False, width=100)
        (temporary / DESCRIPTION).write_text(HEADER + text, encoding="utf-8")
        if missing := [name for name in names if not (temporary / name).is_file()]:
            raise InputError(f"this Paddle did not write {', '.join(missing)}; Paddle 3.1 or newer does")
    return [DESCRIPTION, *names]


def _parts(model: MANet) -> dict[str, Part]:
    channels: int = model.embedding.channels

    def head(layer: nn.Layer, planes: Sequence[str]) -> Part:
        inputs = {"embedding": [1, channels, None, None], "planes": [1, len(planes), None, None]}
        return Part(_Head(layer), inputs, "logits", planes)

    image = {"image": [1, 3, None, None]}
    parts = {
        "embed": Part(Embedder(model.backbone, model.embedding), image, "embedding"),
        "interact": head(model.interaction_head, model.interaction_planes),
        "propagate": head(model.propagation_head, model.propagation_planes),
    }
    if model.border_decoder is not None:
        grid = {"embedding": [1, channels, None, None], "logits": [1, 1, None, None]}
        parts["borders"] = Part(model.border_decoder, {**image, **grid}, "finer")
    return parts


def _sides(name: str) -> tuple[str, str]:
    """What the two open sides of an input are called."""
    return ("height", "width") if name == "image" else ("h", "w")


def _description(
    cfg: Mapping[str, Any], model: MANet, options: SessionOptions, parts: Mapping[str, Part]
) -> dict[str, Any]:
    outputs = {
        "embedding": [1, model.embedding.channels, "h", "w"],
        "logits": [1, 1, "h", "w"],
        "finer": [1, 1, "height2", "width2"],
    }
    return {
        "format": VERSION,
        "model": str(cfg.get("model_name", "manet")),
        "preprocess": dict(cfg["PIPELINE"].get("input", {})),
        "network": {
            "interaction_map": model.interaction_map,
            "rivals": model.rivals,
            "border_decoder": model.border_decoder is not None,
            "matching": asdict(model.matching),
        },
        "options": {key: value for key, value in vars(options).items() if value != getattr(SessionOptions(), key)},
        "parts": {
            name: {
                "inputs": {key: [*shape[:2], *_sides(key)] for key, shape in part.inputs.items()},
                "outputs": {part.output: outputs[part.output]},
                **({"planes": [*part.planes]} if part.planes else {}),
            }
            for name, part in parts.items()
        },
    }
