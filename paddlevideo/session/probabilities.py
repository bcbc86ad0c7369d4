"""Probabilities of the ids in each cell, and what they come from.

Shapes: O ids incl. background, h w embedding grid.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..utils.arrays import Floats, Labels, Mask

LEAST = 1e-4  # float16 keeps what is above
TINY = 1e-20


def softmax(logits: Floats) -> Floats:
    """Probabilities of the ids by logits (O,h,w)."""
    powers = np.exp(logits - logits.max(axis=0))
    return powers / powers.sum(axis=0)


def logits_of(probabilities: Floats) -> Floats:
    """Logits (O,h,w) that have these probabilities."""
    return np.log(np.maximum(probabilities, LEAST))


def id_planes(label: Labels, ids: Sequence[int]) -> Floats:
    """(O,h,w), 1 where the label is the id."""
    planes: Floats = (label[None] == np.asarray(ids)[:, None, None]).astype(np.float32)
    return planes


def with_locked(probabilities: Floats, label: Mask, ids: Sequence[int], locked: Sequence[int]) -> Floats:
    """The probabilities (O,h,w) with 1 for a locked object where ``label`` (h,w) shows it, and 0 elsewhere."""
    if not locked:
        return probabilities
    others = np.where(np.isin(ids, locked)[:, None, None], 0, probabilities)
    others /= np.maximum(others.sum(axis=0), TINY)
    return np.where(np.isin(label, locked), id_planes(label, ids), others)
