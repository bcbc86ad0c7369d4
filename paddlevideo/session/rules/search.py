"""The part of a frame in which objects are looked for: around their place in the neighbouring frame.

The published code matches and answers the whole frame. An object moves a few cells from one frame to the next, so most
of that work says that the rest is background.

Shapes: O ids, h w embedding grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...utils.arrays import Cells, Floats, Labels
from ..memory.array_store import Part

PARTS = 5  # windows are so many fifths of the grid high and wide: every size is compiled for itself
LEAST = 48  # cells of a side: about what the network was trained on
ALIGNED = 4  # cells that a context takes as one
SURE = 10.0  # logit of the background outside the window, and by how much it leads where parts are dropped


@dataclass(frozen=True)
class Window:
    """Rows and columns of a grid of ``size`` (h,w)."""

    rows: slice
    columns: slice
    size: tuple[int, int]

    @property
    def whole(self) -> bool:
        """Whether it is all of the grid."""
        return (self.rows.stop - self.rows.start, self.columns.stop - self.columns.start) == self.size

    @property
    def part(self) -> Part:
        """The index of the window in maps (...,h,w)."""
        return ..., self.rows, self.columns

    def cut(self, maps: np.ndarray) -> np.ndarray:
        """What maps (...,h,w) have in the window."""
        return maps if self.whole else np.ascontiguousarray(maps[self.part])

    def distances(self, maps: Floats) -> Floats:
        """Maps (O,h,w) of those of the window; outside it all are 1."""
        return maps if self.whole else self._placed(maps, np.ones((len(maps), *self.size), np.float32))

    def logits(self, logits: Floats, ids: Sequence[int]) -> Floats:
        """Logits (O,h,w) of those of the window; outside it all is background."""
        if self.whole:
            return logits
        ground = np.full((len(ids), *self.size), -SURE, np.float32)
        ground[list(ids).index(0)] = SURE
        return self._placed(logits, ground)

    def _placed(self, part: Floats, ground: Floats) -> Floats:
        ground[:, self.rows, self.columns] = part
        return ground


def window_around(previous: Labels, ids: Sequence[int], search: float | None) -> Window:
    """Return the window to look for objects in.

    Args:
        previous: ids (h,w) in the frame beside.
        ids: that are looked for. One that is not there may come back anywhere: then the window is the whole grid.
        search: how far it extends around the objects at least, as a share of the grid's shorter side; None is the
            whole grid.
    """
    height, width = previous.shape
    whole = Window(slice(0, height), slice(0, width), (height, width))
    objects = [object_id for object_id in ids if object_id]
    if search is None or not objects or not np.isin(objects, previous).all():
        return whole
    occupied: Cells = np.isin(previous, objects)
    margin = round(search * min(height, width))
    return Window(_span(np.any(occupied, axis=1), margin), _span(np.any(occupied, axis=0), margin), (height, width))


def _span(occupied: Cells, margin: int) -> slice:
    """The cells of a side around those that are ``occupied``, of one of a few lengths."""
    count, cells = len(occupied), np.flatnonzero(occupied)
    first, last = max(int(cells[0]) - margin, 0), min(int(cells[-1]) + 1 + margin, count)
    lengths = [count - count * (PARTS - part) // PARTS // ALIGNED * ALIGNED for part in range(1, PARTS)]
    length = next((each for each in lengths if each >= max(LEAST, last - first + ALIGNED - 1)), count)
    earliest, latest = -((length - last) // ALIGNED) * ALIGNED, min(first // ALIGNED * ALIGNED, count - length)
    start = min(max((first + last - length) // 2 // ALIGNED * ALIGNED, earliest, 0), latest)
    return slice(start, start + length)
