"""Parts of a mask that appear far from where their object was: matching finds what looks alike anywhere."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ...kernels.elementwise import largest
from ...utils.arrays import Floats, Labels
from .search import SURE


def without_leaps(logits: Floats, previous: Labels, ids: Sequence[int], max_leap: float | None) -> Floats:
    """Return logits (O,h,w) without the parts of objects that lie far from where their neighbour's mask has them.

    Args:
        logits: of a frame; a part of an object are 8-connected pixels at which its logit is the largest.
        previous: the neighbour's ids (h,w); those of an annotated frame before the round, its strokes over them.
        ids: of the rows, 0 (background) among them.
        max_leap: how far from the object's pixels in ``previous`` a part may begin, as a share of the grid's shorter
            side. An object that is not there, or has no part that near, keeps them all. None drops nothing.
    """
    if max_leap is None:
        return logits
    shown, background = largest(logits), list(ids).index(0)
    furthest = max_leap * min(shown.shape)
    result = logits
    for row, object_id in enumerate(ids):
        part_of, before = shown == row, previous == object_id
        if object_id == 0 or not part_of.any() or not before.any():
            continue
        _, parts = cv2.connectedComponents(part_of.astype(np.uint8), connectivity=8)
        distance = cv2.distanceTransform((~before).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        kept = np.unique(parts[part_of & (distance <= furthest)])
        far = part_of & ~np.isin(parts, kept)
        if len(kept) and far.any():
            result = logits.copy() if result is logits else result
            # The ring around a part, too, or the resize would leave its rim.
            dropped = cv2.dilate(far.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
            result[row][dropped] = logits[background][dropped] - SURE
    return result
