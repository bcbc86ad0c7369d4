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
from numpy.typing import NDArray

from .local_matching import local_map
from .loops import Floats, Labels, in_bands, squash_all

__all__ = ["Reference", "local_map", "subsample"]

WIDTH = 128  # references a block: its products with a few queries stay in the first-level cache
LANES = 16  # partial minima kept per query; LLVM makes no vector code of a minimum over floats
UNROLL = 4  # queries and channels that the loop takes at once
FAR = np.float32(1e20)


def subsample(indices: NDArray[np.integer], limit: int | None) -> NDArray[np.integer]:
    """At most ``limit`` of ``indices``, evenly spaced and always the same ones; all of them when None."""
    if limit is None or len(indices) <= limit:
        return indices
    return indices[np.linspace(0, len(indices) - 1, limit).astype(int)]


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
        blocks = [(row, block) for row, references in enumerate(chosen) for block in _blocks(references - self._centre)]
        self._rows = np.array([row for row, _ in blocks], np.int64)
        # |x - y|^2 = |x|^2 + (|y|^2 - 2 x.y): the bracket is smallest where the distance is.
        self._norms = np.stack([norms for _, (norms, _) in blocks]) if blocks else np.empty((0, WIDTH), np.float32)
        self._products = np.stack([products for _, (_, products) in blocks]) if blocks else np.empty((0, 1, WIDTH))

    def map(self, query: Floats) -> Floats:
        """Distance map (O,h,w) of the frame whose embedding is ``query`` (C,h,w)."""
        channels, height, width = query.shape
        count = height * width
        if not len(self._rows):
            return np.ones((self._objects, height, width), np.float32)
        pixels = np.zeros((count + -count % UNROLL, self._products.shape[1]), np.float32)
        pixels[:count, :channels] = query.reshape(channels, -1).T - self._centre
        least = np.full((self._objects, len(pixels), LANES), FAR)
        in_bands(
            lambda start, stop: _nearest(
                pixels, self._products, self._norms, self._rows, start * UNROLL, stop * UNROLL, least
            ),
            len(pixels) // UNROLL,
        )
        out = least.min(axis=2)[:, :count] + np.einsum("nc,nc->n", pixels, pixels)[:count]
        squash_all(out)
        maps: Floats = out.reshape(-1, height, width)
        return maps


def _blocks(references: Floats) -> list[tuple[Floats, Floats]]:
    """Cut references (n,C) into ``|y|^2`` (WIDTH) and ``-2 y`` (C,WIDTH); what fills the last block is far away."""
    count, channels = references.shape
    filled = np.zeros((count + -count % WIDTH, channels + -channels % UNROLL), np.float32)
    filled[:count, :channels] = references
    norms = np.einsum("nc,nc->n", filled, filled)
    norms[count:] = FAR
    starts = range(0, len(filled), WIDTH)
    return [(norms[k : k + WIDTH], np.ascontiguousarray(-2.0 * filled[k : k + WIDTH].T)) for k in starts]


@njit(cache=True, nogil=True, fastmath=True)
def _nearest(pixels, products, norms, rows, start, stop, least):  # type: ignore[no-untyped-def]
    """Lower ``least[row, q]`` (LANES) to the smallest brackets of queries ``start..stop`` with each block of the row.

    Faster than a BLAS product alone: four queries and four channels at once keep more arithmetic than loads in the
    loop, and rows taken as views tell LLVM that they are contiguous.
    """
    sums = np.empty((UNROLL, WIDTH), np.float32)
    s0, s1, s2, s3 = sums[0], sums[1], sums[2], sums[3]
    for k in range(rows.size):
        block = products[k]
        for q in range(start, stop, UNROLL):
            sums[:] = norms[k]
            q0, q1, q2, q3 = pixels[q], pixels[q + 1], pixels[q + 2], pixels[q + 3]
            for c in range(0, pixels.shape[1], UNROLL):
                y0, y1, y2, y3 = block[c], block[c + 1], block[c + 2], block[c + 3]
                a0, a1, a2, a3 = q0[c], q0[c + 1], q0[c + 2], q0[c + 3]
                b0, b1, b2, b3 = q1[c], q1[c + 1], q1[c + 2], q1[c + 3]
                c0, c1, c2, c3 = q2[c], q2[c + 1], q2[c + 2], q2[c + 3]
                d0, d1, d2, d3 = q3[c], q3[c + 1], q3[c + 2], q3[c + 3]
                for j in range(WIDTH):
                    v0, v1, v2, v3 = y0[j], y1[j], y2[j], y3[j]
                    s0[j] += a0 * v0 + a1 * v1 + a2 * v2 + a3 * v3
                    s1[j] += b0 * v0 + b1 * v1 + b2 * v2 + b3 * v3
                    s2[j] += c0 * v0 + c1 * v1 + c2 * v2 + c3 * v3
                    s3[j] += d0 * v0 + d1 * v1 + d2 * v2 + d3 * v3
            for i in range(UNROLL):
                _lower(sums[i], least[rows[k], q + i])


@njit(cache=True, nogil=True, fastmath=True)
def _lower(values, least):  # type: ignore[no-untyped-def]
    """Fold ``values`` (WIDTH, overwritten) onto ``least`` (LANES) by minima of halves."""
    width = WIDTH // 2
    while width >= LANES:
        for j in range(width):
            values[j] = min(values[j], values[j + width])
        width //= 2
    for j in range(LANES):
        least[j] = min(least[j], values[j])
