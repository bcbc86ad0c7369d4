"""Masks of one video from scribbles or from its first mask.

    python main.py --infer -c CFG -w WEIGHTS --input clip.mp4 --scribbles strokes.json --output output/clip
    python main.py --infer -c CFG -w WEIGHTS --input frames/ --masks first.png --output output/clip

Writes, all at the video's own size:

    masks/NAME.png      palette PNG of object ids, one a frame, named like the pictures (of a video: 00000, 00001, ...)
    overlay.mp4         H.264: objects coloured and outlined, strokes on the frames that were annotated
    contact_sheet.png   evenly spaced overlays and every annotated frame, marked
    masks.json          COCO run-length encoding, a record for every object on every frame
    scribbles.json      the strokes as given
"""

from __future__ import annotations

import logging
import os
import shutil
from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ..loader.first_masks import Masks, read_first_masks
from ..loader.listing import listed
from ..loader.preprocess import Preprocess
from ..loader.replay_file import Propagation, RoundSettings, read_settings
from ..loader.scribbles import Rounds, Stroke, read_rounds, split_by_frame
from ..loader.video import FrameSource, open_frames
from ..modeling import build_model
from ..session.engine import build_engine
from ..session.session import Session
from ..session.settings import engine_precision, session_settings
from ..utils import processes
from ..utils.errors import DamagedInput, InputError
from ..utils.files import atomic_folder
from ..weights.files import load_into
from ..writers.contact_sheet import ContactSheet, choose_frames
from ..writers.masks import write_mask
from ..writers.overlay import OverlayWriter, draw_overlay, draw_strokes
from ..writers.rle import encode_mask, write_rle
from .mask_rounds import run_masks

SHEET_PICTURES = 12
WHOLE = Propagation()
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Start:
    """What a person gave: rounds of strokes, each on one frame, or masks of some frames."""

    objects: int
    rounds: Rounds
    masks: Masks = field(default_factory=dict)
    settings: Sequence[RoundSettings] = ()  # of the first rounds, how they were drawn and carried on

    def strokes_of(self, frame: int) -> list[Stroke]:
        """Return the strokes of all rounds on ``frame``."""
        return [stroke for strokes in self.rounds for stroke in strokes if stroke.frame == frame]

    @property
    def annotated(self) -> set[int]:
        """The frames a person worked on."""
        return {strokes[0].frame for strokes in self.rounds} | set(self.masks)


def infer(cfg: Mapping[str, Any], args: Namespace) -> None:
    """Run ``main.py --infer``; bad input raises `InputError` before the model is built, and nothing is half-written."""
    frames = open_frames(args.input, lenient=True)
    start = read_start(frames, args.scribbles, args.masks, args.objects, getattr(args, "mask_frame", None))
    output = check_output(args.output, frames)
    preprocess = Preprocess(**cfg["PIPELINE"]["input"])

    model = build_model(cfg["MODEL"])
    load_into(model, args.weights)
    model.eval()
    engine = build_engine(model, args.engine, engine_precision(cfg))
    session = Session(engine, frames, preprocess, start.objects, undo_depth=1, **session_settings(cfg))
    segment(session, frames, start, output, args.scribbles)
    _logger.info("wrote the masks of %d frames, overlay.mp4 and contact_sheet.png to %s", len(frames), output)
    frames.notices.tell()
    check_damage(frames)


def check_damage(frames: FrameSource) -> None:
    """Raise `DamagedInput` when there are frames that others stood in for; call when all is written."""
    if frames.unreadable:
        lost = sorted(frames.unreadable)
        raise DamagedInput(
            f"{frames.path}: {len(lost)} of {len(frames)} frames cannot be read, their masks are those of the frames "
            f"beside them: {listed(frames.names[index] for index in lost)}; first of them: {frames.unreadable[lost[0]]}"
        )


def segment(session: Session, frames: FrameSource, start: Start, output: Path, scribbles: str | None) -> None:
    """Run all rounds and put the results, and a copy of the file ``scribbles``, into the folder ``output``."""
    run_rounds(session, start, len(frames))
    with atomic_folder(output) as folder:
        write_results(folder, session, frames, start)
        if scribbles:
            shutil.copyfile(scribbles, folder / "scribbles.json")
    if not scribbles:  # of an earlier run: these masks do not come from it
        (output / "scribbles.json").unlink(missing_ok=True)


