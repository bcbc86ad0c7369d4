"""Samples of stage 2: the interaction head learns round by round, from people's strokes first, then from corrections.

Within a cycle of rounds the first starts from human scribbles. Every later one starts from an `Annotation` of each
sequence: a frame that the network itself has segmented after the rounds before, and strokes that correct it. The
trainer makes them between rounds (`paddlevideo.tasks.rounds`) and puts them into `DAVISRoundsDataset.annotations`.
"""

from __future__ import annotations

from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from ..utils.errors import InputError
from ..utils.registry import DATASETS
from .clip import TrainingClip
from .damage import MaskDamage
from .davis import Sequence
from .preprocess import Preprocess
from .samples import STRIDE, Sample, TrainingFolder, TrainingSamples, assemble, to_grid
from .scribbles import Stroke, region_of_interest
from .simulated_strokes import simulate_strokes
from .transforms import Transform

TRIES = 10
"""Crops drawn for a sample at most; the reference draws until strokes are seen, if need be for ever."""


@dataclass(frozen=True)
class Annotation:
    """A round of corrections: the strokes on a frame, and the frame's mask (H, W) that they correct."""

    frame: int
    strokes: list[Stroke]
    mask: np.ndarray


@DATASETS.register
class DAVISRoundsDataset(TrainingSamples):
    """Stage 2 of the paper: one annotated frame a sample, with the strokes of a round and the mask before it.

    A cycle has ``rounds`` rounds of ``epochs_per_round`` epochs each. A sequence without a human scribble file gets
    simulated strokes.

    Args:
        folder: the videos.
        rounds: rounds of a cycle, the human one included.
        epochs_per_round: passes over the sequences before the network's masks are corrected anew.
        window: frames that the network segments to find the next frame to correct.
        robot: who corrects: ``davis``, the official robot (make judge), or ``simulated``, our own strokes.
        repeat: samples of each sequence an epoch.
        reference: damage the masks as the official code does.
        preprocess, transforms: of ``PIPELINE``.
    """

    _flat = ("folder",)
    _built = ("preprocess", "transforms")

    def __init__(
        self,
        folder: TrainingFolder,
        rounds: int = 3,
        epochs_per_round: int = 30,
        window: int = 8,
        robot: Literal["davis", "simulated"] = "simulated",
        repeat: int = 1,
        reference: bool = False,
        *,
        preprocess: Preprocess,
        transforms: SequenceOf[Transform] = (),
    ) -> None:
        for name, value in {"rounds": rounds, "epochs_per_round": epochs_per_round, "window": window}.items():
            if value < 1:
                raise InputError(f"DATASET.train.{name} is {value}: give 1 or more")
        if robot not in ("davis", "simulated"):
            raise InputError(f"DATASET.train.robot is '{robot}': give davis or simulated")
        self.rounds = rounds
        self.epochs_per_round = epochs_per_round
        self.window = window
        self.robot = robot
        self.repeat = repeat
        self.preprocess = preprocess
        self.transforms = transforms
        self.sequences = folder.open(1)
        self.annotations: dict[str, Annotation] = {}
        self.damage = MaskDamage(reference=reference)

    def __len__(self) -> int:
        return len(self.sequences) * self.repeat

    def group(self, index: int) -> str:
        return self.sequences[index % len(self.sequences)].name

    def phase(self, epoch: int) -> tuple[int, int]:
        """Return the cycle and the round (each from 0) that an epoch belongs to."""
        return divmod(epoch // self.epochs_per_round, self.rounds)

    def _transformed(self, whole: TrainingClip, rng: np.random.Generator) -> TrainingClip:
        """Apply the transforms, again where no stroke is left."""
        for _ in range(TRIES):
            clip = whole
            for transform in self.transforms:
                clip = transform(clip, rng)
            if clip.masks[0].any():
                break
        return clip

    def sample(self, seed: int, epoch: int, index: int) -> tuple[str, Sample]:
        rng = np.random.default_rng([seed, epoch, index])
        sequence = self.sequences[index % len(self.sequences)]
        known = self.annotations.get(sequence.name) if self.phase(epoch)[1] else None
        frame, strokes = (known.frame, known.strokes) if known else first_strokes(sequence, rng)
        truth = sequence.mask(frame)
        before = self.damage(known.mask, rng) if known else np.zeros_like(truth)
        # The strokes lead: a crop has to show what is not 0 in the first mask. Hence 0 is no stroke, and id + 1 one.
        whole = TrainingClip([sequence.frame(frame)], [draw_thick(strokes, truth.shape), truth, before])
        clip = self._transformed(whole, rng)
        drawn, truth, before = clip.masks
        scribble = strokes_to_grid(drawn).astype(np.int64) - 1
        return sequence.name, assemble(
            TrainingClip(clip.frames, [truth]),
            self.preprocess,
            previous=truth,
            reference=to_grid(truth),
            objects=sequence.objects,
            scribble=scribble,
            interaction_previous=to_grid(before) if known else None,
            interaction_reference=scribble if known or not drawn.any() else region_of_interest(scribble),
        )


def first_strokes(sequence: Sequence, rng: np.random.Generator) -> tuple[int, list[Stroke]]:
    """Draw how a person starts on a sequence: one of its human files, else simulated strokes on a complete frame."""
    files = [strokes for strokes in sequence.scribbles() if strokes]
    if files:
        strokes = files[rng.integers(len(files))]
        frame = min(stroke.frame for stroke in strokes)
        return frame, [stroke for stroke in strokes if stroke.frame == frame]
    frame = int(rng.choice(sequence.complete_frames))
    return frame, simulate_strokes(sequence.mask(frame), None, frame, rng)


def draw_thick(strokes: SequenceOf[Stroke], size: tuple[int, ...]) -> np.ndarray:
    """Draw strokes as id + 1 on a uint8 picture of zeros, about a cell of the embedding grid wide."""
    height, width = size
    canvas = np.zeros((height, width), np.uint8)
    for stroke in strokes:
        points = np.asarray(stroke.points) * (width - 1, height - 1)
        cv2.polylines(canvas, [points.round().astype(np.int32)], False, stroke.object_id + 1, thickness=STRIDE - 1)
    return canvas


def strokes_to_grid(drawn: np.ndarray) -> np.ndarray:
    """Bring drawn strokes (H, W) to the embedding's grid (ceil(H/4), ceil(W/4)): a cell has the largest value in it.

    Nearest pixels, which masks are brought there by, would leave gaps in thin lines or lose them.
    """
    height, width = drawn.shape
    whole = np.pad(drawn, ((0, -height % STRIDE), (0, -width % STRIDE)))
    return whole.reshape(whole.shape[0] // STRIDE, STRIDE, -1, STRIDE).max(axis=(1, 3))
