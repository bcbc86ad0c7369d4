"""What a session refuses, each with one line that says what, where and how to mend it.

Shapes: H W the video's own size, h w embedding grid.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np

from ..loader.frame_source import FrameSource
from ..loader.mask_file import MaskReader
from ..loader.scribbles import MAX_OBJECT_ID, UNLABELLED, Stroke
from ..utils.arrays import IGNORE, Labels, Mask
from ..utils.errors import InputError


def object_ids(objects: int | Sequence[int]) -> list[int]:
    """Ids of so many objects, or these ids in order, background left out."""
    ids = list(range(1, objects + 1)) if isinstance(objects, (int, np.integer)) else sorted(set(objects) - {0})
    if not ids or ids[0] < 1 or ids[-1] > MAX_OBJECT_ID:
        raise InputError(f"objects: {objects} must be a number of objects, or ids, from 1 to {MAX_OBJECT_ID}")
    return ids


def one_frame(strokes: Sequence[Stroke]) -> int:
    """The frame that all strokes are on; their points must lie in the picture."""
    frames = sorted({stroke.frame for stroke in strokes})
    if len(frames) != 1:
        where = f"on frames {listed(frames)}" if frames else "but none were given"
        raise InputError(f"strokes: all must be on one frame, {where}; give them frame by frame")
    if any(not stroke.points for stroke in strokes):
        raise InputError(f"strokes on frame {frames[0]}: one has no points; give each at least one")
    if any(not all(0 <= v <= 1 for point in stroke.points for v in point) for stroke in strokes):
        raise InputError(
            f"strokes on frame {frames[0]}: points must be x, y in 0 to 1 of the picture's width and height"
        )
    return frames[0]


def grid_label(label: Labels, frame: int, size: tuple[int, ...], ids: Collection[int]) -> Labels:
    """The label (h,w) of a frame, checked: it has the grid's ``size``, these ids only, and at least one of them."""
    label = np.asarray(label)
    if label.shape != size:
        raise InputError(f"label of frame {frame}: its size is {label.shape}, the embedding grid's is {size}")
    known_ids(set(np.unique(label).tolist()) - {UNLABELLED}, ids, f"label of frame {frame}")
    if not (label != UNLABELLED).any():
        raise InputError(f"label of frame {frame}: nothing is labelled; give at least one pixel an object's id")
    return label.astype(np.int16)


def whole_mask(mask: np.ndarray, frame: int, frames: FrameSource, ids: Collection[int]) -> Mask:
    """The mask (H,W) of a frame as `MaskReader` reads it, checked: it has the video's size, and only these ids or 255.

    What the reader takes for granted is logged.
    """
    name = f"mask of frame {frame}"
    mask = np.asarray(mask)
    if mask.shape[:2] != tuple(frames.size):
        raise InputError(f"{name}: its size is {mask.shape}, the video's is {frames.size}")
    found = MaskReader(max_objects=max(ids), notices=frames.notices).read_array(mask, Path(name))
    frames.notices.tell()
    known_ids(set(np.unique(found).tolist()) - {IGNORE}, ids, name)
    return found.astype(np.uint8)


def span_around(span: tuple[int, int] | None, annotated: Collection[int], frames: FrameSource) -> tuple[int, int]:
    """First and last frame of a span (None is the whole video) that the annotated frames lie in."""
    first, last = span or (0, len(frames) - 1)
    for frame in (first, last):
        known_frame(frame, frames, "span")
    for frame in annotated:
        if not first <= frame <= last:
            raise InputError(f"span: frame {frame} is annotated and not within frames {first} to {last}")
    return first, last


def known_frame(frame: int, frames: FrameSource, what: str) -> None:
    """The video has this frame."""
    if not 0 <= frame < len(frames):
        raise InputError(f"{what}: frame {frame} is out of range; {frames.path} has frames 0 to {len(frames) - 1}")


def known_ids(found: set[int], ids: Collection[int], where: str) -> None:
    """Only these ids were found."""
    unknown = sorted(found - set(ids))
    if unknown:
        raise InputError(
            f"{where}: object {unknown[0]} is not there; there are {listed(ids)} (0 is background), or add it"
        )


def listed(values: Collection[int]) -> str:
    """``1, 2, 3``, or ``none``."""
    return ", ".join(map(str, values)) or "none"
