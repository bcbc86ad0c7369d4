"""Samples for training both heads together: real and synthetic clips, simulated interactions."""

from __future__ import annotations

from collections.abc import Sequence as SequenceOf

import cv2
import numpy as np

from ..utils.registry import DATASETS
from .clip import IGNORE, TrainingClip
from .clip_options import ClipOptions
from .damage import MaskDamage, PartDamage
from .davis import Sequence
from .photographs import PhotographFolder
from .preprocess import Preprocess
from .samples import (
    NO_ROUND,
    Sample,
    TrainingFolder,
    TrainingSamples,
    assemble,
    draw_clip,
    draw_frames,
    read_clip,
    to_grid,
)
from .scribbles import UNLABELLED, draw_label, region_distance, region_of_interest
from .simulated_strokes import simulate_strokes
from .synthetic_clips import Cutout, Drift, paste, photograph_clip
from .transforms import Transform

SEEDS = 2**31  # of corrections, see `own_prob`
PHOTOGRAPHS_PASTED = 0.4
"""Part of the pasted objects cut from photographs (rigid), where there are any; the others are from videos (moving)."""
STILL_LOOKALIKES = 0.5
"""Part of the copies of objects that do not move on their own: a stone beside a grey animal."""
LOOKALIKE_EXTENT = (0.12, 0.6)
"""The copy's longer side, from and to, as a part of the frame's shorter side."""
BACKGROUND_STROKES = 0.2
"""Part of the first rounds that have background strokes too."""
MIN_AREA = 48
"""Objects of fewer pixels in the reference crop are background: less than three cells of the embedding grid."""


