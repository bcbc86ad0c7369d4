"""Global and local matching in plain, differentiable Paddle (paper section 3.3; reference: manet global/local maps).

Every map is tanh(d / 2) of a squared distance d: 0 where an embedding was seen with the id, 1 where it was not. Maps
are float32 whatever the embeddings are: squared distances overflow half precision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import paddle
from paddle.nn import functional as F

from ..utils.arrays import subsample
from ..utils.errors import InputError
from .full_precision import float32, full_precision
from .layers import resize_bilinear

BORDERS = {"background": 0, "ignore": -1}
NEAREST_BLOCK = 1024  # query pixels at a time
fast_training = True  # compiled loops on a CPU; the benchmark turns them off


@dataclass(frozen=True)
class MatchingConfig:
    """How maps are made.

    Args:
        window: radius R of local matching in pixels of the pooled grid, (2R+1)^2 shifts.
        max_references: keep at most this many reference pixels an id, evenly spaced in raster order; null keeps all.
        border: what the previous frame's label is outside the picture: ``background`` (as the published weights were
            trained) or ``ignore``.
    """

    window: int = 12
    max_references: int | None = None
    border: str = "background"

    def __post_init__(self) -> None:
        if self.border not in BORDERS:
            raise InputError(f"border is one of {', '.join(BORDERS)}, not '{self.border}'")
        if self.window < 1 or (self.max_references is not None and self.max_references < 1):
            raise InputError("window and max_references are 1 or more")

    @property
    def border_label(self) -> int:
        return BORDERS[self.border]


def _is_fast(x: paddle.Tensor) -> bool:
    return fast_training and bool(x.place.is_cpu_place())


def squash(distance: paddle.Tensor) -> paddle.Tensor:
    """Map a squared distance to [0, 1): the reference's (sigmoid(d) - 0.5) * 2, which is tanh(d / 2)."""
    return paddle.tanh(distance * 0.5)


@paddle.no_grad()
def _nearest(query: paddle.Tensor, stored: paddle.Tensor) -> paddle.Tensor:
    """Return for each of query (N,C) the index (N,) of the nearest of stored (M,C).

    Blocks keep the N x M distances out of memory.
    """
    # |y|^2 - 2xy as one product of (x, 1) and (-2y, |y|^2): broadcast additions of this size are slow on a CPU.
    rows = F.pad(query, [0, 1], value=1.0)
    columns = paddle.concat([-2.0 * stored, (stored * stored).sum(axis=1, keepdim=True)], axis=1).transpose([1, 0])
    blocks = range(0, len(query), NEAREST_BLOCK)
    return paddle.concat([paddle.matmul(rows[k : k + NEAREST_BLOCK], columns).argmin(axis=1) for k in blocks])


def global_map(
    query: paddle.Tensor,
    reference: paddle.Tensor,
    label: np.ndarray,
    ids: Sequence[int],
    max_references: int | None = None,
) -> paddle.Tensor:
    """Distance of each query pixel to the nearest reference pixel of each id.

    Args:
        query, reference: embeddings (C,h,w).
        label: ids of the reference pixels (h,w); -1 = unlabelled.
        ids: the O ids to match.
        max_references: see `MatchingConfig`.

    Returns:
        (O,h,w); an id without a reference pixel gives 1 everywhere.
    """
    with full_precision():
        query, reference = float32(query), float32(reference)
        if not _is_fast(query):
            return _global_map(query, reference, label, ids, max_references)
        from ..kernels.trained_matching import NearestDistances  # numba is slow to import

        flat = np.asarray(label).reshape(-1)
        chosen = [subsample(np.flatnonzero(flat == object_id), max_references) for object_id in ids]
        return NearestDistances.apply(query, reference, chosen)


def _global_map(
    query: paddle.Tensor, reference: paddle.Tensor, label: np.ndarray, ids: Sequence[int], max_references: int | None
) -> paddle.Tensor:
    channels, height, width = query.shape
    pixels = query.reshape([channels, -1]).transpose([1, 0])
    stored = reference.reshape([channels, -1]).transpose([1, 0])
    flat = np.asarray(label).reshape(-1)
    maps = []
    for object_id in ids:
        chosen = subsample(np.flatnonzero(flat == object_id), max_references)
        if not len(chosen):
            maps.append(paddle.ones([height * width]))
            continue
        references = paddle.gather(stored, paddle.to_tensor(chosen))
        # The gradient flows through the nearest pair alone, so that the other distances need not be kept.
        away = pixels - paddle.gather(references, _nearest(pixels, references))
        maps.append(squash((away * away).sum(axis=1)))
    return paddle.stack(maps).reshape([len(ids), height, width])


