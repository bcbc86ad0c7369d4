"""Embeddings of a video's frames, computed once while there is room to keep them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ...utils.arrays import Floats
from .array_store import ArrayStore, Part, StoredArray


class Embeddings:
    """``embeddings[frame]`` is the frame's embedding (C,h,w): kept, or computed again.

    Args:
        compute: frame index to embedding.
        frames: how many frames there are.
        store: where they are kept, and rounded if it rounds.
        check: is given the first embedding, before it is kept; refuses, by an error, what cannot be done.
    """

    def __init__(
        self,
        compute: Callable[[int], Floats],
        frames: int,
        store: ArrayStore,
        check: Callable[[Floats], None] = lambda embedding: None,
    ) -> None:
        self._compute = compute
        self._frames = frames
        self._store = store
        self._check = check
        self._kept: dict[int, StoredArray] = {}
        self._bytes = 0  # of one, once it is known

    def __getitem__(self, frame: int) -> Floats:
        return self.read(frame)

    def read(self, frame: int, part: Part = ...) -> Floats:
        """The embedding of ``frame`` or a part of it."""
        if frame not in self._kept:
            embedding = self._compute(frame)
            if not self._kept:
                self._check(embedding)
                self._bytes = embedding.size * self._store.item_bytes
            self._kept[frame] = self._store.keep(embedding, again=partial(self._compute, frame))
        return self._kept[frame].read(part)

    def __contains__(self, frame: object) -> bool:
        return frame in self._kept and self._kept[frame].kept

    def __len__(self) -> int:
        return sum(handle.kept for handle in self._kept.values())

    def clear(self) -> None:
        """Let go of all of them; they are computed again when needed."""
        self._kept.clear()

    def embed_next(self, around: int) -> int | None:
        """Embed the nearest frame to ``around`` that is not kept (of two the later) and return its number.

        None when all are kept, or when another one would have to go for it.
        """
        waiting = (frame for frame in range(self._frames) if frame not in self)
        nearest = min(waiting, key=lambda frame: (abs(frame - around), frame < around), default=None)
        if nearest is None or not self._store.has_space(self._bytes):
            return None
        self[nearest]
        return nearest
