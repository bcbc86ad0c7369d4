"""The masks that a person starts from: of one frame or of several, each of the frame that it is named after."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..utils.errors import InputError
from .clip import IGNORE
from .frame_source import FrameSource
from .listing import composed, entries, existing, is_picture, listed
from .mask_file import USUAL_IDS, MaskReader, check_size
from .mask_names import FrameNames, check_counting

_logger = logging.getLogger(__name__)

Masks = dict[int, np.ndarray]  # by frame, (H, W) uint8 ids without 255


def read_first_masks(
    path: str | Path, frames: FrameSource, objects: int | None = None, mask_frame: int | None = None
) -> Masks:
    """Read a mask, or a folder of masks, of the clip ``frames``.

    A mask is of the frame with its name, or with its number (``00005.png``). One whose name says nothing is of frame
    ``mask_frame``, else of frame 0. What fits no frame in a folder goes to the clip's ``notices``.

    Args:
        path: of the mask or the folder.
        frames: the clip.
        objects: how many there are; None for any.
        mask_frame: the frame of a single mask, whatever its name.

    Raises:
        InputError: a mask that is broken, of another size, without objects or with unknown ones, or that fits no frame.
    """
    place = existing(path)
    guessed = False
    if place.is_dir():
        files = _in_folder(place, frames, mask_frame)
    else:
        frame_said = _frame_of(place, frames, mask_frame)
        guessed = frame_said is None
        files = {frame_said or 0: place}
    if len(files) == len(frames) > 1:
        others = [file.name for _, file in sorted(files.items())[1:]]
        frames.notices.add("every frame has a mask, the first one is the start, not used", *others)
        files = {0: files[0]}
    shown = {each.resolve() for each in frames.files}
    for frame, file in files.items():
        if file.resolve() in shown:
            raise InputError(f"{file}: is itself one of the frames; keep masks in a folder apart from them")
        frames.require(frame, str(file))
    reader = MaskReader(list(files.values()), objects or USUAL_IDS, frames.notices)
    masks: Masks = {}
    for frame, file in sorted(files.items()):
        mask = reader.read(file, frames.orientation(frame))
        check_size(file, mask, frames.size, frames.orientation(frame), "the video")
        masks[frame] = np.where(mask == IGNORE, 0, mask).astype(np.uint8)
        largest = int(masks[frame].max())
        if objects and largest > objects:
            raise InputError(f"{file}: unknown object {largest}; --objects says that there are {objects}")
    if not any(mask.any() for mask in masks.values()):
        raise InputError(f"{path}: no object in the mask, every pixel is background; mark objects 1, 2, ...")
    frames.notices.tell()
    if guessed:
        _logger.info("%s: taken for the mask of frame 0, its name says no other", place)
    return masks


def check_masks(masks: Mapping[int, np.ndarray], frames: FrameSource, objects: int | None = None) -> Masks:
    """Return masks in memory, each of the frame of its key, as `read_first_masks` returns those of files.

    Raises:
        InputError: a mask of another type or size, one that holds no ids, or one of a frame that is not there.
    """
    if not isinstance(masks, Mapping):
        raise InputError(f"masks: a {type(masks).__name__}; give a dict, the number of a frame to its mask")
    reader = MaskReader(max_objects=objects or USUAL_IDS, notices=frames.notices)
    found: Masks = {}
    for frame, given in sorted(masks.items()):
        if frame not in range(len(frames)):
            raise InputError(f"mask of frame {frame}: {frames.path} has frames 0 to {len(frames) - 1}")
        mask = reader.read_array(np.asarray(given), name := Path(f"mask of frame {frame}"))
        check_size(name, mask, frames.size, 1, "the video")
        found[frame] = np.where(mask == IGNORE, 0, mask).astype(np.uint8)
    frames.notices.tell()
    return found


def _frame_of(file: Path, frames: FrameSource, mask_frame: int | None) -> int | None:
    """The frame that a mask is of; None where its name says nothing."""
    last = len(frames) - 1
    if mask_frame is not None:
        if not 0 <= mask_frame <= last:
            raise InputError(f"--mask_frame {mask_frame}: there are frames 0 to {last}")
        return mask_frame
    stem, video = composed(file.stem), composed(Path(frames.path).stem)
    if stem == video:
        return 0
    names = FrameNames(frames.names)
    rest = re.sub(re.escape(video), "", stem, flags=re.IGNORECASE) if Path(frames.path).is_file() else stem
    found = names.find_within(rest)
    numbers = [rest] if rest.isdecimal() else names.numbers(rest)
    if found is None and numbers and len(frames) > 1:
        raise InputError(
            f"{file}: no frame is called {' or '.join(numbers)}, there are {frames.names[0]} to {frames.names[last]}; "
            "say which frame it is of with --mask_frame N, counted from 0"
        )
    return found


def _in_folder(folder: Path, frames: FrameSource, mask_frame: int | None) -> dict[int, Path]:
    if mask_frame is not None:
        raise InputError(f"--mask_frame goes with one mask, and {folder} is a folder; its masks are named after frames")
    if Path(frames.path).is_file():  # whose frames have no names but numbers
        check_counting(folder, len(frames))
    names = FrameNames(frames.names)
    found: dict[int, Path] = {}
    for entry in entries(folder):
        frame = names.find(entry.stem) if is_picture(entry) else None
        if frame is not None and frame not in found:
            found[frame] = entry
        else:
            what = "that fit no frame" if frame is None else "of a frame that has one"
            kind = f"masks {what}, not used" if is_picture(entry) else "no masks, not used"
            frames.notices.add(kind, f"{folder.name}/{entry.name}")
    if not found:
        others = listed([entry.name for entry in entries(folder)]) or "nothing"
        raise InputError(
            f"{folder}: no mask is named after a frame ({frames.names[0]}.png to {frames.names[-1]}.png); it holds "
            f"{others}"
        )
    return found