@lru_cache(maxsize=8)
def _shift_index(height: int, width: int, window: int) -> np.ndarray:
    """Return (height * width, shifts): the pixel each shift reads, or height * width where it leaves the map."""
    offset = np.arange(-window, window + 1)
    rows = np.arange(height)[:, None] + offset
    columns = np.arange(width)[:, None] + offset
    index = rows[:, None, :, None] * width + columns[None, :, None, :]
    inside = ((rows >= 0) & (rows < height))[:, None, :, None] & ((columns >= 0) & (columns < width))[None, :, None, :]
    return np.where(inside, index, height * width).reshape(height * width, -1)


def local_distances(current: paddle.Tensor, previous: paddle.Tensor, window: int) -> paddle.Tensor:
    """Squashed distances (shifts,h,w) between each pixel and the shifted previous frame.

    Both (C,h,w) embeddings are first pooled 2x2; the distances are brought back to (h,w) after squashing, which is the
    reference's order. A shift that leaves the pooled map counts as 1.
    """
    channels, height, width = current.shape
    x = F.avg_pool2d(current.unsqueeze(0), 2, 2)[0]
    y = F.avg_pool2d(previous.unsqueeze(0), 2, 2)[0]
    pooled = (x.shape[1], x.shape[2])
    x = x.reshape([channels, -1]).transpose([1, 0])
    y = y.reshape([channels, -1])
    one = paddle.ones([x.shape[0], 1])
    x = paddle.concat([x, (x * x).sum(axis=1, keepdim=True), one], axis=1)
    y = paddle.concat([-2.0 * y, one.transpose([1, 0]), (y * y).sum(axis=0, keepdim=True)])
    distance = paddle.matmul(x, y)
    squashed = F.pad(squash(distance), [0, 1], value=1.0)
    index = paddle.to_tensor(_shift_index(*pooled, window))
    shifted = paddle.index_sample(squashed, index).transpose([1, 0])
    shifted = shifted + F.relu(-shifted).detach()  # what rounding took below 0 is 0; its gradient is right as it is
    return resize_bilinear(shifted.reshape([-1, *pooled]), (height, width))


def local_map(
    current: paddle.Tensor,
    previous: paddle.Tensor,
    label: np.ndarray,
    ids: Sequence[int],
    window: int = 12,
    border_label: int = 0,
) -> paddle.Tensor:
    """Distance of each pixel to the nearest previous-frame pixel of each id within a window.

    Args:
        current, previous: embeddings (C,h,w).
        label: the previous frame's ids (h,w).
        ids: the O ids to match.
        window: radius R on the pooled grid; labels are read at steps of 2 up to 2R pixels away.
        border_label: what a label outside the picture is; 0 lets distances that were interpolated across the border
            count as background, which the published weights rely on.

    Returns:
        (O,h,w).
    """
    padded = np.pad(np.asarray(label), 2 * window, constant_values=border_label)
    with full_precision():
        current, previous = float32(current), float32(previous)
        if not _is_fast(current):
            return _local_map(current, previous, padded, ids, window)
        from ..kernels.trained_matching import LocalDistances  # numba is slow to import

        return LocalDistances.apply(current, previous, padded, ids, window)


def _local_map(
    current: paddle.Tensor, previous: paddle.Tensor, padded: np.ndarray, ids: Sequence[int], window: int
) -> paddle.Tensor:
    """`local_map` in Paddle's own operators; the label is padded by the window's reach."""
    height, width = current.shape[1:]
    distances = local_distances(current, previous, window)
    shifts = np.lib.stride_tricks.sliding_window_view(padded, (height, width))[::2, ::2]
    labels = paddle.to_tensor(shifts.reshape(-1, height * width).astype(np.int32))
    flat = distances.reshape([-1, height * width])
    one = paddle.ones([1])
    nearest, seen = [], []
    with paddle.no_grad():
        for object_id in ids:
            allowed = paddle.where(labels == object_id, flat, 2.0 * one)
            nearest.append(allowed.argmin(axis=0))
            seen.append((labels == object_id).any(axis=0))
    chosen = paddle.take_along_axis(flat, paddle.stack(nearest), axis=0)
    return paddle.where(paddle.stack(seen), chosen, one).reshape([len(ids), height, width])
