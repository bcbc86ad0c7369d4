"""Check annotated videos file by file, and write them as a DAVIS folder that training, test and inference take."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from ..loader.clip import IGNORE
from ..loader.mask_names import is_sparse
from ..utils.errors import InputError
from ..writers.contact_sheet import ContactSheet
from ..writers.masks import write_mask
from ..writers.overlay import draw_overlay
from .sources import SourceSequence
from .write_davis import new_davis_folder, write_splits

PREVIEWS = 24
LEAST_FRAMES = 3
_NO_MASK = "the frame has no mask"


@dataclass(frozen=True)
class Finding:
    """Something about one file; ``fatal`` ones have to be mended before the data set is written."""

    file: str
    text: str
    fatal: bool = True

    def __str__(self) -> str:
        said = f"{self.file}: {self.text}" if self.file else self.text
        return f"{'mend' if self.fatal else 'note'}: {said}"


@dataclass
class Checked:
    """What is known of a sequence after the check: its size, the ids of its masks, and its most telling frame."""

    sequence: SourceSequence
    size: tuple[int, int] = (0, 0)
    objects: int = 0
    shown: int = 0
    kept: list[int] = field(default_factory=list)  # the frames that are annotated


def check_sequences(sequences: Sequence[SourceSequence], max_objects: int = 20) -> tuple[list[Checked], list[Finding]]:
    """Read every picture and every mask once; return what is known, and what is wrong, file by file."""
    checked, findings = [], []
    for sequence in tqdm(sequences, desc="checking", unit="sequence", delay=2):
        found, problems = _check(sequence, max_objects)
        checked.append(found)
        findings += problems
    for notices in {id(sequence.notices): sequence.notices for sequence in sequences}.values():
        findings += [Finding("", line, fatal=False) for line in notices.lines()]
    return checked, findings


def write_data_set(
    folder: str | Path, checked: Sequence[Checked], val: float = 0.2, seed: int = 0
) -> dict[str, list[str]]:
    """Write the DAVIS folder and ``preview.png``, whole or not at all; return the sequences of each split.

    ``val`` is the share of the sequences that goes to the split ``val``, drawn by ``seed``, at least one where there
    are two. Pictures that are JPEG already are linked or copied as they are.

    Raises:
        InputError: the folder is there and not empty.
    """
    names = [each.sequence.name for each in checked]
    count = max(1, round(val * len(names))) if val > 0 and len(names) > 1 else 0
    drawn = set(np.random.default_rng(seed).permutation(len(names))[:count].tolist())
    splits = {
        "train": [name for place, name in enumerate(names) if place not in drawn],
        "val": [name for place, name in enumerate(names) if place in drawn],
    }
    sheet = ContactSheet()
    with new_davis_folder(folder) as temporary:
        for place, each in enumerate(tqdm(checked, desc="writing", unit="sequence", delay=2)):
            _write(temporary, each)
            if place < PREVIEWS:
                picture = each.sequence.frames.pixels(each.shown)
                mask = each.sequence.read(each.shown, each.size)
                sheet.add(each.shown, draw_overlay(picture, np.zeros(each.size, np.uint8) if mask is None else mask))
        write_splits(temporary, splits)
        sheet.write(temporary / "preview.png")
    return splits


def _check(sequence: SourceSequence, max_objects: int) -> tuple[Checked, list[Finding]]:
    known, findings = Checked(sequence), []
    count = len(sequence.frames.names)
    areas = np.zeros((count, 256), np.int64)
    missing: list[Finding] = []
    for index in range(count):
        problem = _check_frame(known, index, areas)
        if problem is None:
            known.kept.append(index)
            findings += _check_ids(areas[index], sequence.where(index), max_objects)
        else:
            (missing if problem.text.startswith(_NO_MASK) else findings).append(problem)
    if missing and is_sparse(known.kept, count) and not any(finding.fatal for finding in findings):
        text = f"masks on {len(known.kept)} of {count} frames; these are the data set, the others are left out"
        findings.append(Finding(sequence.name, text, fatal=False))
    else:
        findings += missing
    if len(known.kept) < LEAST_FRAMES and count < LEAST_FRAMES:
        findings.append(Finding(sequence.name, f"{count} frames; training takes 3 or more"))
    elif len(known.kept) < LEAST_FRAMES and not any(finding.fatal for finding in findings):
        findings.append(Finding(sequence.name, f"masks on {len(known.kept)} frames; training takes 3 or more"))
    ids = np.flatnonzero(areas[:, 1:IGNORE].any(axis=0)) + 1
    known.objects = int(ids[-1]) if len(ids) else 0
    known.shown = int((areas[:, 1:IGNORE] > 0).sum(axis=1).argmax()) if len(areas) else 0
    if not len(ids) and not any(finding.fatal for finding in findings):
        findings.append(Finding(sequence.name, "no object in any mask; leave the sequence out"))
    elif len(ids) != known.objects and known.objects <= max_objects:
        absent = sorted(set(range(1, known.objects)) - set(ids.tolist()))
        findings.append(Finding(sequence.name, f"ids up to {known.objects}, {absent} in no mask", fatal=False))
    return known, findings


def _check_frame(known: Checked, index: int, areas: np.ndarray) -> Finding | None:
    """Count the ids of a frame into ``areas``, or return what is wrong with it."""
    sequence = known.sequence
    try:
        size = sequence.frames.size(index)
    except InputError as error:
        return Finding(sequence.frames.where(index), _without_name(error, sequence.frames.where(index)))
    known.size = known.size if any(known.size) else size
    if size != known.size:
        return Finding(sequence.frames.where(index), f"{_wh(size)}, the first frame is {_wh(known.size)}; use one size")
    try:
        mask = sequence.read(index, size)
    except InputError as error:
        return Finding(sequence.where(index), _without_name(error, sequence.where(index)))
    if mask is None:
        return Finding(sequence.where(index), f"{_NO_MASK}; annotate it, or remove the frame")
    if mask.shape != size:
        lying = sequence.frames.orientation(index) > 4 and mask.shape == size[::-1]
        why = "it was made of the frame as stored, lying; save the frames upright" if lying else "use one size"
        return Finding(sequence.where(index), f"{_wh(mask.shape)}, its frame is {_wh(size)}; {why}")
    areas[index] = np.bincount(mask.ravel(), minlength=256)
    return None


def _without_name(error: InputError, name: str) -> str:
    return str(error).removeprefix(f"{name}: ")


def _check_ids(areas: np.ndarray, where: str, max_objects: int) -> list[Finding]:
    ids = np.flatnonzero(areas[1:IGNORE]) + 1
    if not len(ids):
        return [Finding(where, "empty: no object in this frame", fatal=False)]
    if ids[-1] > max_objects:
        text = (
            f"{len(ids)} ids, the largest {ids[-1]}: more than {max_objects}; a grey picture with soft edges is no mask"
        )
        return [Finding(where, f"{text} of ids (save it with a palette), else raise --max_objects")]
    return []


def _write(root: Path, each: Checked) -> None:
    sequence = each.sequence
    pictures = root / "JPEGImages" / "480p" / sequence.name
    pictures.mkdir(parents=True)
    for place, index in enumerate(each.kept):
        target = pictures / f"{place:05d}.jpg"
        file = sequence.frames.jpeg(index)
        if file is not None:
            _link(file, target)
        else:
            Image.fromarray(sequence.frames.pixels(index)).save(target, quality=95)
        mask = sequence.read(index, each.size)
        assert mask is not None  # checked
        write_mask(root / "Annotations" / "480p" / sequence.name / f"{place:05d}.png", mask)
    for path in sequence.scribbles if len(each.kept) == len(sequence.frames.names) else []:
        folder = root / "Scribbles" / sequence.name
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / path.name)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source.resolve(), target)
    except OSError:  # another disk, or one without links
        shutil.copyfile(source, target)


def _wh(size: Sequence[int]) -> str:
    return f"{size[1]}x{size[0]}"
