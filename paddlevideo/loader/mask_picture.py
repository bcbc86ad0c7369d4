"""What a mask file holds before it is known what its values mean: ids of a palette, grey levels, or colours."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageOps

from ..utils.errors import InputError
from .palette import PALETTE
from .picture_file import ORIENTATION, decoding, opened

WHITE = 255
_WHITE16 = 65535
_SOFT = 64  # levels of a picture that has more are no ids
_LOSSY = frozenset({"JPEG", "MPO", "JPEG2000"})


@dataclass(frozen=True)
class MaskPicture:
    """Upright pixels of a mask file.

    Attributes:
        form: whether ``values`` are ids, grey levels or colours.
        values: (H, W) int64 ids, or levels (16 bits up to white become 8), or (H, W, 3) uint8 colours.
        deep: the file has more than 8 bits, so that 255 is nothing special in it.
        lossy: values may be a little off.
        oriented: the file says how it is turned.
    """

    form: Literal["ids", "grey", "colour"]
    values: np.ndarray
    deep: bool = False
    lossy: bool = False
    oriented: bool = False


def read_mask_picture(path: Path) -> MaskPicture:
    """Read a mask file; raise `InputError` when it cannot be decoded, or has several pages or no whole numbers."""
    with decoding(path, "not a readable mask"), opened(path) as picture:
        pages = getattr(picture, "n_frames", 1)
        if pages > 1 and picture.format != "MPO":
            raise InputError(f"{path}: {pages} pages, a mask is one picture; save each as a PNG named after its frame")
        lossy = _is_lossy(picture, path)
        oriented = picture.getexif().get(ORIENTATION) is not None
        form, values, deep = mask_values(ImageOps.exif_transpose(picture), path)
        return MaskPicture(form, values, deep, lossy, oriented)


def _is_lossy(picture: Image.Image, path: Path) -> bool:
    """Whether values may be a little off; WebP and TIFF can hold both kinds."""
    if picture.format == "WEBP":
        return b"VP8L" not in path.read_bytes()
    return picture.format in _LOSSY or picture.info.get("compression") in ("jpeg", "webp")


def as_mask_picture(mask: np.ndarray, name: Path) -> MaskPicture:
    """Return what a mask in memory would be in a file: (H, W) of bool or numbers, or (H, W, 3 or 4) uint8 colours.

    Args:
        mask: the pixels.
        name: what it is called in messages.

    Raises:
        InputError: it has another type or shape, or values that are no whole numbers.
    """
    if mask.ndim == 3 and mask.shape[2] in (3, 4) and mask.dtype == np.uint8:
        return MaskPicture(*mask_values(Image.fromarray(mask), name))
    if mask.ndim != 2 or mask.dtype.kind not in "buif":
        raise InputError(f"{name}: {mask.dtype} of shape {mask.shape}; give ids (H,W), or bool for one object")
    numbers = mask.astype(np.int64) * WHITE if mask.dtype == bool else _of_numbers(mask, name)
    return MaskPicture("grey", numbers, deep=bool((numbers > WHITE).any()))


def mask_values(picture: Image.Image, path: Path) -> tuple[Literal["ids", "grey", "colour"], np.ndarray, bool]:
    """Return the form, the values and whether an upright picture is deep, see `MaskPicture`."""
    mode = picture.mode
    if mode == "P":
        return (*_of_palette(picture), False)
    if mode in ("1", "L"):
        return "grey", np.array(picture.convert("L")).astype(np.int64), False
    if mode.startswith("I") or mode == "F":
        numbers = _of_numbers(np.asarray(picture), path)
        levels = np.unique(numbers)
        white = levels[-1] == _WHITE16 and (len(levels) > _SOFT or not (levels % 257).any())
        return "grey", numbers // 257 if white else numbers, not white
    pixels = np.array(picture.convert("RGBA"))
    colours = _without_transparent(pixels[..., :3], pixels[..., 3], path)
    if (colours == colours[..., :1]).all():
        return "grey", colours[..., 0].astype(np.int64), False
    return "colour", colours, False


def _of_palette(picture: Image.Image) -> tuple[Literal["ids", "grey", "colour"], np.ndarray]:
    """Ids, unless the palette says that they are levels of grey, or that they stand for DAVIS's colours in disorder."""
    ids = np.array(picture)
    table = np.zeros((256, 3), np.uint8)
    entries = np.array(picture.getpalette("RGB") or [], np.uint8).reshape(-1, 3)
    table[: len(entries)] = entries
    used = np.unique(ids)
    colours = table[used]
    if set(used.tolist()) <= {0, WHITE} and not table[0].any() and (table[WHITE] == WHITE).all():
        return "grey", ids.astype(np.int64)
    if (colours == used[:, None]).all():  # a grey picture that was saved with a palette
        return "grey", ids.astype(np.int64)
    black_elsewhere = table[0].any() and any(not table[index].any() for index in used.tolist())
    davis = {tuple(colour): index for index, colour in enumerate(PALETTE.tolist())}
    known = [davis.get(tuple(colour)) for colour in colours.tolist()]
    if black_elsewhere or (None not in known and known != used.tolist() and len(set(known)) == len(known)):
        return "colour", table[ids]
    return "ids", ids.astype(np.int64)


def _of_numbers(values: np.ndarray, path: Path) -> np.ndarray:
    """Return values of 16 or 32 bits as whole numbers."""
    numbers = values.astype(np.int64) if np.isfinite(values).all() else np.full(values.shape, -1)
    if (numbers != values).any() or numbers.min() < 0:
        raise InputError(f"{path}: values that are no whole numbers from 0; a mask holds ids from 0 to 254")
    return numbers


def _without_transparent(colours: np.ndarray, alpha: np.ndarray, path: Path) -> np.ndarray:
    """What is transparent is background; where all that is seen is black, the seen itself is the object."""
    if alpha.min() == WHITE:
        return colours
    if alpha.max() == 0:
        raise InputError(f"{path}: wholly transparent; save the mask without transparency")
    if not colours[alpha > 0].any():
        return np.repeat(alpha[..., None], 3, axis=2)
    if (colours == colours[..., :1]).all():
        grey = (colours[..., 0].astype(np.int64) * alpha + WHITE // 2) // WHITE
        return np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)
    return np.where(alpha[..., None] >= 128, colours, np.uint8(0))
