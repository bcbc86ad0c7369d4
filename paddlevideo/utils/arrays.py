"""The kinds of arrays that pass between modules."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

IGNORE = 255
"""Mask value that no loss counts: DAVIS calls it void."""

Floats = NDArray[np.float32]
Labels = NDArray[np.integer]  # object ids, 0 for the background, -1 where nothing is labelled
Mask = NDArray[np.uint8]  # object ids, 0 for the background
Cells = NDArray[np.bool_]  # a choice of cells (h,w) of the embedding grid


def subsample(indices: NDArray[np.integer], limit: int | None) -> NDArray[np.integer]:
    """At most ``limit`` of ``indices``, evenly spaced and always the same ones; all of them when None."""
    if limit is None or len(indices) <= limit:
        return indices
    return indices[np.linspace(0, len(indices) - 1, limit).astype(np.int64)]
