"""Masks of one video from scribbles or from its first mask.

    python main.py --infer -c CFG -w WEIGHTS --input clip.mp4 --scribbles strokes.json --output output/clip
    python main.py --infer -c CFG -w WEIGHTS --input frames/ --masks first.png --output output/clip

Writes, all at the video's own size, unless ``--export`` asks for other kinds of results (``--export list`` shows them):

    masks/NAME.png      palette PNG of object ids, one a frame, named like the pictures (of a video: 00000, 00001, ...)
    overlay.mp4         H.264: objects coloured and outlined, strokes on the frames that were annotated
    contact_sheet.png   evenly spaced overlays and every annotated frame, marked
    masks.json          COCO run-length encoding, a record for every object on every frame
    scribbles.json      the strokes as given
    summary.json        what was given and is not used, or could not be read; only where there is such

They replace what an earlier run is known to have written (`utils.written`). A person's file in their place ends the
run.
"""

from __future__ import annotations

import json
import logging
import shutil
from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from tqdm import tqdm

from ..loader.first_masks import Masks, read_first_masks
from ..loader.listing import existing, listed, mask_files, with_home
from ..loader.replay_file import Propagation, RoundSettings, read_sequences, read_settings
from ..loader.scribbles import Rounds, read_rounds, split_by_frame
from ..loader.video import FrameSource, open_frames
from ..session.mask_rounds import run_masks
from ..session.segmenter import Segmenter
from ..session.session import Session
from ..utils import processes
from ..utils.errors import DamagedInput, InputError
from ..utils.written import Written
from ..writers.clip_info import ClipInfo, ObjectInfo, Recording
from ..writers.edges import Edge
from ..writers.exporter import Exporter, all_exporters, check_exporters, find_exporters, write_clip

Exporters = Sequence[type[Exporter]]
WHOLE = Propagation()
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Start:
    """What a person gave: rounds of strokes, each on one frame, or masks of some frames."""

    objects: int
    rounds: Rounds
    masks: Masks = field(default_factory=dict)
    settings: Sequence[RoundSettings] = ()  # of the first rounds, how they were drawn and carried on
    names: Sequence[str] = ()  # of the objects, in the order of their ids
    edge: Edge = Edge()  # of the objects in results

    def clip(self, frames: FrameSource) -> ClipInfo:
        """What exporters get to know about the video."""
        annotated = {strokes[0].frame for strokes in self.rounds} | set(self.masks)
        recording = Recording(self.rounds, self.settings, frozenset(annotated))
        names = self.names or [""] * self.objects
        objects = [ObjectInfo(number, name) for number, name in enumerate(names, 1)]
        return ClipInfo.of(frames, objects, recording, show_strokes=True, edge=self.edge)

    def shown(self, names: Sequence[str] | None, edge: Edge) -> Start:
        """Return the same with these names and edges of its objects; raise `InputError` unless each has a name."""
        if names and len(names) != self.objects:
            raise InputError(
                f"--names {','.join(names)}: {len(names)} for {self.objects} object{'s' * (self.objects != 1)}; give "
                "one for each, in the order of their ids"
            )
        return replace(self, names=names or (), edge=edge)


def infer(cfg: Mapping[str, Any], args: Namespace) -> None:
    """Run ``main.py --infer``; bad input raises `InputError` before the model is built, and nothing is half-written."""
    segment_video(lambda: Segmenter.from_config(cfg, args.weights, args.engine), args, [args.weights])


def segment_video(load: Callable[[], Segmenter], args: Namespace, network: Sequence[str | Path]) -> None:
    """As `infer`, with the segmenter that ``load`` returns; ``network`` are the files it is made of."""
    exporters, edge = find_exporters(args.export), Edge(args.grow, args.feather)
    frames = open_frames(args.input, lenient=True)
    scribbles = str(existing(args.scribbles)) if args.scribbles else None
    start = read_start(frames, scribbles, args.masks, args.objects, args.mask_frame).shown(args.names, edge)
    check_exporters(exporters, start.clip(frames))
    masks = mask_files(existing(args.masks)) if args.masks else []
    output = check_output(args.output, frames, exporters, (scribbles, *masks, *network))
    session = load().open(frames, start.objects, undo_depth=1)
    segment(session, frames, start, exporters, output, scribbles)
    _logger.info("wrote %s of %d frames to %s", ", ".join(each.name for each in exporters), len(frames), output.folder)
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


