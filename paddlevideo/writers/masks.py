"""Masks as palette PNG files, the way DAVIS stores them."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from ..loader.palette import PALETTE
from ..utils.files import atomic_path


def write_mask(path: str | Path, mask: np.ndarray) -> None:
    """Write an (H, W) uint8 mask of ids as a palette PNG, whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(encode_palette(mask))


def encode_palette(mask: np.ndarray) -> bytes:
    """Return the palette PNG of an (H, W) uint8 mask of ids."""
    image = Image.fromarray(np.ascontiguousarray(mask, dtype=np.uint8))
    image.putpalette(PALETTE.tobytes())
    png = BytesIO()
    image.save(png, format="PNG")
    return png.getvalue()
