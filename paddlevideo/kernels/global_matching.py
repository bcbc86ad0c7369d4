"""Global distance maps on a CPU: a product and a minimum fused in a compiled loop (paper section 3.3; reference: global
map), and the door to the local ones.

`paddlevideo.modeling.matching` defines the same maps in Paddle for training. Every map is ``tanh(d / 2)`` of a squared
distance ``d``, so it lies in 0..1, and 1 means "this id is not there".

Shapes: O ids, C channels, h w embedding grid, N = h*w.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit

from ..utils.arrays import Floats, Labels, subsample
from .elementwise import FAR, squash_all
from .local_matching import local_map
from .parallel import run_in_parallel
from .tiles import COLUMNS, ROWS, lower_tile

__all__ = ["Reference", "local_map"]

CHUNK = 16  # blocks of references that stay in the second-level cache while all queries pass by


class Reference:
    """The labelled embeddings of an annotated frame, gathered once a round and matched against every other frame.

    Args:
        embedding: (C,h,w) of the annotated frame.
        label: (h,w), an id or -1 (unlabelled).
        ids: the ids of the map's rows.
        max_references: keep at most so many pixels of an id; None keeps all (the reference behaviour).
    """

    def __init__(self, embedding: Floats, label: Labels, ids: Sequence[int], max_references: int | None = None) -> None:
        pixels = embedding.reshape(len(embedding), -1).T
        flat = np.asarray(label).reshape(-1)
        chosen = [pixels[subsample(np.flatnonzero(flat == object_id), max_references)] for object_id in ids]
        every = np.concatenate(chosen)
        # Distances do not change when everything is moved; small norms keep float32's cancellation small.
        self._centre = every.mean(axis=0) if len(every) else np.zeros(len(embedding), np.float32)
        self._objects = len(chosen)
        blocks = [(row, block) for row, each in enumerate(chosen) for block in _cut(each - self._centre)]
        self._rows = np.array([row for row, _ in blocks], np.int64)
        # |x - y|^2 = |x|^2 + (|y|^2 - 2 x.y): the bracket is smallest where the distance is.
        self._norms = np.stack([norms for _, (norms, _) in blocks]) if blocks else None
        self._products = np.stack([products for _, (_, products) in blocks]) if blocks else None

    def map(self, query: Floats) -> Floats:
        """Distance map (O,h,w) of the frame whose embedding is ``query`` (C,h,w)."""
        channels, height, width = query.shape
        if not len(self._rows):
            return np.ones((self._objects, height, width), np.float32)
        count = height * width
        pixels = np.ascontiguousarray(query.reshape(channels, count))
        tiles = -(-count // ROWS)
        out = np.empty((self._objects, tiles * ROWS), np.float32)
        stored = (self._centre, self._products, self._norms, self._rows)
        run_in_parallel(lambda start, stop: _nearest(pixels, *stored, start, stop, out), tiles)
        squash_all(out)
        maps: Floats = out[:, :count].reshape(-1, height, width)
        return maps


def _cut(references: Floats) -> list[tuple[Floats, Floats]]:
    """Cut references (n,C) into ``|y|^2`` (COLUMNS) and ``-2 y`` (C,COLUMNS); what fills the last one is far away."""
    count, channels = references.shape
    filled = np.zeros((count + -count % COLUMNS, channels), np.float32)
    filled[:count] = references
    norms = np.einsum("nc,nc->n", filled, filled)
    norms[count:] = FAR
    starts = range(0, len(filled), COLUMNS)
    return [(norms[k : k + COLUMNS], np.ascontiguousarray(-2.0 * filled[k : k + COLUMNS].T)) for k in starts]


@njit(cache=True, nogil=True, fastmath=True)
def _nearest(pixels, centre, products, norms, rows, start, stop, out):  # type: ignore[no-untyped-def]
    """Fill ``out`` (O,N) with the smallest squared distances of ``pixels`` (C,n), tiles ``start..stop`` of ROWS.

    Each query keeps COLUMNS partial minima, one for each column of a block, so that minima are taken of whole vectors.
    """
    channels, count = pixels.shape
    queries = np.zeros((stop - start, channels, ROWS), np.float32)
    lengths = np.zeros((stop - start) * ROWS, np.float32)
    for tile in range(stop - start):
        first = (start + tile) * ROWS
        for c in range(channels):
            for i in range(min(ROWS, count - first)):
                value = pixels[c, first + i] - centre[c]
                queries[tile, c, i] = value
                lengths[tile * ROWS + i] += value * value
    least = np.full((len(out), stop - start, ROWS, COLUMNS), FAR)
    for first in range(0, len(rows), CHUNK):
        for tile in range(stop - start):
            left = queries[tile].ctypes.data
            for k in range(first, min(first + CHUNK, len(rows))):
                lower_tile(
                    left, products[k].ctypes.data, norms[k].ctypes.data, least[rows[k], tile].ctypes.data, channels
                )
    for o in range(len(out)):
        for tile in range(stop - start):
            for i in range(ROWS):
                n = tile * ROWS + i
                out[o, start * ROWS + n] = least[o, tile, i].min() + lengths[n]
