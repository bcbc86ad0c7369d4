"""A click becomes strokes: lines along the middle of what the network makes of it, which it is then asked with.

A click says where an object is, and nothing of what belongs to it; the network, which has learnt strokes, answers with
a part of the object. Lines along the middle of that part are strokes as a person draws them, and are answered with more
of the object.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import cv2
import numpy as np

from ...loader.scribbles import UNLABELLED
from ...utils.arrays import Floats, Labels

SURE = 0.7  # least probability of a cell that lines lie in
MARGIN = 1  # cell from there to the border


def with_middles(label: Labels, probabilities: Floats, ids: Sequence[int], clicked: Collection[int]) -> Labels:
    """Return the label (h,w) with lines along the middle of the answer to each clicked object.

    Args:
        label: of the strokes, -1 where there are none; they stay.
        probabilities: of the ids in each cell (O,h,w), their sum 1: the answer to ``label``.
        ids: of the rows of ``probabilities``.
        clicked: those of them that a click alone shows.
    """
    from skimage.morphology import skeletonize  # slow to import, and only clicks need it

    result = label.copy()
    kernel = np.ones((2 * MARGIN + 1,) * 2, np.uint8)
    for row, object_id in enumerate(ids):
        if object_id in clicked:
            cells = cv2.erode((probabilities[row] > SURE).astype(np.uint8), kernel)
            result[skeletonize(cells > 0) & (label == UNLABELLED)] = object_id
    return result
