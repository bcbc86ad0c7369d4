"""What a frame shows: its new logits, what earlier rounds left there and the locked objects, put together.

Shapes: O ids incl. background, H W the video's own size, h w embedding grid.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from ..loader.preprocess import Preprocess
from ..utils.arrays import Floats, Mask
from .borders import Borders
from .drawn import Drawn
from .engine import Engine
from .memory.embeddings import Embeddings
from .memory.locks import Locks
from .memory.masks import grid_labels, nearest_labels, only, upsample_labels
from .options import SessionOptions
from .probabilities import logits_of, softmax, with_locked
from .rounds import FrameResult, FrameUpdate, State
from .rules.reach import REPLACE, Blend


class Composer:
    """Makes masks of logits.

    Args:
        size: (H,W) of the video.
        preprocess: frame to network input.
        locks: objects whose masks stay.
        borders: finer logits.
        drawn: what a person said of frames.
    """

    def __init__(
        self, size: tuple[int, int], preprocess: Preprocess, locks: Locks, borders: Borders, drawn: Drawn
    ) -> None:
        self._size = size
        self._input_size = preprocess.input_size(*size)
        self._aligned = preprocess.aligned
        self._locks = locks
        self._borders = borders
        self._drawn = drawn

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
        mask = upsample_labels(self._borders(frame, free, free_ids), free_ids, self._size)
        grid = self._on_grid(free, free_ids)
        if not blend.weight:  # the rest stays to the pixel
            mask = _overwritten(state.masks.mask(frame), mask, blend.overriding, ids)
            grid = _overwritten(state.masks.grid(frame), grid, blend.overriding, ids)
        mask = self._locks.paste(self._drawn.over(mask, frame, free_ids), frame)
        grid = self._locks.paste_grid(self._drawn.over(grid, frame, free_ids), frame)
        if probabilities is not None:
            probabilities = with_locked(probabilities, grid, ids, self._locks.ids)
        return FrameUpdate(FrameResult(frame, mask, logits), grid, probabilities)

    def _on_grid(self, logits: Floats, ids: Sequence[int]) -> Mask:
        return grid_labels(logits, ids, self._input_size, self._aligned)

    def grid_of(self, mask: Mask, size: tuple[int, int]) -> Mask:
        """A mask (H,W) on the grid, of ``size`` (h,w)."""
        return nearest_labels(mask, size, self._aligned)

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
