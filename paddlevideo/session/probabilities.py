"""Shares of the ids in each cell, which rounds mix and masks are cut out of.

Shapes: O ids incl. background, h w embedding grid.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from ..utils.arrays import Floats, Labels, Mask
from .memory.masks import only

LEAST_SHARE = 1e-4  # float16 keeps what is above
TINY = 1e-20


def shares_of(logits: Floats) -> Floats:
    """Softmax over the ids of (O,h,w)."""
    powers = np.exp(logits - logits.max(axis=0))
    return powers / powers.sum(axis=0)


def logits_of(shares: Floats) -> Floats:
    """Logits (O,h,w) that have these shares."""
    return np.log(np.maximum(shares, LEAST_SHARE))


def id_planes(label: Labels, ids: Sequence[int]) -> Floats:
    """(O,h,w), 1 where the label is the id."""
    planes: Floats = (label[None] == np.asarray(ids)[:, None, None]).astype(np.float32)
    return planes


def put_over(mask: Mask | None, new: Mask, over: Collection[int], ids: Sequence[int]) -> Mask:
    """The mask with the objects of ``over`` as ``new`` has them."""
    assert mask is not None
    return np.where(np.isin(new, list(over)), new, only(mask, ids))


def locked(shares: Floats, label: Mask, ids: Sequence[int], locks: Sequence[int]) -> Floats:
    """The shares (O,h,w) with all of a pixel for a locked object where ``label`` (h,w) shows it, and none elsewhere."""
    if not locks:
        return shares
    others = np.where(np.isin(ids, locks)[:, None, None], 0, shares)
    others /= np.maximum(others.sum(axis=0), TINY)
    return np.where(np.isin(label, locks), id_planes(label, ids), others)
