"""The colours of object ids in DAVIS's masks."""

from __future__ import annotations

import numpy as np


def davis_palette() -> np.ndarray:
    """Return the (256, 3) uint8 colours of the ids: the id's bits dealt to the high bits of R, G and B in turn."""
    colours = np.zeros((256, 3), dtype=np.uint8)
    ids = np.arange(256)
    for bit in range(8):
        channel, place = bit % 3, 7 - bit // 3
        colours[:, channel] |= (((ids >> bit) & 1) << place).astype(np.uint8)
    return colours


PALETTE = davis_palette()
