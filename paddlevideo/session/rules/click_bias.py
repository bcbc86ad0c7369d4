"""A click says little about an object's extent, so the network's answer tends to be too small."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...utils.arrays import Floats


def biased(logits: Floats, clicked: Sequence[int], ids: Sequence[int], bias: float) -> Floats:
    """Return the logits (O,h,w) with ``bias`` added to those of ``clicked`` objects; ``ids`` are those of the rows."""
    if not clicked or not bias:
        return logits
    gain = bias * np.isin(ids, clicked)
    return logits + gain.astype(np.float32)[:, None, None]
