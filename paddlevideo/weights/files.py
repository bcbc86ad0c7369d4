"""Weights in and out: any supported file to arrays under our names, and those into a network.

Read are our own files, torch's two formats and Paddle's pickles, each by a reader that refuses anything but tensors.
Paddle itself is imported only to fill a network.
"""

from __future__ import annotations

import logging
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..utils.errors import InputError
from ..utils.files import atomic_path
from .encoder import imagenet_weights
from .key_names import to_ours
from .known import known_file
from .safe_pickle import open_file, read_pickle
from .torch_reader import LEGACY_START, ZIP_START, read_torch, widen_bfloat16

if TYPE_CHECKING:
    from paddle import nn

    from ..modeling.backbones.encoder import Encoder

logger = logging.getLogger(__name__)

State = dict[str, np.ndarray]


@dataclass(frozen=True)
class LoadReport:
    """What a load did: names that went in, names of the model without a value, names of the file without a place."""

    matched: list[str]
    missing: list[str]
    unexpected: list[str]

    def __str__(self) -> str:
        parts = [f"{len(self.matched)} matched"]
        for word, names in (("missing", self.missing), ("unexpected", self.unexpected)):
            parts.append(f"{len(names)} {word}" + (f" ({_some(names)})" if names else ""))
        return ", ".join(parts)


def read_file(path: str | Path) -> Any:
    """Return what a torch or Paddle file holds, its names untouched; raise `InputError` when it is neither."""
    path = Path(path)
    known = known_file(path.name)
    if not path.exists() and known:
        raise InputError(f"{path}: not there; download it from {known.address}")
    with open_file(path) as stream:
        start = stream.read(len(LEGACY_START))
    if start.startswith(ZIP_START) or start == LEGACY_START:
        return read_torch(path)
    if not start:
        raise InputError(f"{path}: an empty file; copy or download it again")
    if start.lstrip().startswith((b"<", b"version https")):
        raise InputError(f"{path}: a web page or a pointer in place of the weights; download the file itself")
    if not start.startswith(b"\x80"):
        raise InputError(f"{path}: not a weights file; give a .pdparams or a torch .pth")
    return read_pickle(path)


def load_weights(path: str | Path) -> State:
    """Return the weights in ``path`` under our names, every floating number as float32.

    Raises `InputError` when the file is missing, broken, hostile or without weights.
    """
    contents = read_file(path)
    state = to_ours(_arrays(contents)) if isinstance(contents, Mapping) else {}
    if not state:
        raise InputError(f"{path}: holds no weights; give a state dict of names and tensors")
    return {name: as_float32(value) for name, value in state.items()}


def _arrays(contents: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested dicts with an array where Paddle wrote the pair of a tensor's name and its array."""
    plain: dict[str, Any] = {}
    for name, value in contents.items():
        if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], np.ndarray):
            value = value[1]
        plain[name] = _arrays(value) if isinstance(value, Mapping) else value
    return plain


def as_float32(value: np.ndarray) -> np.ndarray:
    """Return the array with floating numbers as float32; uint16 is how Paddle stores bfloat16."""
    if value.dtype == np.uint16:
        return widen_bfloat16(value)
    return value.astype(np.float32, copy=False) if value.dtype.kind == "f" else value


def apply_weights(layer: nn.Layer, state: Mapping[str, np.ndarray], source: str, partial: bool = False) -> LoadReport:
    """Put ``state`` into ``layer`` (our names on both sides) and log what went where.

    ``source`` names the file in messages. ``partial`` lets the layer keep its own values where ``state`` has none.
    Raises `InputError`, before the layer is touched, when nothing matches, a shape differs, or a value is missing.
    """
    import paddle

    own = layer.state_dict()
    report = LoadReport(
        matched=[name for name in own if name in state],
        missing=[name for name in own if name not in state],
        unexpected=[name for name in state if name not in own],
    )
    if not report.matched:
        raise InputError(
            f"{source}: nothing in it fits this model: it holds {_some(report.unexpected)} while the model wants "
            f"{_some(report.missing)}; give weights of this model or the config they belong to"
        )
    wrong = [name for name in report.matched if tuple(own[name].shape) != state[name].shape]
    if wrong:
        raise InputError(
            f"{source}: weights of another model: '{wrong[0]}' is {state[wrong[0]].shape} there and "
            f"{tuple(own[wrong[0]].shape)} in the model ({len(wrong)} of {len(report.matched)} differ); give the "
            "config that they belong to"
        )
    if report.missing and not partial:
        raise InputError(
            f"{source}: weights of another model: {len(report.missing)} of {len(own)} values are missing "
            f"({_some(report.missing)}); give the config that they belong to"
        )
    for name in report.matched:
        own[name].set_value(paddle.to_tensor(state[name]).astype(own[name].dtype))
    logger.log(logging.WARNING if report.unexpected else logging.INFO, "%s: %s", source, report)
    return report


def load_into(model: nn.Layer, path: str | Path, partial: bool = False) -> LoadReport:
    """Load the file ``path`` into ``model``; see `load_weights` and `apply_weights`."""
    known = known_file(Path(path).name)
    if known:
        logger.info("%s is made for input: color %s, mean %s, std %s", known.name, known.color, known.mean, known.std)
    return apply_weights(model, load_weights(path), str(path), partial)


def load_pretrained(backbone: nn.Layer, pretrained: str) -> LoadReport:
    """Start a DeepLab from ``MODEL.backbone.pretrained``: the path of a file, or ``imagenet``.

    A file may hold a whole model (its backbone is taken), a DeepLab or an encoder alone. ``imagenet`` gives the
    encoder its published weights; raises `InputError` where it has none.
    """
    if pretrained == "imagenet":
        encoder: Encoder = backbone.encoder
        state = encoder.fitted(imagenet_weights(encoder))
        return apply_weights(encoder, state, f"ImageNet weights of {type(encoder).__name__}")
    state = load_weights(pretrained)
    inner = {name.removeprefix("backbone."): value for name, value in state.items() if name.startswith("backbone.")}
    return apply_weights(backbone, inner or state, pretrained, partial=True)


def save_weights(path: str | Path, state: Mapping[str, Any], half: bool = False) -> Path:
    """Write arrays or tensors to ``path`` so that `load_weights` and ``paddle.load`` read them; return the path.

    ``half`` stores kernels (two dimensions or more) as float16 where they fit in its range; norms and biases, which
    are small and carry tiny or large numbers, stay as they are.
    """
    arrays = {name: np.ascontiguousarray(value).reshape(np.shape(value)) for name, value in state.items()}
    if half:
        arrays = {name: _halved(value) for name, value in arrays.items()}
    with atomic_path(path) as temporary, temporary.open("wb") as stream:
        pickle.dump(arrays, stream, protocol=4)
    return Path(path)


def _halved(value: np.ndarray) -> np.ndarray:
    fits = value.dtype == np.float32 and value.ndim > 1 and np.abs(value).max(initial=0) <= np.finfo(np.float16).max
    return value.astype(np.float16) if fits else value


def _some(names: list[str], count: int = 3) -> str:
    return ", ".join(names[:count]) + (", ..." if len(names) > count else "")
