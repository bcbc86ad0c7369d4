"""Strokes that take something away, as broad as what they lie in.

A person strikes a false patch out along its middle. The network knows the stroke as a line and often keeps the rims of
the patch. But what a stroke runs through reaches, on both sides, to the border of the mask that is to be corrected: the
discs about the stroke's cells that end at that border make up the patch, as those about its skeleton would (Blum's
medial axis).

Shapes: h w embedding grid.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ..loader.scribbles import UNLABELLED
from .loops import Floats, Labels

BREADTH = 0.9  # of the way to the border: the border itself may be the object's
LENGTH = 0.5  # a disc in an object's largest part is no broader than its stroke is long; the patch may be a small hole
SLIVER = 0.5  # what discs cut off goes with them where it is thinner than this part of the largest disc

Grid = NDArray[np.bool_]


def broadened(label: Labels, previous: Labels, ids: Sequence[int]) -> Labels:
    """Return a label (h,w) whose strokes are broad where they take cells from objects.

    Args:
        label: of a correction's strokes, -1 where nothing was said.
        previous: ids before the correction.
        ids: of the objects and the background. A stroke of an object that was not in the frame stays thin: it says what
            is there, not what is wrong.
    """
    broad = label.copy()
    for owner in ids:
        theirs = previous == owner
        if owner == 0 or not theirs.any():
            continue
        for taker in np.unique(label[theirs & (label != UNLABELLED) & (label != owner)]):
            if taker == 0 or (previous == taker).any():
                patch = _patch(theirs, label == taker, kept=label == owner)
                broad[patch & (label == UNLABELLED)] = taker
    return broad


def with_label(logits: Floats, label: Labels, previous: Labels, ids: Sequence[int]) -> Floats:
    """Return logits (O,h,w) that follow a label (h,w) where they would leave what was there before."""
    shown = np.asarray(ids)[logits.argmax(axis=0)]
    stays = (label != UNLABELLED) & (shown != label) & (shown == previous)
    if not stays.any():
        return logits
    rows = {object_id: row for row, object_id in enumerate(ids)}
    y, x = np.nonzero(stays)
    old, new = ([rows[int(object_id)] for object_id in found[stays]] for found in (shown, label))
    result = logits.copy()
    result[old, y, x], result[new, y, x] = logits[new, y, x], logits[old, y, x]
    return result


def _patch(theirs: Grid, strokes: Grid, kept: Grid) -> Grid:
    """The cells of an object (h,w) that strokes through it take away; what has strokes of its own is kept."""
    depth = _depth(theirs)
    _, parts, sizes, _ = cv2.connectedComponentsWithStats(theirs.astype(np.uint8), connectivity=4)
    largest = 1 + int(sizes[1:, cv2.CC_STAT_AREA].argmax())
    _, lines = cv2.connectedComponents(strokes.astype(np.uint8), connectivity=8)
    lengths = np.bincount(lines.ravel())
    places = np.argwhere(theirs & strokes)
    radii = BREADTH * depth[theirs & strokes]
    long = LENGTH * lengths[lines[theirs & strokes]]
    radii = np.where(parts[theirs & strokes] == largest, np.minimum(radii, long), radii)
    discs = np.zeros(theirs.shape, np.float32)  # the radius of the largest disc over a cell
    for place in np.argsort(radii):
        y, x = places[place]
        cv2.circle(discs, (int(x), int(y)), int(radii[place]), float(radii[place]), -1)
    discs[~theirs] = 0
    return (discs > 0) | _slivers(theirs & (discs == 0), discs, kept)


def _slivers(rest: Grid, discs: NDArray[np.float32], kept: Grid) -> Grid:
    """The parts of what is left of an object (h,w) that are not ``kept``, and thin beside the discs they touch."""
    depth, beside = _depth(rest), cv2.dilate(discs, np.ones((3, 3), np.uint8))
    count, parts = cv2.connectedComponents(rest.astype(np.uint8), connectivity=4)
    thin = []
    for part in range(1, count):
        cells = parts == part
        if depth[cells].max() <= SLIVER * beside[cells].max() and not kept[cells].any():
            thin.append(part)
    return np.isin(parts, thin)


def _depth(cells: Grid) -> NDArray[np.float32]:
    """How far each cell (h,w) is from the nearest that is none of them; beyond the picture all may be."""
    padded = np.pad(cells.astype(np.uint8), 1, constant_values=1)
    depth: NDArray[np.float32] = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    return depth
