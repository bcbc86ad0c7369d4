"""A limit on objects: a picture that is not a mask of ids is reported before it uses up the memory."""

from __future__ import annotations

import numpy as np

from ..utils.errors import InputError
from .clip import IGNORE
from .davis import Sequence

MAX_OBJECTS = 20


def check_object_limit(sequence: Sequence, limit: int = MAX_OBJECTS) -> None:
    """Raise `InputError` when a mask of ``sequence`` has an object id above ``limit`` (255 is no object)."""
    found = sequence.objects
    if found > limit:
        frame = int(np.flatnonzero(sequence.areas[:, limit + 1 : IGNORE].any(axis=1))[0])
        raise InputError(
            f"the masks of '{sequence.name}' hold object ids up to {found}, more than the limit of {limit} (first in "
            f"{sequence.mask_paths[frame]}): save masks with a palette, values being ids 1, 2, ...; or set max_objects "
            f"to {found} or more"
        )
