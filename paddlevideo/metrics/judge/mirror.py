"""A DAVIS folder as the official judge wants it: its names, its palette masks, a scribble file for every start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np

from ...loader.scribbles import Stroke, write_rounds
from ...loader.simulated_strokes import simulate_strokes
from ...utils.errors import InputError
from ...writers.masks import write_mask
from ..round_metric import JudgedSequence, first_annotated_frame

SUBSET = "val"  # a local session knows three names; it does not matter which of them is ours for a while


@dataclass(frozen=True)
class Start:
    """What a game begins with: strokes of one frame, of a person or of the judge's robot."""

    strokes: list[Stroke]
    drawn_by: Literal["human", "robot"]


def find_starts(package: ModuleType, sequence: JudgedSequence) -> list[Start]:
    """Return the human scribbles of a sequence, a start a file, else what the official robot draws.

    The robot sees an empty prediction of the first frame that shows every object at a decent size. It draws nothing on
    objects whose skeleton is a point, a disc for one: these get a simulated stroke of ours, as nobody would leave them.

    Raises:
        InputError: the objects are too small for a stroke.
    """
    starts = [Start(_first_frame_of(strokes), "human") for strokes in sequence.scribbles() if strokes]
    if starts:
        return starts
    frame = first_annotated_frame(sequence)
    truth = sequence.mask(frame)[None]
    robot = package.robot.InteractiveScribblesRobot(**package.evaluation.service.ROBOT_DEFAULT_PARAMETERS)
    drawn = robot.interact(sequence.name, np.zeros_like(truth), truth, nb_objects=sequence.objects, frame=0)
    strokes = [Stroke(one.object_id, frame, one.points) for one in strokes_of(drawn)]
    simulated = simulate_strokes(truth[0], None, frame, np.random.default_rng(0))
    drawn_on = {stroke.object_id for stroke in strokes}
    strokes += [stroke for stroke in simulated if stroke.object_id and stroke.object_id not in drawn_on]
    if not any(stroke.object_id for stroke in strokes):
        raise InputError(
            f"sequence '{sequence.name}': its objects are too small for the robot on frame {frame}; leave it out of "
            "the split or add a scribble file"
        )
    return [Start(strokes, "robot")]


def strokes_of(document: Mapping[str, Any]) -> list[Stroke]:
    """Return the strokes of the first annotated frame of what the judge hands out; none when it has nothing to say."""
    for frame, entries in enumerate(document["scribbles"]):
        strokes = []
        for entry in entries:
            # A curve of the robot's may leave the picture by a hair.
            points = np.clip(np.asarray(entry["path"], dtype=float), 0.0, 1.0)
            strokes.append(Stroke(int(entry["object_id"]), frame, tuple((float(x), float(y)) for x, y in points)))
        if strokes:
            return strokes
    return []


def lay_out(folder: Path, sequence: JudgedSequence, starts: Sequence[Start]) -> None:
    """Write the truth and the scribbles of a sequence below ``folder``, frames numbered from 00000."""
    for frame in range(len(sequence)):
        write_mask(folder / "Annotations" / "480p" / sequence.name / f"{frame:05d}.png", sequence.mask(frame))
    for number, start in enumerate(starts, 1):
        path = folder / "Scribbles" / sequence.name / f"{number:03d}.json"
        write_rounds(path, [start.strokes], len(sequence), sequence.name)


def table_entry(frames: int, objects: int, scribbles: int, size: tuple[int, int] = (0, 0)) -> dict[str, Any]:
    """Return what the judge's table of sequences says of one; ``size`` is (height, width)."""
    return {
        "num_frames": frames,
        "num_objects": objects,
        "num_scribbles": scribbles,
        "image_size": [size[1], size[0]],
    }


@contextmanager
def registered(package: ModuleType, entries: Mapping[str, dict[str, Any]]) -> Iterator[None]:
    """Within the block the judge knows these sequences, and no others as its subset; then its tables are put back."""
    davis = package.dataset.Davis
    sets, table = davis.sets, davis.dataset
    davis.sets = {SUBSET: list(entries)}
    davis.dataset = {**table, **{name: {"name": name, **entry} for name, entry in entries.items()}}
    try:
        yield
    finally:
        davis.sets, davis.dataset = sets, table


def _first_frame_of(strokes: Sequence[Stroke]) -> list[Stroke]:
    frame = min(stroke.frame for stroke in strokes)
    return [stroke for stroke in strokes if stroke.frame == frame]
