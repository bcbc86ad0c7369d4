"""What `ClipDataset` draws, and how often: the YAML keys of ``DATASET.train`` beside those of the folder."""

from __future__ import annotations

from dataclasses import dataclass

from ..utils.errors import InputError


@dataclass(frozen=True)
class ClipOptions:
    """Clips, what is pasted into them, and the annotation that is simulated on them.

    Args:
        repeat: samples of each sequence an epoch.
        photographs: folder of a `PhotographFolder`, or None.
        photograph_share: part of the clips made from a photograph instead of a video.
        join_prob: part of the photographs whose first object takes along what touches it: a person and a bike.
        short_side: frames are brought to this height (the shorter side) before the transforms; aspect kept.
        frames: reference, previous, current, and further ones for unrolled propagation; 1 is the reference alone, which
            is enough for ``MODEL.train_heads: interaction``.
        max_skip: largest number of frames from one to the next, drawn for each clip.
        paste_prob: probability of a pasted object, and once there is one, of a second.
        distractor_prob: part of the pasted objects that are background.
        lookalike_prob: part of the clips in which a copy of one of their objects is background, still or moving.
        reference_full_prob: part of the samples whose global matching sees a mask of the reference frame; the others
            see strokes and the filled region of interest.
        reference_damage_prob: part of these masks that are a network's answer: damaged, without the cells at borders
            (which `INFERENCE.references: answer` leaves out as unsure), strokes over it.
        previous_damage_prob: part of the previous masks that are damaged.
        correction_prob: part of the interactions that correct a damaged mask; the others are first rounds.
        own_prob: part of these whose mask before is the network's own answer, which the strokes then correct; the mask
            of the others is a damaged true one. It is the answer to first strokes, and global matching refers to
            it, see `paddlevideo.solver.own_rounds`.
        click_prob: part of the objects and errors that get a single click instead of strokes.
        roi_distance: margin of the region of interest in cells of the embedding grid; 20 at 480 pixels of height.
        click_region: how far an object may reach from a single click, as a share of the short side of the crop; null:
            no further than from strokes. See `INFERENCE.click_region`.
    """

    repeat: int = 5
    photographs: str | None = None
    photograph_share: float = 0.35
    join_prob: float = 0.0
    short_side: int = 270
    frames: int = 3
    max_skip: int = 3
    paste_prob: float = 0.4
    distractor_prob: float = 0.15
    lookalike_prob: float = 0.0
    reference_full_prob: float = 0.4
    reference_damage_prob: float = 0.0
    previous_damage_prob: float = 0.6
    correction_prob: float = 0.5
    own_prob: float = 0.0
    click_prob: float = 0.06
    roi_distance: int = 12
    click_region: float | None = None

    def __post_init__(self) -> None:
        if self.frames < 1:
            raise InputError(
                f"DATASET.train.frames is {self.frames}: it takes 3 or more (reference, previous, current), "
                "or 1 for MODEL.train_heads: interaction"
            )
