"""Training samples: the reference's stage-1 sampling. The dictionary that every dataset hands to the trainer.

`TrainingSamples` is what the loader asks for; see also `clip_dataset.ClipDataset`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from tqdm import tqdm

from ..utils.errors import InputError
from ..utils.processes import is_main
from ..utils.registry import DATASETS
from .clip import IGNORE, TrainingClip
from .damage import MaskDamage
from .davis import DavisFolder, Sequence
from .limits import MAX_OBJECTS, check_object_limit
from .preprocess import Preprocess
from .scribbles import UNLABELLED
from .transforms import Transform

if TYPE_CHECKING:
    import paddle

Sample = dict[str, np.ndarray]
Labels = TypeVar("Labels", np.ndarray, "paddle.Tensor")
STRIDE = 4
NO_ROUND = -1
DRAWS = 8
"""Clips drawn for a sample until one shows an object of its reference frame."""


class TrainingSamples(ABC):
    """A list of training samples, each a pure function of ``(seed, epoch, index)``: resuming repeats nothing.

    A sample is a dictionary of arrays (T frames of H x W, embedding grid h = ceil(H/4), w = ceil(W/4)):
    ``images`` (T, 3, H, W) float32; ``masks`` (T, H, W) int64 ids, 255 ignored; ``previous`` (H, W) int64, the mask of
    frame 1 as propagation gets it; ``reference`` (h, w) int64, the label of frame 0 for global matching, -1 unlabelled;
    ``scribble`` (h, w) int64, the strokes on frame 0, -1 elsewhere; ``interaction_previous`` (h, w) int64, the mask of
    frame 0 before this round, all -1 in the first; ``interaction_reference`` (h, w) int64, what the interaction's own
    global map compares with, the strokes and in the first round their region; ``own_round`` () int64, a seed where the
    network is to answer first and to learn from the correction of that, else -1; ``objects`` () int64, 0 only
    where no draw showed an object.
    """

    @abstractmethod
    def __len__(self) -> int:
        """Samples an epoch."""

    @abstractmethod
    def group(self, index: int) -> str:
        """The sequence of sample ``index``: a batch avoids holding one twice."""

    @abstractmethod
    def sample(self, seed: int, epoch: int, index: int) -> tuple[str, Sample]:
        """The name of a sample's sequence, and the sample."""


def to_grid(mask: Labels) -> Labels:
    """Return a mask (..., H, W), array or tensor, at the embedding's stride, (..., ceil(H/4), ceil(W/4)).

    Of every four rows and columns it keeps the first: the reference's floor rule where sides are multiples of 4, as all
    of its own are (416). Where they are 4k + 1 the corners of mask and grid coincide, as the losses' resize has them.
    """
    return mask[..., ::STRIDE, ::STRIDE]


def assemble(
    clip: TrainingClip,
    preprocess: Preprocess,
    *,
    previous: np.ndarray,
    reference: np.ndarray,
    objects: int,
    scribble: np.ndarray | None = None,
    interaction_previous: np.ndarray | None = None,
    interaction_reference: np.ndarray | None = None,
    own_round: int = NO_ROUND,
) -> Sample:
    """Build the sample dictionary; masks without a value are unlabelled. Ignored pixels become -1 in labels."""

    def label(given: np.ndarray | None) -> np.ndarray:
        return np.full(reference.shape, UNLABELLED, np.int64) if given is None else given.astype(np.int64)

    _check_sides(clip, preprocess)
    reference = np.where(reference == IGNORE, UNLABELLED, reference.astype(np.int64))
    return {
        "images": np.stack([preprocess(frame) for frame in clip.frames]),
        "masks": np.stack(clip.masks).astype(np.int64),
        "previous": np.where(previous == IGNORE, 0, previous).astype(np.int64),
        "reference": reference,
        "scribble": label(scribble),
        "interaction_previous": label(interaction_previous),
        "interaction_reference": label(interaction_reference),
        "own_round": np.asarray(own_round, np.int64),
        "objects": np.asarray(objects, np.int64),
    }


def _check_sides(clip: TrainingClip, preprocess: Preprocess) -> None:
    wanted = preprocess.input_size(*clip.size)
    if clip.size != wanted:
        given, good = ("x".join(map(str, sides)) for sides in (clip.size, wanted))
        raise InputError(
            f"PIPELINE.train.transform: clips are {given} pixels; with PIPELINE.input.stride {preprocess.stride} "
            f"sides are multiples of it and one more: let RandomCrop cut {good}"
        )


def draw_clip(
    draw: Callable[[np.random.Generator], tuple[str, TrainingClip, int]], place: SequenceOf[int]
) -> tuple[str, TrainingClip, int, np.random.Generator]:
    """Return the first of `DRAWS` draws of (name, clip, objects) that has an object, else the last; and its generator.

    ``place`` is the sample's (seed, epoch, index), so that the same sample is drawn the same way again.
    """
    for attempt in range(DRAWS):
        rng = np.random.default_rng([*place, attempt] if attempt else list(place))
        name, clip, objects = draw(rng)
        if objects:
            break
    return name, clip, objects, rng


