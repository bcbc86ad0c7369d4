"""What an answer is sure of: the reference that other frames are matched with (`INFERENCE.references: answer`)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...loader.scribbles import UNLABELLED

SURE = 0.9  # the least probability in the answer that others are matched with


def sure_ids(probabilities: NDArray[np.floating], ids: Sequence[int]) -> NDArray[np.integer]:
    """Return the ids (h,w) that an answer is sure of by the probabilities (O,h,w) of ``ids``; -1 elsewhere."""
    return np.where(probabilities.max(axis=0) >= SURE, np.asarray(ids)[probabilities.argmax(axis=0)], UNLABELLED)


def sure_label(
    probabilities: NDArray[np.floating], label: NDArray[np.integer], without: NDArray[np.integer], ids: Sequence[int]
) -> NDArray[np.integer]:
    """Return the ids (h,w) that an answer is sure of, and over them those of the strokes' label; -1 elsewhere.

    Strokes show a small part of an object, and of the background near it nothing. An answer that is sure of no
    background has that of the reference ``without`` it.

    Args:
        probabilities: of the ids in each cell (O,h,w), their sum 1.
        label: the strokes' (h,w), -1 where there are none.
        without: the reference (h,w) that there is without an answer.
        ids: of the rows of ``probabilities``.
    """
    answer = sure_ids(probabilities, ids)
    if not (answer == 0).any():
        answer = np.where((answer == UNLABELLED) & (without == 0), 0, answer)
    return np.where(label != UNLABELLED, label, answer)


def sure_reference(
    probabilities: NDArray[np.floating],
    strokes: NDArray[np.integer],
    without: NDArray[np.integer],
    dropped: NDArray[np.bool_],
    ids: Sequence[int],
) -> NDArray[np.integer]:
    """Return the `sure_label` of an answer without the cells (h,w) that were ``dropped`` from it: what looked like an
    object, but is too far off, says nothing of the background either."""
    sure = sure_label(probabilities, strokes, without, ids)
    return np.where(dropped & (strokes == UNLABELLED), UNLABELLED, sure)
