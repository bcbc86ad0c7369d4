"""What an answer is sure of: the reference that other frames are matched with (`INFERENCE.references: answer`)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...loader.scribbles import UNLABELLED

SURE = 0.9  # the least share of a pixel of the answer that others are matched with


def sure_ids(shares: NDArray[np.floating], ids: Sequence[int]) -> NDArray[np.integer]:
    """Return the ids (h,w) that an answer is sure of by the shares (O,h,w) of ``ids``; -1 elsewhere."""
    return np.where(shares.max(axis=0) >= SURE, np.asarray(ids)[shares.argmax(axis=0)], UNLABELLED)


def sure_label(
    shares: NDArray[np.floating], label: NDArray[np.integer], without: NDArray[np.integer], ids: Sequence[int]
) -> NDArray[np.integer]:
    """Return the ids (h,w) that an answer is sure of, over them what the strokes' label says; -1 elsewhere.

    Strokes show a small part of an object, and of the background near it nothing. An answer that is sure of no
    background has that of the reference ``without`` it.

    Args:
        shares: of the ids in each cell (O,h,w), their sum 1.
        label: the strokes' (h,w), -1 where nothing was said.
        without: the reference (h,w) that there is without an answer.
        ids: of the rows of ``shares``.
    """
    answer = sure_ids(shares, ids)
    if not (answer == 0).any():
        answer = np.where((answer == UNLABELLED) & (without == 0), 0, answer)
    return np.where(label != UNLABELLED, label, answer)
