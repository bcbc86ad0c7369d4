"""What a person said of a frame stays: pixels under a stroke have its object, and a mask given last is the mask.

Strokes that are a guess (`Stroke.counts` is false) are left out.

Shapes: H W any size, the video's own or the embedding grid's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..loader.scribbles import UNLABELLED, draw_label
from ..utils.arrays import Mask
from .memory.masks import nearest_labels, only
from .rounds import Round


class Drawn:
    """The strokes and masks of all rounds, over the network's answers.

    Labels that came drawn already (`Session.annotate`) are the reference's way in, which has no such rule.

    Args:
        rounds: of the session, read each time; the later ones win.
        aligned: how masks reach the grid, see `nearest_labels`.
    """

    def __init__(self, rounds: Sequence[Round], aligned: bool = False) -> None:
        self._rounds = rounds
        self._aligned = aligned

    def over(self, mask: Mask, frame: int, ids: Sequence[int]) -> Mask:
        """Return a frame's mask (H,W) with what was drawn there of these ids, background among them."""
        here = [each for each in self._rounds if each.frame == frame]
        given = [number for number, each in enumerate(here, 1) if each.mask is not None]
        if given and given[-1] == len(here):
            assert here[-1].mask is not None
            kept = nearest_labels(only(here[-1].mask, ids), mask.shape, self._aligned)
            known = {0, *here[-1].known, *here[-1].objects}
            return np.where(np.isin(mask, list(known)), kept, mask)  # an object that came later may go over it
        strokes = [stroke for each in here[given[-1] if given else 0 :] for stroke in each.strokes if stroke.counts]
        label = draw_label((stroke for stroke in strokes if stroke.object_id in ids), mask.shape)
        return np.where(label == UNLABELLED, mask, label).astype(np.uint8) if strokes else mask
