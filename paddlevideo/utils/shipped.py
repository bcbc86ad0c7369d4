"""The files that come with the project: beside the package in a clone, inside it where it is installed."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_WITHIN = _PACKAGE / "shipped"  # laid out like a clone, by setup.py

INSTALLED = _WITHIN.is_dir()
ROOT = _WITHIN if INSTALLED else _PACKAGE.parent
LITE_CONFIG = "configs/segmentation/manet_lite.yaml"
LITE_WEIGHTS = "data/weights/manet_lite.pdparams"


def shipped(path: str) -> str:
    """Return ``path`` when there is such a file, else where the project has one of that name, if it has one."""
    return path if Path(path).exists() or not (ROOT / path).is_file() else str(ROOT / path)
