"""What speaks against an object: the maps and strokes of all other ids (CFBI's idea of background as a partner of the
foreground, Yang, Wei, Yang, ECCV 2020; not in MA-Net).

A head answers for one id at a time and otherwise learns of the others only from the softmax behind it. Shapes: O ids
incl. background, h w embedding grid.
"""

from __future__ import annotations

from itertools import accumulate

import paddle


def nearest_rival(maps: paddle.Tensor) -> paddle.Tensor:
    """Return (O,h,w): for each id the smallest distance of all others in maps (O,h,w), 1 where there is no other."""
    rows = [maps[row] for row in range(len(maps))]
    alone = paddle.ones_like(rows[0])
    # Minima of two maps: Paddle's gradient of `min` over an axis takes seconds.
    before = list(accumulate(rows[:-1], paddle.minimum, initial=alone))
    after = list(accumulate(rows[:0:-1], paddle.minimum, initial=alone))[::-1]
    return paddle.stack([paddle.minimum(*pair) for pair in zip(before, after, strict=True)])


def rival_strokes(strokes: paddle.Tensor) -> paddle.Tensor:
    """Return (O,h,w): for each id where another has strokes, of planes (O,h,w) that do not overlap."""
    return strokes.sum(axis=0, keepdim=True) - strokes
