"""Samples for training both heads together: real and synthetic clips, simulated interactions."""

from __future__ import annotations

from collections.abc import Sequence as SequenceOf

import cv2
import numpy as np

from ..utils.errors import InputError
from ..utils.registry import DATASETS
from .clip import IGNORE, Clip
from .compose import Cutout, Drift, Matrix, paste, photograph_clip
from .damage import MaskDamage, PartDamage
from .limits import MAX_OBJECTS
from .photographs import PhotographFolder, with_touching
from .preprocess import Preprocess
from .samples import (
    NO_ROUND,
    Sample,
    TrainingSamples,
    assemble,
    draw_clip,
    draw_frames,
    open_sequences,
    read_clip,
    to_grid,
)
from .scribbles import UNLABELLED, draw_label, region_distance, region_of_interest
from .simulated_strokes import simulate_strokes
from .transforms import Transform

SEEDS = 2**31  # of corrections, see `own_prob`
MIN_AREA = 48
"""Objects of fewer pixels in the reference crop are background: less than three cells of the embedding grid."""


@DATASETS.register
class ClipDataset(TrainingSamples):
    """Clips of a DAVIS folder and of photographs, with pasted objects and simulated annotation.

    Args:
        file_path: the DAVIS root.
        split: name of a list in ImageSets; None takes every sequence.
        sequences: names to take instead of a split's.
        resolution: the folder below JPEGImages and Annotations; sizes are read from the files.
        repeat: samples of each sequence an epoch.
        photographs: folder of a `PhotographFolder`, or None.
        photograph_share: part of the clips made from a photograph instead of a video.
        merge_prob: part of the objects of photographs that take along what touches them: masks of videos often hold
            several things, a rider and the horse.
        short_side: frames are brought to this height (the shorter side) before the transforms; aspect kept.
        frames: reference, previous, current, and further ones for unrolled propagation; 1 is the reference alone, which
            ``MODEL.train_heads: interaction`` is content with; 2 are, for that, the annotated frame and any other,
            which an earlier round annotated.
        max_skip: largest number of frames from one to the next, drawn for each clip.
        paste_prob: probability of a pasted object, and once there is one, of a second.
        paste_photographs: part of the pasted objects cut from photographs (rigid), the others from videos (moving).
        distractor_prob: part of the pasted objects that are background.
        reference_full_prob: part of the samples whose global matching sees a mask of the reference frame; the others
            see strokes and the filled region of interest.
        reference_damage_prob: part of these masks that are a network's answer: damaged, without the cells at borders
            (which `INFERENCE.references: answer` leaves out as unsure), strokes over it.
        previous_damage_prob: part of the previous masks that are damaged.
        correction_prob: part of the interactions that correct a damaged mask; the others are first rounds.
        own_prob: part of these whose mask before is the network's own answer, which the strokes then correct; the mask
            of the others is a damaged true one. It is the answer to first strokes, and global matching refers to it; of
            two frames it is what comes of carrying masks on from the second. See `paddlevideo.solver.own_rounds`.
        thorough_prob: part of the corrections of damaged masks that have a stroke on each wrong part, else on the
            largest of each id.
        background_prob: part of the first rounds that have background strokes too.
        click_prob: part of the objects and errors that get a single click instead of strokes.
        roi_distance: margin of the region of interest in cells of the embedding grid; 20 at 480 pixels of height.
        click_region: how far an object may reach from a single click, as a share of the short side of the crop; null:
            no further than from strokes. See `INFERENCE.click_region`.
        max_objects: more objects than this in a sequence are taken for an error.
        preprocess, transforms: of ``PIPELINE``.
    """

    _built = ("preprocess", "transforms")

    def __init__(
        self,
        file_path: str,
        split: str | None = "train",
        sequences: list[str] | None = None,
        resolution: str = "480p",
        repeat: int = 5,
        photographs: str | None = None,
        photograph_share: float = 0.35,
        merge_prob: float = 0.0,
        short_side: int = 270,
        frames: int = 3,
        max_skip: int = 3,
        paste_prob: float = 0.4,
        paste_photographs: float = 0.4,
        distractor_prob: float = 0.15,
        reference_full_prob: float = 0.4,
        reference_damage_prob: float = 0.0,
        previous_damage_prob: float = 0.6,
        correction_prob: float = 0.5,
        own_prob: float = 0.0,
        thorough_prob: float = 0.0,
        background_prob: float = 0.2,
        click_prob: float = 0.06,
        roi_distance: int = 12,
        click_region: float | None = None,
        max_objects: int = MAX_OBJECTS,
        *,
        preprocess: Preprocess,
        transforms: SequenceOf[Transform] = (),
    ) -> None:
        if frames < 1:
            raise InputError(
                f"DATASET.train.frames is {frames}: it takes 3 or more (reference, previous, current), "
                "or 1 or 2 for MODEL.train_heads: interaction"
            )
        self.sequences = open_sequences(file_path, split, sequences, resolution, frames, max_objects)
        self.photographs = PhotographFolder(photographs) if photographs else None
        self.repeat = repeat
        self.photograph_share = photograph_share if photographs else 0.0
        self.merge_prob = merge_prob
        self.short_side = short_side
        self.frames = frames
        self.max_skip = max_skip
        self.paste_prob = paste_prob
        self.paste_photographs = paste_photographs if photographs else 0.0
        self.distractor_prob = distractor_prob
        self.reference_full_prob = reference_full_prob
        self.reference_damage_prob = reference_damage_prob
        self.previous_damage_prob = previous_damage_prob
        self.correction_prob = correction_prob
        self.own_prob = own_prob
        self.thorough_prob = thorough_prob
        self.background_prob = background_prob
        self.click_prob = click_prob
        self.roi_distance = roi_distance
        self.click_region = click_region
        self.preprocess = preprocess
        self.transforms = transforms
        self.drift = Drift()
        self.paste_drift = Drift(shift=0.03)
        self.previous_damage = MaskDamage(shift=0.08, scale=0.05, rotate=4.0, morphology=0.6)
        self.part_damage = PartDamage()

    def __len__(self) -> int:
        return len(self.sequences) * self.repeat

    def group(self, index: int) -> str:
        return self.sequences[index % len(self.sequences)].name

    def sample(self, seed: int, epoch: int, index: int) -> tuple[str, Sample]:
        name, clip, objects, rng = draw_clip(lambda rng: self._draw(index, rng), (seed, epoch, index))
        return name, self._annotate(clip, objects, rng)

    def _draw(self, index: int, rng: np.random.Generator) -> tuple[str, Clip, int]:
        """The name, the clip and the number of its objects, after the transforms."""
        name, clip = self._base(index, rng)
        for _ in range(2):
            if rng.random() >= self.paste_prob:
                break
            clip = self._paste(clip, rng)
        for transform in self.transforms:
            clip = transform(clip, rng)
        return (name, *clip.compact(MIN_AREA))

    def _base(self, index: int, rng: np.random.Generator) -> tuple[str, Clip]:
        """A video clip of the sequence that ``index`` stands for, or a photograph instead."""
        sequence = self.sequences[index % len(self.sequences)]
        height, width = sequence.size
        if self.photographs is not None and rng.random() < self.photograph_share:
            photograph = self.photographs.photographs[rng.integers(len(self.photographs))]
            usable = self.photographs.usable(photograph)
            size = (self.short_side, round(self.short_side * max(height, width) / min(height, width)))
            clip = photograph_clip(photograph, usable, self.frames, size, self.drift, rng, self.merge_prob)
            return photograph.name, clip
        clip = read_clip(sequence, draw_frames(sequence, self.frames, rng, self.max_skip))
        scale = self.short_side / min(height, width)
        return sequence.name, clip.resized((round(height * scale), round(width * scale)))

    def _paste(self, clip: Clip, rng: np.random.Generator) -> Clip:
        """``clip`` with one more object, of a photograph or of any sequence."""
        motion: list[Matrix]
        if self.photographs is not None and rng.random() < self.paste_photographs:
            photograph = self.photographs.photographs[rng.integers(len(self.photographs))]
            number = rng.choice(self.photographs.usable(photograph))
            instances = photograph.instances()
            if self.merge_prob and rng.random() < self.merge_prob:
                instances = with_touching(instances, int(number))
            mask = (instances == number).astype(np.uint8)
            cutout = Cutout([photograph.image()] * self.frames, [mask] * self.frames)
        else:
            donor = self.sequences[rng.integers(len(self.sequences))]
            cutout = Cutout.of_clip(read_clip(donor, draw_frames(donor, self.frames, rng, self.max_skip)), rng)
        height, width = clip.size
        motion = self.paste_drift.draw(self.frames, clip.size, (width / 2, height / 2), rng)
        return paste(clip, cutout, motion, rng, distractor=self.distractor_prob)

    def _annotate(self, clip: Clip, objects: int, rng: np.random.Generator) -> Sample:
        """Simulate the annotator on frame 0 and the network's mask of frame 1."""
        truth = clip.masks[0]
        full = to_grid(truth)
        first = self._label(truth, None, full.shape, rng)
        distance = region_distance(first, self.roi_distance, self.click_region)
        region = region_of_interest(first, distance) if (first != UNLABELLED).any() else first
        scribble, shown, earlier, own_round = first, region, None, NO_ROUND
        corrects = rng.random() < self.correction_prob
        if corrects and self.own_prob and rng.random() < self.own_prob:
            own_round = int(rng.integers(SEEDS))
        elif corrects:
            damaged = self.part_damage(self.previous_damage(truth, rng), rng)
            correction = self._label(truth, damaged, full.shape, rng)
            if (correction != UNLABELLED).any():
                # The memory of global matching keeps the first round: later strokes add to it.
                scribble, earlier = correction, to_grid(damaged)
                shown = np.where(correction != UNLABELLED, correction, region)
        previous = self._damaged(clip.masks[min(1, self.frames - 1)], self.previous_damage_prob, rng)
        reference = shown
        if rng.random() < self.reference_full_prob:
            reference = self._answer(truth, scribble, rng) if rng.random() < self.reference_damage_prob else full
        if self.frames == 2:  # the earlier round's frame, and what its masks have become on the way here
            reference = self._answer(clip.masks[1], np.full(full.shape, UNLABELLED), rng)
            previous = self.part_damage(self.previous_damage(truth, rng), rng)
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
            click=self.click_prob,
            partial=0.3,
            background=self.background_prob,
            thorough=self.thorough_prob,
        )
        return draw_label(strokes, (size[0], size[1]))