@dataclass(frozen=True)
class TrainingFolder:
    """A DAVIS folder to train on.

    Args:
        file_path: the DAVIS root.
        split: name of a list in ImageSets; None takes every sequence.
        sequences: names to take instead of a split's.
        resolution: the folder below JPEGImages and Annotations; sizes are read from the files.
        max_objects: more objects than this in a sequence are taken for an error.
    """

    file_path: str
    split: str | None = "train"
    sequences: list[str] | None = None
    resolution: str = "480p"
    max_objects: int = MAX_OBJECTS

    def open(self, frames: int) -> list[Sequence]:
        """Open the sequences and read the table of their objects once.

        Raises:
            InputError: a missing root, split, sequence, frame or mask; a mask whose size is not its frames'; a sequence
                that has no objects, fewer than ``frames`` frames, or more than ``max_objects`` objects.
        """
        found = DavisFolder(self.file_path, self.split, self.sequences, self.resolution, self.max_objects).sequences
        for sequence in tqdm(found, desc="reading masks", unit="sequence", leave=False, delay=2, disable=not is_main()):
            named = f"sequence '{sequence.name}' in {self.file_path}"
            if len(sequence) < frames:
                raise InputError(f"{named} has {len(sequence)} of {frames} frames needed")
            if not sequence.objects:
                raise InputError(f"{named} has no object in any mask: leave it out")
            check_object_limit(sequence, self.max_objects)
        return found


def draw_frames(
    sequence: Sequence, frames: int, rng: np.random.Generator, skip: int = 1, apart: bool = False
) -> list[int]:
    """Draw a reference frame that shows every object, and ``frames`` - 1 frames that follow each other.

    Args:
        sequence: at least ``frames`` frames long.
        frames: how many in all.
        rng: the source of chance.
        skip: the largest step between the following frames; one step is drawn for all of them.
        apart: the reference frame is none of the others, where the sequence allows it.
    """
    following = frames - 1
    step = int(rng.integers(1, skip + 1))
    step = max(1, min(step, (len(sequence) - 1) // max(1, following - 1)))
    start = int(rng.integers(len(sequence) - step * (following - 1)))
    others = [start + step * place for place in range(following)]
    candidates = sequence.complete_frames
    if apart:
        free = np.setdiff1d(candidates, others)
        candidates = free if len(free) else candidates
    return [int(rng.choice(candidates)), *others]


def read_clip(sequence: Sequence, indices: SequenceOf[int]) -> TrainingClip:
    """Return these frames and masks of a sequence."""
    return TrainingClip([sequence.frame(index) for index in indices], [sequence.mask(index) for index in indices])


@DATASETS.register
class DAVISDataset(TrainingSamples):
    """Stage 1 as in the reference code: propagation from a full reference mask and a damaged previous mask.

    The previous frame is uniform over the sequence and the current one is the next in the list (not the next file
    number); the reference frame shows every object, is neither of them, and is drawn from a table instead of by
    reading masks until one fits. Objects are counted over all masks, not the first one. Every sequence is taken
    ``repeat`` times an epoch: five, as in the reference, where it was an accident.

    Args:
        folder: the videos.
        frames: 3, or more for further consecutive frames.
        repeat: samples of each sequence an epoch.
        reference: count objects in the first frame's mask, keep those that a crop has lost, and damage masks, as the
            official code does.
        preprocess, transforms: of ``PIPELINE``.
    """

    _flat = ("folder",)
    _built = ("preprocess", "transforms")

    def __init__(
        self,
        folder: TrainingFolder,
        frames: int = 3,
        repeat: int = 5,
        reference: bool = False,
        *,
        preprocess: Preprocess,
        transforms: SequenceOf[Transform] = (),
    ) -> None:
        self.frames = frames
        self.repeat = repeat
        self.preprocess = preprocess
        self.transforms = transforms
        self.sequences = folder.open(frames)
        self.reference = reference
        self.damage = MaskDamage(reference=reference)

    def __len__(self) -> int:
        return len(self.sequences) * self.repeat

    def group(self, index: int) -> str:
        return self.sequences[index % len(self.sequences)].name

    def sample(self, seed: int, epoch: int, index: int) -> tuple[str, Sample]:
        sequence = self.sequences[index % len(self.sequences)]

        def draw(rng: np.random.Generator) -> tuple[str, TrainingClip, int]:
            clip = read_clip(sequence, draw_frames(sequence, self.frames, rng, apart=True))
            first = sequence.areas[0, 1:IGNORE]
            if self.reference:
                clip = clip.without(np.flatnonzero(first == 0) + 1)
            for transform in self.transforms:
                clip = transform(clip, rng)
            if self.reference:
                return sequence.name, clip, int(np.flatnonzero(first).max(initial=-1)) + 1
            return (sequence.name, *clip.compact())

        name, clip, objects, rng = draw_clip(draw, (seed, epoch, index))
        previous = self.damage(clip.masks[1], rng)
        reference = to_grid(clip.masks[0])
        return name, assemble(clip, self.preprocess, previous=previous, reference=reference, objects=objects)
