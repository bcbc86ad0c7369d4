"""What the rounds of a session remember of each frame: aggregated global maps and local maps (reference: MA-Net's test
loop, without its limits of 104 frames and 9 rounds), and the shares that rounds mix.

The maps lie in a store, which may round them once. They are never changed, only replaced, so the copy that an undo goes
back to shares all that did not change.

Shapes: O ids, h w embedding grid.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from ...utils.arrays import Floats
from .store import Handle, Store


@dataclass(frozen=True)
class Kept:
    """Maps (O,h,w) of one frame and the ids of their rows; the rest says where they come from."""

    ids: tuple[int, ...]
    maps: Handle
    round: int = 0
    weight: float = 0.0
    rounds: frozenset[int] = frozenset()

    def rows(self, ids: Sequence[int], otherwise: Floats) -> Floats:
        """Rows of ``ids``; an object that was added since has its row from ``otherwise``."""
        maps = self.maps.read()
        if tuple(ids) == self.ids:
            return maps
        place = {object_id: row for row, object_id in enumerate(self.ids)}
        rows = [maps[place[id_]] if id_ in place else otherwise[row] for row, id_ in enumerate(ids)]
        return np.stack(rows)


class GlobalMemory:
    """For every frame the smallest global distance that any round has given it; 1 before the first."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[int, Kept] = {}

    def aggregate(self, frame: int, maps: Floats, ids: Sequence[int]) -> Floats:
        """Take new maps (O,h,w) of ``frame`` in and return the aggregated ones."""
        least = self._store.keep(np.minimum(maps, self.read(frame, ids, maps.shape[1:])))
        self._kept[frame] = Kept(tuple(ids), least)
        return least.read()

    def read(self, frame: int, ids: Sequence[int], size: tuple[int, ...]) -> Floats:
        """Aggregated maps (O,h,w) of ``frame`` at grid ``size``: 1 where it or an id was not met yet."""
        ones = np.ones((len(ids), *size), np.float32)
        kept = self._kept.get(frame)
        return ones if kept is None else kept.rows(ids, ones)

    def copy(self) -> GlobalMemory:
        """The memory as it is now; costs one pointer a frame."""
        twin = GlobalMemory(self._store)
        twin._kept = dict(self._kept)
        return twin


class LocalMemory:
    """Chooses between a frame's new local map and that of the round just before, as the published code does.

    The new map is used when its annotated frame is strictly nearer, else the map that the previous round computed.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[int, Kept] = {}

    def choose(self, frame: int, maps: Floats, ids: Sequence[int], round: int, distance: int) -> Floats:
        """Take the new maps (O,h,w) of ``frame`` in and return those to use.

        ``round`` counts from 1; ``distance`` is the number of frames to the annotated frame, 1 or more.
        """
        new, kept = Kept(tuple(ids), self._store.keep(maps), round, 1.0 / distance), self._kept.get(frame)
        if kept is not None and kept.round != round - 1:
            kept = None  # the previous round annotated this frame or was stopped before it: weight 0
        self._kept[frame] = new
        maps = new.maps.read()
        return maps if kept is None or new.weight > kept.weight else kept.rows(ids, maps)

    def begin(self, round: int) -> None:
        """Let go of the maps that from ``round`` on will not be compared with any more."""
        self._kept = {frame: kept for frame, kept in self._kept.items() if kept.round >= round - 1}

    def copy(self) -> LocalMemory:
        """The memory as it is now; costs one pointer a frame."""
        twin = LocalMemory(self._store)
        twin._kept = dict(self._kept)
        return twin


class SharesMemory:
    """The shares (O,h,w) of the ids in each pixel of a frame, which add up to 1, as the last round left them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[int, Kept] = {}

    def mixed(self, frame: int, shares: Floats, ids: Sequence[int], new: float, over: Collection[int] = ()) -> Floats:
        """Return new shares (O,h,w) of ``frame`` by a part of ``new`` (0..1) and the kept ones by the rest.

        Objects of ``over`` have all of their new shares, and the others give way.
        """
        if new == 1:
            return shares
        whole = np.isin(ids, list(over))
        kept = np.zeros_like(shares)
        kept[~whole] = self.read(frame, [object_id for object_id in ids if object_id not in over])
        mixed = new * shares + (1 - new) * (1 - shares[whole].sum(axis=0)) * kept
        mixed[whole] = shares[whole]
        return mixed

    def put(self, frame: int, shares: Floats, ids: Sequence[int], round: int) -> None:
        """Keep the shares (O,h,w) of ``frame``, which ``round``, counted from 1, has got to now."""
        self._kept[frame] = Kept(tuple(ids), self._store.keep(shares), rounds=self.reached_by(frame) | {round})

    def read(self, frame: int, ids: Sequence[int]) -> Floats:
        """Shares (O,h,w) of a ``frame`` that was met: what a removed object had is background's, a new one has none."""
        kept = self._kept[frame]
        maps = kept.maps.read()
        if tuple(ids) == kept.ids:
            return maps
        place = {object_id: row for row, object_id in enumerate(ids)}
        shares = np.zeros((len(ids), *maps.shape[1:]), np.float32)
        for object_id, share in zip(kept.ids, maps, strict=True):
            shares[place.get(object_id, place[0])] += share
        return shares

    def keep(self, other: SharesMemory, but: int) -> None:
        """Take over what ``other`` has of all frames but one."""
        self._kept |= {frame: kept for frame, kept in other._kept.items() if frame != but}

    def entry(self, frame: int) -> Kept | None:
        """What is kept of ``frame``, for `put_back`."""
        return self._kept.get(frame)

    def put_back(self, frame: int, entry: Kept | None) -> None:
        """Have of ``frame`` what `entry` gave; None is nothing."""
        self._kept.pop(frame, None)
        if entry is not None:
            self._kept[frame] = entry

    def reached_by(self, frame: int) -> frozenset[int]:
        """The numbers of the rounds whose masks have got to ``frame``."""
        kept = self._kept.get(frame)
        return frozenset() if kept is None else kept.rounds

    def copy(self) -> SharesMemory:
        """The memory as it is now; costs one pointer a frame."""
        twin = SharesMemory(self._store)
        twin._kept = dict(self._kept)
        return twin
