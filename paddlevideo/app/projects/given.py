"""Masks and strokes that a person brings as files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ...loader.mask_file import MaskReader
from ...loader.notices import Notices
from ...loader.scribbles import MAX_OBJECT_ID, Stroke, read_rounds
from ...utils.errors import InputError
from ..errors import AppError
from ..reasons import guess_of, reason_of
from .actions import Drawn, Shape


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
    with _as_file(folder, picture, f"mask{Path(name).suffix or '.png'}", "not_a_mask", name) as path:
        mask = MaskReader([path], MAX_OBJECT_ID, notices).read(path, orientation)
    if mask.shape != size:
        sizes = {"width": mask.shape[1], "height": mask.shape[0], "video_width": size[1], "video_height": size[0]}
        raise AppError("mask_size", name=name, **sizes)
    return mask, [guess_of(line) for line in notices.document()]


def read_strokes(folder: Path, text: bytes, name: str, frames: int) -> list[tuple[int, Drawn]]:
    """The strokes of a scribble file's bytes, in its order, each with its frame; the video has so many ``frames``.

    How the file's rounds were carried on is left out: strokes that are brought wait, as those that are drawn do.

    Raises:
        AppError: it is no scribble file, or of another video; the message calls it ``name``.
    """
    name = Path(name).name or "strokes.json"
    with _as_file(folder, text, "strokes.json", "not_strokes", name) as path:
        rounds = read_rounds(path, frames, MAX_OBJECT_ID)  # the project says which there are
    return [(stroke.frame, _drawn(stroke)) for strokes in rounds for stroke in strokes]


def _drawn(stroke: Stroke) -> Drawn:
    shape: Shape = "box" if not stroke.counts else "line" if len(stroke.points) > 1 else "click"
    return Drawn(stroke.object_id, stroke.points, shape, stroke.radius)


@contextmanager
def _as_file(folder: Path, data: bytes, file: str, code: str, name: str) -> Iterator[Path]:
    """Bytes as a file for a moment; what its reader says is an `AppError` with this code."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=".given-") as place:
        path = Path(place) / file
        path.write_bytes(data)
        try:
            yield path
        except InputError as error:
            raise AppError(code, name=name, **reason_of(str(error).replace(f"{path}: ", ""))) from error
