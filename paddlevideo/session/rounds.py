"""The words of a session: a round, its answer, and the state that rounds change.

Shapes: O ids incl. background, H W the video's own size, h w embedding grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..loader.scribbles import UNLABELLED, Stroke
from ..utils.arrays import Floats, Labels, Mask
from .memory.distance_maps import GlobalMemory, Kept, LocalMemory, SharesMemory
from .memory.masks import Entry, MaskStore

FrameEntry = tuple[Entry | None, Kept | None]


@dataclass(frozen=True, eq=False)
class FrameResult:
    """One frame's answer: its mask (H,W) at the video's own size and the logits (O,h,w) behind it.

    A mask given by a person has 1 and 0 for logits.
    """

    frame: int
    mask: Mask
    logits: Floats


@dataclass(frozen=True)
class Mixing:
    """How a round's answer goes into what a frame has had.

    Attributes:
        share: of the answer (0..1), the rest is what was there; 0 lets the mask stand.
        over: objects that go over the rest whatever the share is.
    """

    share: float = 1.0
    over: frozenset[int] = frozenset()


ALONE = Mixing()


@dataclass(eq=False)
class State:
    """Everything that a round changes; shares are kept only where rounds mix, see `reach`."""

    global_memory: GlobalMemory
    local_memory: LocalMemory
    masks: MaskStore
    shares: SharesMemory | None = None

    def copy(self) -> State:
        """The state as it is now; shares all that later rounds do not replace."""
        shares = None if self.shares is None else self.shares.copy()
        return State(self.global_memory.copy(), self.local_memory.copy(), self.masks.copy(), shares)

    def keep(self, other: State, but: int) -> None:
        """Take over the masks and shares that ``other`` has of all frames but one."""
        self.masks.keep(other.masks, but)
        if self.shares is not None and other.shares is not None:
            self.shares.keep(other.shares, but)

    def entry(self, frame: int) -> FrameEntry:
        """What masks and shares keep of ``frame``, for `put_back`."""
        return self.masks.entry(frame), None if self.shares is None else self.shares.entry(frame)

    def put_back(self, frame: int, entry: FrameEntry) -> None:
        """Have of ``frame`` what `entry` gave."""
        self.masks.put_back(frame, entry[0])
        if self.shares is not None:
            self.shares.put_back(frame, entry[1])


@dataclass(eq=False)
class Round:
    """What a person said in one round.

    Attributes:
        number: counted from 1.
        frame: the annotated frame.
        label: its label (h,w), -1 where nothing was said.
        mask: the mask (H,W) of a round that gave one.
        strokes: the strokes behind ``label``, as far as they came as strokes.
        reference: the label (h,w) that global matching uses: ``label``, with the region of interest filled in round 1,
            or with what the answer is sure of, see `Session`.
        rivals: the ids (h,w) of what else the frame shows, -1 where its mask is not sure: what is matched with a
            correction's reference has to be nearer to that, see `correction_rivals`. None: no such check.
        prepared: what the engine has made of ``reference`` and of ``rivals``, while it is of use.
        noted: whether the frame, matched against itself, is in the global memory.
        propagated: whether propagation has begun; more strokes then make a new round.
        before: the state that the round began from, None when it is too old to be undone.
        result: the annotated frame's answer until propagation has handed it on.
        under: what masks and shares had of the frame before the round.
        answer: what its last answer put into the masks there.
    """

    number: int
    frame: int
    label: Labels
    mask: Mask | None = None
    strokes: list[Stroke] = field(default_factory=list)
    reference: Labels | None = None
    rivals: Labels | None = None
    prepared: Any = field(default=None, repr=False)
    noted: bool = False
    propagated: bool = False
    before: State | None = field(default=None, repr=False)
    result: FrameResult | None = field(default=None, repr=False)
    under: FrameEntry = field(default=(None, None), repr=False)
    answer: Entry | None = field(default=None, repr=False)

    @property
    def objects(self) -> frozenset[int]:
        """The objects that the label speaks of."""
        return frozenset(np.flatnonzero(np.bincount(self.label[self.label > 0])).tolist())

    def label_of(self, ids: Sequence[int]) -> Labels:
        """The label, nothing said about other ids."""
        return np.where(np.isin(self.label, ids), self.label, UNLABELLED)
