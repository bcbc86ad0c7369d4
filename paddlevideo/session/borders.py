"""A frame's logits at every second pixel, as the network's border decoder has them.

Shapes: O ids incl. background, h w embedding grid.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..utils.arrays import Floats
from .engine import Engine
from .memory.embeddings import Embeddings


class Borders:
    """Makes finer logits of those on the grid; they stay as they are where the network has no decoder.

    Args:
        engine: runs the network.
        embeddings: of the video.
        image: frame index to network input (3,H,W).
    """

    def __init__(self, engine: Engine, embeddings: Embeddings, image: Callable[[int], Floats]) -> None:
        self._engine = engine
        self._embeddings = embeddings
        self._image = image

    def __call__(self, frame: int, logits: Floats, ids: Sequence[int]) -> Floats:
        """Return finer logits (O,...) by those on the grid (O,h,w): the background's are 0."""
        if not self._engine.border_decoder or len(ids) == 1:
            return logits
        background = list(ids).index(0)
        objects = (np.delete(logits, background, axis=0) - logits[background]).astype(np.float32, copy=False)
        finer = self._engine.finer(self._image(frame), self._embeddings[frame], objects)
        return np.insert(finer, background, 0, axis=0)