@DATASETS.register
class ClipDataset(TrainingSamples):
    """Clips of a DAVIS folder and of photographs, with pasted objects and simulated annotation.

    Args:
        folder: the videos.
        options: what is drawn.
        preprocess, transforms: of ``PIPELINE``.
    """

    _flat = ("folder", "options")
    _built = ("preprocess", "transforms")

    def __init__(
        self,
        folder: TrainingFolder,
        options: ClipOptions,
        *,
        preprocess: Preprocess,
        transforms: SequenceOf[Transform] = (),
    ) -> None:
        self.sequences = folder.open(options.frames)
        self.photographs = PhotographFolder(options.photographs) if options.photographs else None
        self.options = options
        self.preprocess = preprocess
        self.transforms = transforms
        self.drift = Drift()
        self.paste_drift = Drift(shift=0.03)
        self.previous_damage = MaskDamage(shift=0.08, scale=0.05, rotate=4.0, morphology=0.6)
        self.part_damage = PartDamage()

    def __len__(self) -> int:
        return len(self.sequences) * self.options.repeat

    def group(self, index: int) -> str:
        return self.sequences[index % len(self.sequences)].name

    def sample(self, seed: int, epoch: int, index: int) -> tuple[str, Sample]:
        name, clip, objects, rng = draw_clip(lambda rng: self._draw(index, rng), (seed, epoch, index))
        return name, self._annotate(clip, objects, rng)

    def _draw(self, index: int, rng: np.random.Generator) -> tuple[str, TrainingClip, int]:
        """The name, the clip and the number of its objects, after the transforms."""
        name, clip = self._base(index, rng)
        if self.options.lookalike_prob and rng.random() < self.options.lookalike_prob:
            clip = self._add_lookalike(clip, rng)
        for _ in range(2):
            if rng.random() >= self.options.paste_prob:
                break
            clip = self._paste(clip, rng)
        for transform in self.transforms:
            clip = transform(clip, rng)
        return (name, *clip.compact(MIN_AREA))

    def _base(self, index: int, rng: np.random.Generator) -> tuple[str, TrainingClip]:
        """A video clip of the sequence that ``index`` stands for, or a photograph instead."""
        sequence = self.sequences[index % len(self.sequences)]
        side, (height, width) = self.options.short_side, sequence.size
        if self.photographs is not None and rng.random() < self.options.photograph_share:
            photograph = self.photographs.photographs[rng.integers(len(self.photographs))]
            usable = self.photographs.usable(photograph)
            size = (side, round(side * max(height, width) / min(height, width)))
            frames, join = self.options.frames, self.options.join_prob
            clip = photograph_clip(photograph, usable, frames, size, self.drift, rng, join)
            return photograph.name, clip
        scale = side / min(height, width)
        return sequence.name, self._read(sequence, rng).resized((round(height * scale), round(width * scale)))

    def _read(self, sequence: Sequence, rng: np.random.Generator) -> TrainingClip:
        return read_clip(sequence, draw_frames(sequence, self.options.frames, rng, self.options.max_skip))

    def _paste(self, clip: TrainingClip, rng: np.random.Generator) -> TrainingClip:
        """``clip`` with one more object, of a photograph or of any sequence."""
        if self.photographs is not None and rng.random() < PHOTOGRAPHS_PASTED:
            photograph = self.photographs.photographs[rng.integers(len(self.photographs))]
            number = rng.choice(self.photographs.usable(photograph))
            mask = (photograph.instances() == number).astype(np.uint8)
            cutout = Cutout([photograph.image()] * len(clip), [mask] * len(clip))
        else:
            donor = self.sequences[rng.integers(len(self.sequences))]
            cutout = Cutout.of_clip(self._read(donor, rng), rng)
        height, width = clip.size
        motion = self.paste_drift.draw(len(clip), clip.size, (width / 2, height / 2), rng)
        return paste(clip, cutout, motion, rng, distractor=self.options.distractor_prob)

    def _add_lookalike(self, clip: TrainingClip, rng: np.random.Generator) -> TrainingClip:
        """``clip`` with a copy of one of its objects as background, which keeps its place or moves."""
        height, width = clip.size
        motion = self.paste_drift.draw(len(clip), clip.size, (width / 2, height / 2), rng)
        if rng.random() < STILL_LOOKALIKES:
            motion = [motion[0]] * len(clip)
        copy = Cutout.of_clip(clip, rng)
        return paste(clip, copy, motion, rng, extent=LOOKALIKE_EXTENT, near=0.8, front=0.2, distractor=1.0)

    def _annotate(self, clip: TrainingClip, objects: int, rng: np.random.Generator) -> Sample:
        """Simulate the annotator on frame 0 and the network's mask of frame 1."""
        options, truth = self.options, clip.masks[0]
        full = to_grid(truth)
        first = self._label(truth, None, full.shape, rng)
        distance = region_distance(first, options.roi_distance, options.click_region)
        region = region_of_interest(first, distance) if (first != UNLABELLED).any() else first
        scribble, shown, earlier, own_round = first, region, None, NO_ROUND
        corrects = rng.random() < options.correction_prob
        if corrects and options.own_prob and rng.random() < options.own_prob:
            own_round = int(rng.integers(SEEDS))
        elif corrects:
            damaged = self.part_damage(self.previous_damage(truth, rng), rng)
            correction = self._label(truth, damaged, full.shape, rng)
            if (correction != UNLABELLED).any():
                # The memory of global matching keeps the first round: later strokes add to it.
                scribble, earlier = correction, to_grid(damaged)
                shown = np.where(correction != UNLABELLED, correction, region)
        previous = self._damaged(clip.masks[min(1, len(clip) - 1)], options.previous_damage_prob, rng)
        reference = shown
        if rng.random() < options.reference_full_prob:
            reference = self._answer(truth, scribble, rng) if rng.random() < options.reference_damage_prob else full
        return assemble(
            clip,
            self.preprocess,
            previous=previous,
            reference=reference,
            objects=objects,
            scribble=scribble,
            interaction_previous=earlier,
            interaction_reference=shown,
            own_round=own_round,
        )

    def _damaged(self, mask: np.ndarray, prob: float, rng: np.random.Generator) -> np.ndarray:
        """``mask`` (H, W), with probability ``prob`` moved or reshaped; one in four then loses or gains a part."""
        if rng.random() >= prob:
            return mask
        mask = self.previous_damage(mask, rng)
        return self.part_damage(mask, rng) if rng.random() < 0.25 else mask

    def _answer(self, truth: np.ndarray, scribble: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """What a network could have made of the strokes, as far as it is sure: (h, w), -1 elsewhere."""
        label = to_grid(self._damaged(truth, 0.5, rng)).astype(np.int64)
        cells = np.ones((2 * int(rng.integers(3)) + 1,) * 2, np.uint8)
        ids = label.astype(np.uint8)
        unsure = cv2.dilate(ids, cells) != cv2.erode(ids, cells)
        label[unsure | (label == IGNORE)] = UNLABELLED
        return np.where(scribble != UNLABELLED, scribble, label)

    def _label(
        self, truth: np.ndarray, predicted: np.ndarray | None, size: tuple[int, ...], rng: np.random.Generator
    ) -> np.ndarray:
        """The strokes of one round on the embedding grid (h, w), -1 elsewhere."""
        strokes = simulate_strokes(
            truth,
            predicted,
            0,
            rng,
            strokes=(1, 3),
            click=self.options.click_prob,
            partial=0.3,
            background=BACKGROUND_STROKES,
        )
        return draw_label(strokes, (size[0], size[1]))
