"""Objects whose masks are to stay as they are."""

from __future__ import annotations

from collections.abc import Sequence

from ...utils.arrays import Floats, Mask
from .masks import MaskStore


class Locks:
    """The locked objects, each with the masks of the moment when it was locked."""

    def __init__(self) -> None:
        self.kept: dict[int, MaskStore] = {}

    @property
    def ids(self) -> tuple[int, ...]:
        """The locked objects."""
        return tuple(self.kept)

    def set(self, ids: Sequence[int], masks: MaskStore) -> None:
        """Let ``ids`` be the locked ones; those that were not yet keep what ``masks`` has of them."""
        now = masks.copy()
        self.kept = {each: self.kept.get(each, now) for each in ids}

    def paste(self, mask: Mask, frame: int) -> Mask:
        """Return a mask (H,W) with the locked objects as they are kept, and nowhere else."""
        return self._paste(mask, {each: kept.mask(frame) for each, kept in self.kept.items()})

    def paste_grid(self, label: Mask, frame: int) -> Mask:
        """The same for a label (h,w) on the embedding grid."""
        return self._paste(label, {each: kept.grid(frame) for each, kept in self.kept.items()})

    def free_rows(self, logits: Floats, ids: Sequence[int]) -> tuple[Floats, tuple[int, ...]]:
        """Logits (O,h,w) and ids without the locked objects, which claim nothing new."""
        rows = [row for row, object_id in enumerate(ids) if object_id not in self.kept]
        return (logits, tuple(ids)) if len(rows) == len(ids) else (logits[rows], tuple(ids[row] for row in rows))

    def _paste(self, mask: Mask, kept: dict[int, Mask | None]) -> Mask:
        if not kept:
            return mask
        mask = mask.copy()
        for object_id, old in kept.items():
            mask[mask == object_id] = 0
            if old is not None:
                mask[old == object_id] = object_id
        return mask