def segment(
    session: Session,
    frames: FrameSource,
    start: Start,
    exporters: Exporters,
    output: Written,
    scribbles: str | None,
) -> None:
    """Run all rounds and put the results in place of earlier ones, with a copy of ``scribbles`` and what is `told`."""
    run_rounds(session, start, len(frames))
    with output.replacing(*result_names(exporters), *earlier_names(output)) as folder:
        clip = start.clip(frames)
        steps = write_clip([each(clip, folder / each.name) for each in exporters], frames, session.mask)
        for _ in _bar(steps, "writing", len(frames)):
            pass
        if scribbles:
            shutil.copyfile(scribbles, folder / "scribbles.json")
        if document := told(frames):
            (folder / "summary.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def told(frames: FrameSource) -> dict[str, Any]:
    """What was given and is not used, or could not be read, for JSON; empty where there is nothing of it."""
    found = {"unreadable": frames.unreadable, "notices": frames.notices.document()}
    return {key: value for key, value in found.items() if value}


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
    if mask_frame is not None and not first_mask:
        raise InputError(f"--mask_frame {mask_frame}: says which frame --masks is of; pass a mask with --masks PNG")
    if first_mask:
        masks = read_first_masks(first_mask, frames, objects, mask_frame)
        objects = objects or max(int(mask.max()) for mask in masks.values())
    settings: list[RoundSettings] = []
    if scribbles:
        rounds = read_rounds(scribbles, len(frames), objects)
        for frame in sorted({stroke.frame for strokes in rounds for stroke in strokes}):
            frames.require(frame, scribbles)
        settings = read_settings(scribbles, len(frames))
        video = Path(frames.path)
        others = [name for name in read_sequences(scribbles) if Path(name).stem not in (video.name, video.stem)]
        if others and video.name:
            frames.notices.add(f"{scribbles} was drawn on another video, or this one has a new name", *others)
        largest = max(stroke.object_id for strokes in rounds for stroke in strokes)
        largest = max(largest, *(max(each.ids, default=0) for each in settings))
        if objects and largest > objects:
            raise InputError(f"{scribbles}: object {largest} is named, but --objects says that there are {objects}")
        if not largest and not masks:
            raise InputError(f"{scribbles}: only background strokes (object_id 0); draw at least one on object 1")
        objects = objects or largest
    assert objects is not None
    drawn = {stroke.object_id for strokes in rounds for stroke in strokes}
    held = drawn.union(*(np.unique(mask).tolist() for mask in masks.values()))
    if masks and (absent := sorted(set(range(1, max(held) + 1)) - held)):
        frames.notices.add(f"ids up to {max(held)} are objects; those that no mask has stay empty", *absent)
    rounds, settings = _by_frame(rounds, settings)
    return Start(objects, rounds, masks, settings)


def _by_frame(rounds: Rounds, settings: Sequence[RoundSettings]) -> tuple[Rounds, list[RoundSettings]]:
    """Split rounds over several frames into one each, with the settings of the whole."""
    parts = [
        (part, setting) for strokes, setting in zip(rounds, settings, strict=True) for part in split_by_frame(strokes)
    ]
    return [part for part, _ in parts], [setting for _, setting in parts]


def result_names(exporters: Exporters) -> list[str]:
    """The files and folders that a run writes; done.json goes first, so that it never stands beside a mixture."""
    return ["done.json", *(each.name for each in exporters), "scribbles.json", "summary.json"]


def earlier_names(output: Written) -> list[str]:
    """Results of any kind that an earlier run wrote, and nobody else: they do not come from this run."""
    return [each.name for each in all_exporters() if output.owns(each.name)]


def check_output(
    output: str | None, frames: FrameSource, exporters: Exporters, inputs: Iterable[str | Path | None] = ()
) -> Written:
    """Return the record of the folder to write to.

    Raises `InputError` where nothing can be written, and where a person's file or an input (a frame, or one of
    ``inputs``) is in the place of a result.
    """
    path = check_writable(output)
    if path.resolve() == Path(frames.path).resolve():
        raise InputError(f"--output {output}: is the folder of the input pictures; name another one")
    written = Written(path, [*frames.files, *(each for each in inputs if each)])
    written.check(*result_names(exporters))
    return written


def check_writable(output: str | None) -> Path:
    """Return ``--output`` as an absolute path; raise `InputError` when it is no folder that can be written to."""
    if not output:
        raise InputError("--infer needs a folder for its results; pass it with --output DIR")
    path = with_home(output).absolute()
    if path.exists() and not path.is_dir():
        raise InputError(f"--output {output}: is a file; name a folder")
    parent = next(place for place in (path, *path.parents) if place.exists())
    try:
        # Permissions do not tell: some file systems let nobody write, and root may write where they forbid it.
        with TemporaryDirectory(prefix=".", dir=parent):
            return path
    except OSError as error:
        raise InputError(
            f"--output {output}: {parent} is not a folder that can be written to ({error.strerror}); name another one"
        ) from error


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
