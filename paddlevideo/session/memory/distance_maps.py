"""What the rounds of a session remember of each frame's distances: aggregated global maps and local maps (reference:
MA-Net's test loop, without its limits of 104 frames and 9 rounds).

The maps lie in a store, which may round them once. They are never changed, only replaced, so the copy that an undo goes
back to shares all that did not change.

Shapes: O ids, h w embedding grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...utils.arrays import Floats
from .array_store import ArrayStore, StoredArray


@dataclass(frozen=True, eq=False)
class StoredMaps:
    """Maps (O,h,w) of one frame and the ids of their rows.

    Attributes:
        round: that computed a local map.
        nearness: of its annotated frame: 1 over the number of frames between.
        contributors: the rounds that probabilities come from.
    """

    ids: tuple[int, ...]
    maps: StoredArray
    round: int = 0
    nearness: float = 0.0
    contributors: frozenset[int] = frozenset()

    def rows(self, ids: Sequence[int], otherwise: Floats) -> Floats:
        """Rows of ``ids``; an object that was added since has its row from ``otherwise``."""
        maps = self.maps.read()
        if tuple(ids) == self.ids:
            return maps
        row_of = {object_id: row for row, object_id in enumerate(self.ids)}
        rows = [maps[row_of[id_]] if id_ in row_of else otherwise[row] for row, id_ in enumerate(ids)]
        return np.stack(rows)


class GlobalMemory:
    """For every frame the smallest global distance that any round has given it; 1 before the first."""

    def __init__(self, store: ArrayStore) -> None:
        self._store = store
        self.maps: dict[int, StoredMaps] = {}

    def aggregated(self, frame: int, maps: Floats, ids: Sequence[int]) -> StoredMaps:
        """The smaller of new maps (O,h,w) of ``frame`` and the aggregated ones, for `put`."""
        return StoredMaps(tuple(ids), self._store.keep(np.minimum(maps, self.read(frame, ids, maps.shape[1:]))))

    def put(self, frame: int, maps: StoredMaps) -> None:
        """Let ``maps`` be the aggregated ones of ``frame``."""
        self.maps[frame] = maps

    def read(self, frame: int, ids: Sequence[int], size: tuple[int, ...]) -> Floats:
        """Aggregated maps (O,h,w) of ``frame`` at grid ``size``: 1 where it or an id was not met yet."""
        ones = np.ones((len(ids), *size), np.float32)
        stored = self.maps.get(frame)
        return ones if stored is None else stored.rows(ids, ones)

    def copy(self) -> GlobalMemory:
        """The memory as it is now; costs one pointer a frame."""
        twin = GlobalMemory(self._store)
        twin.maps = dict(self.maps)
        return twin


class LocalMemory:
    """Chooses between a frame's new local map and that of the round just before, as the published code does.

    The new map is used when its annotated frame is strictly nearer, else the map that the previous round computed.
    """

    def __init__(self, store: ArrayStore) -> None:
        self._store = store
        self.maps: dict[int, StoredMaps] = {}

    def choose(
        self, frame: int, maps: Floats, ids: Sequence[int], round: int, distance: int
    ) -> tuple[Floats, StoredMaps]:
        """Return the maps (O,h,w) of ``frame`` to use, and the new ones, ``maps``, for `put`.

        ``round`` counts from 1; ``distance`` is the number of frames to the annotated frame, 1 or more.
        """
        new, last = StoredMaps(tuple(ids), self._store.keep(maps), round, 1.0 / distance), self.maps.get(frame)
        maps = new.maps.read()
        # Else the previous round annotated this frame or was stopped before it, and its map has weight 0.
        if last is not None and last.round == round - 1 and last.nearness >= new.nearness:
            return last.rows(ids, maps), new
        return maps, new

    def put(self, frame: int, maps: StoredMaps) -> None:
        """Keep the maps of ``frame`` for the next round."""
        self.maps[frame] = maps

    def begin(self, round: int) -> None:
        """Let go of the maps that from ``round`` on will not be compared with any more."""
        self.maps = {frame: maps for frame, maps in self.maps.items() if maps.round >= round - 1}

    def copy(self) -> LocalMemory:
        """The memory as it is now; costs one pointer a frame."""
        twin = LocalMemory(self._store)
        twin.maps = dict(self.maps)
        return twin
