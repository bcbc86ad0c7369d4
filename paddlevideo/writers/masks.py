"""Masks as palette PNG files, the way DAVIS stores them."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from ..utils.errors import InputError
from ..utils.files import atomic_path

VOID = 255  # pixels that belong to no id


def davis_palette() -> np.ndarray:
    """Return the (256, 3) uint8 colours of the ids: the id's bits dealt to the high bits of R, G and B in turn."""
    colours = np.zeros((256, 3), dtype=np.uint8)
    ids = np.arange(256)
    for bit in range(8):
        channel, place = bit % 3, 7 - bit // 3
        colours[:, channel] |= (((ids >> bit) & 1) << place).astype(np.uint8)
    return colours


PALETTE = davis_palette()


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


def read_mask(path: str | Path, size: tuple[int, int] | None = None) -> np.ndarray:
    """Read a mask of ids as (H, W) uint8 from a palette or grey picture; void pixels (255) become background.

    A grey picture of 0 and 255 alone is one object on black: its 255 becomes object 1.

    Raises:
        InputError: unreadable, a colour picture, ids above 254, or another size than (H, W) ``size``.
    """
    try:
        with Image.open(path) as image:
            mode, pixels = image.mode, np.array(image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: not a readable mask ({reason}); give a palette or grey PNG") from error
    if pixels.ndim != 2:
        raise InputError(f"{path}: a mask holds object ids, this is a colour picture ({mode}); save it as palette PNG")
    if size is not None and pixels.shape != tuple(size):
        raise InputError(
            f"{path}: the mask is {pixels.shape[1]}x{pixels.shape[0]}, the video {size[1]}x{size[0]}; "
            "give a mask of the video's size"
        )
    pixels = pixels.astype(np.int64)
    if pixels.min() < 0 or pixels.max() > VOID:
        raise InputError(f"{path}: id {pixels.max()} is out of range; a mask holds ids from 0 (background) to 254")
    if mode == "L" and set(np.unique(pixels)) == {0, VOID}:
        return (pixels == VOID).astype(np.uint8)
    return np.where(pixels == VOID, 0, pixels).astype(np.uint8)
