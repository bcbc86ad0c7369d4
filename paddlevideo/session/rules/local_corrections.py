"""Corrections change what their strokes concern, all of it and nothing else.

A person strikes a false patch out along its middle. The network sees the stroke as a line, often keeps the rims of the
patch, and changes its answer in places that have no strokes. But what a stroke runs through extends, on both sides, to
the border of the mask that is to be corrected: the discs about the stroke's cells that end at that border make up the
patch, as those about its skeleton would (Blum's medial axis). In the same way a stroke beside the mask adds about as
far as it is away from it. What lies further off stays.

Shapes: O ids incl. background, h w embedding grid.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ...loader.scribbles import UNLABELLED
from ...utils.arrays import Cells, Floats, Labels

BREADTH = 0.75  # of the way to the border: beside it all may be the object's
LENGTH = 0.1  # of its stroke: in an object's largest part no disc is larger, for the patch may be a hole in the object
SLIVER = 0.5  # what discs cut off goes with them where it is thinner than this part of a disc beside
ADDED = 1.8  # times the way to the object: so far from a stroke beside it the network may add to it
MARGIN = 1  # cell around all this that may change, too

Depth = NDArray[np.float32]


def broadened(label: Labels, previous: Labels, ids: Sequence[int]) -> Labels:
    """Return a label (h,w) whose strokes are broad where they take cells from objects.

    Args:
        label: of a correction's strokes, -1 where there are none.
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


def changeable_cells(label: Labels, previous: Labels, ids: Sequence[int]) -> Cells:
    """Return the cells (h,w) that a correction may change; all where its strokes show an object that was not there."""
    changeable = np.zeros(label.shape, np.uint8)
    for object_id in np.unique(label[label != UNLABELLED]):
        own = previous == object_id
        if not own.any():
            return np.ones(label.shape, bool)
        strokes = label == object_id
        radius = np.where(own, 0, ADDED * _distance(own))
        for owner in ids:
            theirs = previous == owner
            if owner not in (0, object_id) and theirs.any():
                radius[theirs] = _radii(theirs, strokes)[theirs]
        for y, x in np.argwhere(strokes):
            cv2.circle(changeable, (int(x), int(y)), int(radius[y, x] + MARGIN), 1, -1)
    return changeable > 0


def corrected(logits: Floats, broad: Labels, changeable: Cells, previous: Labels, ids: Sequence[int]) -> Floats:
    """Return logits (O,h,w) that follow the strokes where the network would leave what was, and leave what was where no
    stroke is concerned.

    Args:
        logits: of the annotated frame.
        broad: the label (h,w) of `broadened`.
        changeable: the cells (h,w) of `changeable_cells`.
        previous: ids (h,w) before the correction.
        ids: of the rows of ``logits``.
    """
    shown = np.asarray(ids)[logits.argmax(axis=0)]
    wanted = np.where((broad != UNLABELLED) & (shown == previous), broad, shown)
    wanted = np.where(changeable | (broad != UNLABELLED), wanted, previous)
    y, x = np.nonzero(wanted != shown)
    rows = {object_id: row for row, object_id in enumerate(ids)}
    old, new = ([rows[int(object_id)] for object_id in label[y, x]] for label in (shown, wanted))
    result = logits.copy()
    result[old, y, x], result[new, y, x] = logits[new, y, x], logits[old, y, x]
    return result


def _patch(theirs: Cells, strokes: Cells, kept: Cells) -> Cells:
    """The cells of an object (h,w) that strokes through it take away; what has strokes of its own is kept."""
    cells = theirs & strokes
    radii = _radii(theirs, strokes, BREADTH)[cells]
    discs = np.zeros(theirs.shape, np.float32)  # the radius of the largest disc over a cell
    centres = np.argwhere(cells)
    for disc in np.argsort(radii):
        y, x = centres[disc]
        cv2.circle(discs, (int(x), int(y)), int(radii[disc]), float(radii[disc]), -1)
    discs[~theirs] = 0
    patch: Cells = discs > 0
    return patch | _slivers(theirs & ~patch, discs, kept)


def _radii(theirs: Cells, strokes: Cells, breadth: float = 1) -> Depth:
    """How far strokes through an object extend (h,w): so much of the way to its border, in its largest part not far."""
    radii = breadth * _depth(theirs)
    _, parts, sizes, _ = cv2.connectedComponentsWithStats(theirs.astype(np.uint8), connectivity=4)
    largest = 1 + int(sizes[1:, cv2.CC_STAT_AREA].argmax())
    _, lines = cv2.connectedComponents(strokes.astype(np.uint8), connectivity=8)
    lengths = np.bincount(lines.ravel())
    return np.where(parts == largest, np.minimum(radii, LENGTH * lengths[lines]), radii)


def _slivers(rest: Cells, discs: Depth, kept: Cells) -> Cells:
    """The parts of what is left of an object (h,w) that are not ``kept``, and thin beside the discs they touch."""
    depth, beside = _depth(rest), cv2.dilate(discs, np.ones((3, 3), np.uint8))
    count, parts = cv2.connectedComponents(rest.astype(np.uint8), connectivity=4)
    thin = []
    for part in range(1, count):
        cells = parts == part
        if depth[cells].max() <= SLIVER * beside[cells].max() and not kept[cells].any():
            thin.append(part)
    return np.isin(parts, thin)


def _distance(cells: Cells) -> Depth:
    """How far each cell (h,w) is from the nearest of these."""
    distance: Depth = cv2.distanceTransform((~cells).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return distance


def _depth(cells: Cells) -> Depth:
    """How far each cell (h,w) is from the nearest that is none of them; outside the picture all may be."""
    padded = np.pad(cells.astype(np.uint8), 1, constant_values=1)
    depth: Depth = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    return depth
