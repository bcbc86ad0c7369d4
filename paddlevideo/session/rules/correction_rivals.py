"""Rivals of a correction: in other frames it claims only what looks more like its strokes than like anything else in
their own frame.

The strokes of a correction lie where the network was wrong, often on something that looks much like its neighbour. On
their own they would claim, in every other frame, all that resembles them a little more than an older reference.
Compared with the rest of the corrected frame as well, much of that turns out to look like the neighbour. The strokes'
own frame is compared in the same way with what they do not change.

Shapes: O ids incl. background, h w embedding grid.
"""

from __future__ import annotations

import numpy as np

from ...loader.scribbles import UNLABELLED
from ...modeling.rivals import nearest_rival
from ...utils.arrays import Floats, Labels


def uncontested(claims: Floats, others: Floats) -> Floats:
    """Return the distances ``claims`` (O,h,w) of a frame to strokes, 1 where another id is nearer.

    Args:
        claims: to the strokes of each id in the annotated frame.
        others: to what else that frame shows of each id.
    """
    kept: Floats = np.where(claims <= nearest_rival(np.minimum(claims, others)), claims, np.float32(1))
    return kept


def rivals_of(label: Labels, shown: Labels) -> Labels:
    """Return what a frame shows (h,w) beside the ``label`` that others are matched with; -1 on the label."""
    return np.where(label != UNLABELLED, UNLABELLED, shown)
