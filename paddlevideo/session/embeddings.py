"""Embeddings of a video's frames, computed once while they fit a budget of memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class EmbeddingCache:
    """``cache[frame]`` is the frame's embedding (C,h,w), from memory or computed again.

    Args:
        compute: frame index to embedding.
        budget_bytes: the least recently used embeddings go beyond it; the newest always stays.
    """

    def __init__(self, compute: Callable[[int], Floats], budget_bytes: int = 1 << 30) -> None:
        self._compute = compute
        self._budget = budget_bytes
        self._kept: OrderedDict[int, Floats] = OrderedDict()
        self._bytes = 0

    def __getitem__(self, frame: int) -> Floats:
        if frame in self._kept:
            self._kept.move_to_end(frame)
            return self._kept[frame]
        embedding = self._compute(frame)
        self._kept[frame] = embedding
        self._bytes += embedding.nbytes
        while self._bytes > self._budget and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= oldest.nbytes
        return embedding

    def __contains__(self, frame: object) -> bool:
        return frame in self._kept

    @property
    def nbytes(self) -> int:
        """Bytes held now."""
        return self._bytes
