"""The probabilities of the ids in each cell of a frame, which rounds mix.

Shapes: O ids, h w embedding grid.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from ...utils.arrays import Floats
from .array_store import ArrayStore
from .distance_maps import StoredMaps


class ProbabilityMemory:
    """The probabilities (O,h,w) of each frame, which add up to 1 in a cell, as the last round left them."""

    def __init__(self, store: ArrayStore) -> None:
        self._store = store
        self.maps: dict[int, StoredMaps] = {}

    def blended(
        self, frame: int, new: Floats, ids: Sequence[int], weight: float, overriding: Collection[int] = ()
    ) -> Floats:
        """Return ``new`` probabilities (O,h,w) of ``frame`` with a ``weight`` (0..1), and the kept ones with the rest.

        Objects of ``overriding`` have all of their new probability, and the others give way.
        """
        if weight == 1:
            return new
        whole = np.isin(ids, list(overriding))
        kept = np.zeros_like(new)
        kept[~whole] = self.read(frame, [object_id for object_id in ids if object_id not in overriding])
        blended = weight * new + (1 - weight) * (1 - new[whole].sum(axis=0)) * kept
        blended[whole] = new[whole]
        return blended

    def put(self, frame: int, probabilities: Floats, ids: Sequence[int], round: int) -> None:
        """Keep the probabilities (O,h,w) of ``frame``, to which ``round``, counted from 1, has contributed now."""
        contributors = self.contributors(frame) | {round}
        self.maps[frame] = StoredMaps(tuple(ids), self._store.keep(probabilities), contributors=contributors)

    def read(self, frame: int, ids: Sequence[int]) -> Floats:
        """Probabilities (O,h,w) of a ``frame`` that was met: a removed object's are the background's."""
        stored = self.maps[frame]
        maps = stored.maps.read()
        if tuple(ids) == stored.ids:
            return maps
        row_of = {object_id: row for row, object_id in enumerate(ids)}
        probabilities = np.zeros((len(ids), *maps.shape[1:]), np.float32)
        for object_id, plane in zip(stored.ids, maps, strict=True):
            probabilities[row_of.get(object_id, row_of[0])] += plane
        return probabilities

    def contributors(self, frame: int) -> frozenset[int]:
        """The numbers of the rounds whose masks have got to ``frame``."""
        stored = self.maps.get(frame)
        return frozenset() if stored is None else stored.contributors

    def take_over(self, other: ProbabilityMemory, but: int) -> None:
        """Have what ``other`` has of all frames but one."""
        self.maps |= {frame: maps for frame, maps in other.maps.items() if frame != but}

    def saved(self, frame: int) -> StoredMaps | None:
        """What is kept of ``frame``, for `restore`."""
        return self.maps.get(frame)

    def restore(self, frame: int, saved: StoredMaps | None) -> None:
        """Have of ``frame`` what `saved` gave; None is nothing."""
        self.maps.pop(frame, None)
        if saved is not None:
            self.maps[frame] = saved

    def copy(self) -> ProbabilityMemory:
        """The memory as it is now; costs one pointer a frame."""
        twin = ProbabilityMemory(self._store)
        twin.maps = dict(self.maps)
        return twin
