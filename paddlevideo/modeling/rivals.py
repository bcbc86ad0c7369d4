"""An object's rivals: the maps and strokes of all other ids (CFBI's idea of background as a partner of the
foreground, Yang, Wei, Yang, ECCV 2020; not in MA-Net).

A head answers for one id at a time and otherwise learns of the others only from the softmax behind it. Shapes: O ids
incl. background, h w embedding grid.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any, TypeVar

import numpy as np
import paddle

Maps = TypeVar("Maps", paddle.Tensor, np.ndarray)


def nearest_rival(maps: Maps) -> Maps:
    """Return (O,h,w): for each id the smallest distance of all others in maps (O,h,w), 1 where there is no other."""
    library: Any = np if isinstance(maps, np.ndarray) else paddle
    rows = [maps[row] for row in range(len(maps))]
    alone = library.ones_like(rows[0])
    # Minima of two maps: Paddle's gradient of `min` over an axis takes seconds.
    before = list(accumulate(rows[:-1], library.minimum, initial=alone))
    after = list(accumulate(rows[:0:-1], library.minimum, initial=alone))[::-1]
    rivals: Maps = library.stack([library.minimum(*pair) for pair in zip(before, after, strict=True)])
    return rivals


def rival_strokes(strokes: paddle.Tensor) -> paddle.Tensor:
    """Return (O,h,w): for each id where another has strokes, of planes (O,h,w) that do not overlap."""
    return strokes.sum(axis=0, keepdim=True) - strokes
