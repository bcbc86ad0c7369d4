"""What a session consists of: a round, what it gives a frame, and the state that rounds change.

Shapes: O ids incl. background, H W the video's own size, h w embedding grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..loader.scribbles import UNLABELLED, Stroke
from ..utils.arrays import Floats, Labels, Mask
from .matching import MatchingReference
from .memory.distance_maps import GlobalMemory, LocalMemory, StoredMaps
from .memory.masks import CompressedMask, MaskStore, only
from .memory.probability_maps import ProbabilityMemory

SavedFrame = tuple[CompressedMask | None, StoredMaps | None]


@dataclass(frozen=True, eq=False)
class FrameResult:
    """One frame's answer: its mask (H,W) at the video's own size and the logits (O,h,w) behind it.

    A mask given by a person has 1 and 0 for logits.
    """

    frame: int
    mask: Mask
    logits: Floats


@dataclass(frozen=True, eq=False)
class FrameUpdate:
    """A frame's answer, and what a state is to take over for it; None leaves that as it is.

    Attributes:
        result: the answer.
        grid: its mask on the embedding grid (h,w).
        probabilities: (O,h,w), where rounds mix.
        global_maps: the aggregated ones.
        local_maps: those that the round has computed.
    """

    result: FrameResult
    grid: Mask | None = None
    probabilities: Floats | None = None
    global_maps: StoredMaps | None = None
    local_maps: StoredMaps | None = None


@dataclass(frozen=True, eq=False)
class Answer:
    """What an interaction is answered with: the annotated frame's update, and what other frames are matched with."""

    update: FrameUpdate
    reference: MatchingReference


@dataclass(eq=False)
class State:
    """Everything that a round changes; probabilities are kept only where rounds mix, see `rules.reach`."""

    global_memory: GlobalMemory
    local_memory: LocalMemory
    masks: MaskStore
    probabilities: ProbabilityMemory | None = None

    def apply(self, update: FrameUpdate, ids: Sequence[int], round: int) -> None:
        """Take over what ``round`` has found for a frame, with rows for ``ids``."""
        frame = update.result.frame
        if update.global_maps is not None:
            self.global_memory.put(frame, update.global_maps)
        if update.local_maps is not None:
            self.local_memory.put(frame, update.local_maps)
        if update.grid is not None:
            self.masks.put(frame, update.result.mask, update.grid)
        if self.probabilities is not None and update.probabilities is not None:
            self.probabilities.put(frame, update.probabilities, ids, round)

    def grid_label(self, frame: int, ids: Sequence[int]) -> Mask | None:
        """The mask of a frame on the embedding grid (h,w), None where no round has been."""
        label = self.masks.grid(frame)
        return None if label is None else only(label, ids)

    def copy(self) -> State:
        """The state as it is now; costs one pointer a frame."""
        probabilities = None if self.probabilities is None else self.probabilities.copy()
        return State(self.global_memory.copy(), self.local_memory.copy(), self.masks.copy(), probabilities)

    def take_over(self, other: State, but: int) -> None:
        """Have the masks and probabilities that ``other`` has of all frames but one."""
        self.masks.take_over(other.masks, but)
        if self.probabilities is not None and other.probabilities is not None:
            self.probabilities.take_over(other.probabilities, but)

    def saved(self, frame: int) -> SavedFrame:
        """What masks and probabilities keep of ``frame``, for `restore`."""
        return self.masks.saved(frame), None if self.probabilities is None else self.probabilities.saved(frame)

    def restore(self, frame: int, saved: SavedFrame) -> None:
        """Have of ``frame`` what `saved` gave."""
        self.masks.restore(frame, saved[0])
        if self.probabilities is not None:
            self.probabilities.restore(frame, saved[1])


@dataclass(eq=False)
class Round:
    """What a person drew in one round, and how far it has got.

    Attributes:
        number: counted from 1.
        frame: the annotated frame.
        label: its label (h,w), -1 where there are no strokes.
        mask: the mask (H,W) of a round that gave one.
        strokes: the strokes behind ``label``, as far as they came as strokes.
        matching: what other frames are matched with, once the annotated frame is answered.
        in_memory: whether the frame, matched against itself, is in the global memory.
        propagated: whether propagation has begun; more strokes then make a new round.
        before: the state that the round began from, None when it is too old to be undone.
        result: the annotated frame's answer until propagation has handed it on.
        replaced: what masks and probabilities had of the frame before the round.
        answered: what its last answer put into the masks there.
        known: the objects of the rounds before.
    """

    number: int
    frame: int
    label: Labels
    mask: Mask | None = None
    strokes: list[Stroke] = field(default_factory=list)
    matching: MatchingReference | None = field(default=None, repr=False)
    in_memory: bool = False
    propagated: bool = False
    before: State | None = field(default=None, repr=False)
    result: FrameResult | None = field(default=None, repr=False)
    replaced: SavedFrame = field(default=(None, None), repr=False)
    answered: CompressedMask | None = field(default=None, repr=False)
    known: frozenset[int] = frozenset()

    @property
    def reference(self) -> Labels | None:
        """The label (h,w) that global matching uses: ``label``, with the region of interest filled in round 1, or with
        what the answer is sure of, see `paddlevideo.session.rules.references`."""
        return None if self.matching is None else self.matching.label

    @property
    def objects(self) -> frozenset[int]:
        """The objects that the label has."""
        return frozenset(np.flatnonzero(np.bincount(self.label[self.label > 0])).tolist())

    def label_of(self, ids: Sequence[int]) -> Labels:
        """The label without other ids."""
        return np.where(np.isin(self.label, ids), self.label, UNLABELLED)
