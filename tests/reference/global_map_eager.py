"""The global distance map in eager Paddle, as its definition is written: every distance is kept for the gradient."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import paddle

from paddlevideo.modeling.matching import squash
from paddlevideo.utils.arrays import subsample


def global_map(
    query: paddle.Tensor,
    reference: paddle.Tensor,
    label: np.ndarray,
    ids: Sequence[int],
    max_references: int | None = None,
) -> paddle.Tensor:
    """As `paddlevideo.modeling.matching.global_map`: (C,h,w) twice and a label (h,w) to (O,h,w)."""
    channels, height, width = query.shape
    pixels = query.reshape([channels, -1]).transpose([1, 0])
    stored = reference.reshape([channels, -1])
    flat = np.asarray(label).reshape(-1)
    maps = []
    for object_id in ids:
        chosen = subsample(np.flatnonzero(flat == object_id), max_references)
        if not len(chosen):
            maps.append(paddle.ones([height * width]))
            continue
        columns = paddle.index_select(stored, paddle.to_tensor(chosen), axis=1)
        products = paddle.matmul(pixels, columns)
        distance = (pixels * pixels).sum(axis=1, keepdim=True) - 2.0 * products + (columns * columns).sum(axis=0)
        # The smallest by its place: the gradient of Paddle's `min` takes far longer still.
        nearest = distance.detach().argmin(axis=1, keepdim=True)
        maps.append(squash(paddle.index_sample(distance, nearest)[:, 0]))
    return paddle.stack(maps).reshape([len(ids), height, width])
