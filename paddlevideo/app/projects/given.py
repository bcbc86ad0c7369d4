"""Masks that a person brings as files."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from ...loader.mask_file import MaskReader
from ...loader.notices import Notices
from ...loader.scribbles import MAX_OBJECT_ID
from ...utils.errors import InputError
from ..errors import AppError
from ..reasons import guess_of, reason_of


def read_given(
    folder: Path, picture: bytes, name: str, size: tuple[int, int], orientation: int
) -> tuple[np.ndarray, list[dict[str, str]]]:
    """The mask (H,W) of ids in a picture's bytes, at the video's ``size``, and how it was read where that is a guess.

    ``folder`` has room for a moment, ``orientation`` is that of the frame, as EXIF counts.

    Raises:
        AppError: it is no mask, of another size, or nobody can know which way it is turned; the message calls it
            ``name``.
    """
    name = Path(name).name or "mask"
    notices = Notices()
    with tempfile.TemporaryDirectory(dir=folder, prefix=".mask-") as place:
        path = Path(place) / f"mask{Path(name).suffix or '.png'}"
        path.write_bytes(picture)
        try:
            mask = MaskReader([path], MAX_OBJECT_ID, notices).read(path, orientation)
        except InputError as error:
            raise AppError("not_a_mask", name=name, **reason_of(str(error).replace(f"{path}: ", ""))) from error
    if mask.shape != size:
        sizes = {"width": mask.shape[1], "height": mask.shape[0], "video_width": size[1], "video_height": size[0]}
        raise AppError("mask_size", name=name, **sizes)
    return mask, [guess_of(line) for line in notices.document()]
