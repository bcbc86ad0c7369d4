"""What a frame shows: its new logits, what earlier rounds left there and the locked objects, put together.

Shapes: O ids incl. background, H W the video's own size, h w embedding grid.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from ..loader.frame_source import FrameSource
from ..utils.arrays import Floats, Mask
from .drawn import Drawn
from .engine import Engine
from .memory.embeddings import Embeddings
from .memory.locks import Locks
from .memory.masks import grid_labels, only, upsample_labels
from .options import SessionOptions
from .probabilities import logits_of, softmax, with_locked
from .rounds import FrameResult, FrameUpdate, State
from .rules.edges import with_edges
from .rules.reach import REPLACE, Blend
from .rules.upsampling import CELL_POSITIONS


class Composer:
    """Makes masks of logits.

    Args:
        frames: the video.
        input_size: (H,W) of what the network is fed.
        locks: objects whose masks stay.
        drawn: what a person said of frames.
        options: of the session.
    """

    def __init__(
        self,
        frames: FrameSource,
        input_size: tuple[int, int],
        locks: Locks,
        drawn: Drawn,
        options: SessionOptions,
    ) -> None:
        self._frames = frames
        self._input_size = input_size
        self._locks = locks
        self._drawn = drawn
        self._edges = options.edges
        self._cell_position = CELL_POSITIONS[options.upsampling]

    def compose(
        self, frame: int, logits: Floats, state: State, ids: Sequence[int], blend: Blend = REPLACE
    ) -> FrameUpdate:
        """Return the mask of a frame by its logits (O,h,w), and its probabilities where rounds mix."""
        probabilities = None
        if state.probabilities is not None:
            new = softmax(logits)
            probabilities = state.probabilities.blended(frame, new, ids, blend.weight, blend.overriding)
            if blend.weight < 1:
                logits = logits_of(probabilities)
        free, free_ids = self._locks.free_rows(logits, ids)
        mask = upsample_labels(free, free_ids, self._frames.size, self._cell_position)
        grid = grid_labels(free, free_ids, self._input_size)
        if self._edges:
            mask = with_edges(mask, softmax(free), free_ids, self._frames[frame], self._cell_position)
        if not blend.weight:  # the rest stays to the pixel
            mask = _overwritten(state.masks.mask(frame), mask, blend.overriding, ids)
            grid = _overwritten(state.masks.grid(frame), grid, blend.overriding, ids)
        mask = self._locks.paste(self._drawn.over(mask, frame, free_ids), frame)
        grid = self._locks.paste_grid(self._drawn.over(grid, frame, free_ids), frame)
        if probabilities is not None:
            probabilities = with_locked(probabilities, grid, ids, self._locks.ids)
        return FrameUpdate(FrameResult(frame, mask, logits), grid, probabilities)

    def grid_label(self, frame: int, logits: Floats, ids: Sequence[int]) -> Mask:
        """The label (h,w) of a frame by its logits (O,h,w) alone, locked objects where they are."""
        free, free_ids = self._locks.free_rows(logits, ids)
        return only(self._locks.paste_grid(grid_labels(free, free_ids, self._input_size), frame), ids)

    def probabilities(self, logits: Floats, grid: Mask, ids: Sequence[int]) -> Floats:
        """Probabilities (O,h,w) by logits of a frame that shows ``grid`` (h,w), locked objects where they are."""
        return with_locked(softmax(logits), grid, ids, self._locks.ids)


def _overwritten(mask: Mask | None, new: Mask, objects: Collection[int], ids: Sequence[int]) -> Mask:
    """The mask with these objects as ``new`` has them."""
    assert mask is not None
    return np.where(np.isin(new, list(objects)), new, only(mask, ids))


class FrameAnswerer:
    """Answers single frames and changes nothing; what rounds begin with and what carries them on are of this kind.

    Args:
        engine: runs the network.
        embeddings: of the video.
        composer: makes masks of logits.
        options: of the session.
    """

    def __init__(self, engine: Engine, embeddings: Embeddings, composer: Composer, options: SessionOptions) -> None:
        self._engine = engine
        self._embeddings = embeddings
        self._composer = composer
        self._options = options