def read_start(
    frames: FrameSource,
    scribbles: str | None,
    first_mask: str | None,
    objects: int | None,
    mask_frame: int | None = None,
) -> Start:
    """Read masks, strokes or both (the masks first, then the rounds correct them).

    Raises `InputError` for bad ones and for an object that is not among ``objects``. A round with strokes on several
    frames becomes several, in frame order.
    """
    if not (scribbles or first_mask):
        raise InputError("--infer starts from --scribbles JSON or from --masks PNG; pass one of them, or both")
    masks: Masks = {}
    rounds: Rounds = []
    if first_mask:
        masks = read_first_masks(first_mask, frames, objects, mask_frame)
        objects = objects or max(int(mask.max()) for mask in masks.values())
    settings: list[RoundSettings] = []
    if scribbles:
        rounds = read_rounds(scribbles, len(frames), objects)
        settings = read_settings(scribbles, len(frames))
        largest = max(stroke.object_id for strokes in rounds for stroke in strokes)
        largest = max(largest, *(max(each.ids, default=0) for each in settings))
        if objects and largest > objects:
            raise InputError(f"{scribbles}: object {largest} is named, but --objects says that there are {objects}")
        if not largest and not masks:
            raise InputError(f"{scribbles}: only background strokes (object_id 0); draw at least one on object 1")
        objects = objects or largest
    assert objects is not None
    rounds, settings = _by_frame(rounds, settings)
    return Start(objects, rounds, masks, settings)


def _by_frame(rounds: Rounds, settings: Sequence[RoundSettings]) -> tuple[Rounds, list[RoundSettings]]:
    """Split rounds over several frames into one each, with the settings of the whole."""
    parts = [
        (part, setting) for strokes, setting in zip(rounds, settings, strict=True) for part in split_by_frame(strokes)
    ]
    return [part for part, _ in parts], [setting for _, setting in parts]


def check_output(output: str | None, frames: FrameSource) -> Path:
    """Return the folder to write to; raise `InputError` where nothing can be written or something foreign would go."""
    path = check_writable(output)
    if path.resolve() == Path(frames.path).resolve():
        raise InputError(f"--output {output}: is the folder of the input pictures; name another one")
    masks = path / "masks"
    foreign = [entry for entry in masks.iterdir() if entry.suffix != ".png"] if masks.is_dir() else []
    if foreign or masks.is_file():
        raise InputError(f"--output {output}: {(foreign or [masks])[0]} would be lost; move it or name another folder")
    return path


def check_writable(output: str | None) -> Path:
    """Return ``--output`` as an absolute path; raise `InputError` when it is no folder that can be written to."""
    if not output:
        raise InputError("--infer needs a folder for its results; pass it with --output DIR")
    path = Path(output).absolute()
    if path.exists() and not path.is_dir():
        raise InputError(f"--output {output}: is a file; name a folder")
    parent = next(place for place in (path, *path.parents) if place.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise InputError(f"--output {output}: {parent} is not a folder that can be written to; name another one")
    return path


def run_rounds(session: Session, start: Start, frames: int) -> None:
    """Feed the session round by round, each propagated over the whole clip."""
    run_masks(session, start.masks, frames, start.objects, lambda title, how: propagate(session, frames, title, how))
    for number, (strokes, settings) in enumerate(zip(start.rounds, start.settings, strict=True), 1):
        _set(session, settings)
        session.add_strokes(strokes)
        for each in settings.propagations:
            _set(session, each)
            propagate(session, frames, f"round {number} of {len(start.rounds)}, frame {strokes[0].frame}", each)


def propagate(session: Session, frames: int, title: str, how: Propagation = WHOLE) -> None:
    """Propagate forward and backward under a bar that shows frames per second."""
    frames = frames if how.frames is None else how.frames
    if frames:
        for _ in _bar(islice(session.propagate(how.span), how.frames), title, frames):
            pass


def _set(session: Session, settings: RoundSettings | Propagation) -> None:
    if settings.objects is not None:
        session.set_objects(settings.objects)
    if settings.locked is not None:
        session.lock(settings.locked)


def _bar(frames: Iterable[Any], title: str, total: int) -> tqdm[Any]:
    # leave=None: a bar below that of many videos goes when it is full.
    return tqdm(frames, desc=title, total=total, unit="frame", leave=None, disable=not processes.is_main())


def write_results(folder: Path, session: Session, frames: FrameSource, start: Start) -> None:
    """Write masks, overlay video, contact sheet and run-length encoding of the whole clip into ``folder``."""
    annotated = start.annotated
    shown = set(choose_frames(len(frames), SHEET_PICTURES, annotated))
    sheet = ContactSheet(annotated)
    records: list[dict[str, Any]] = []
    with OverlayWriter(folder / "overlay.mp4", frames.rate, frames.size) as video:
        for index, name in enumerate(_bar(frames.names, "writing", len(frames))):
            mask = session.mask(index)
            write_mask(folder / "masks" / f"{name}.png", mask)
            records += encode_mask(mask, index, name, start.objects)
            picture = draw_strokes(draw_overlay(frames[index], mask), start.strokes_of(index))
            video.write(picture)
            if index in shown:
                sheet.add(index, picture)
    write_rle(folder / "masks.json", records, frames.size, len(frames))
    sheet.write(folder / "contact_sheet.png")
