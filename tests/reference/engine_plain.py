"""An engine that is the definition, written straight in eager Paddle: whole matrices, all shifts at once.

Fast engines are held against it in tests, and measured against it in the benchmark.

Shapes: O ids incl. background, C channels, H W network input, h w embedding grid, N = h*w, M reference pixels,
S = (2R+1)^2 shifts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import paddle
from paddle.nn import functional as F

from paddlevideo.modeling import MANet
from paddlevideo.utils.arrays import Floats, Labels

Reference = tuple[paddle.Tensor, np.ndarray, list[int]]

CHUNKS = 10  # blocks of query pixels in the global map
WRONG_LABEL = 1e20
OUTSIDE = 1e20  # what an embedding is outside the map; its square is infinite


class PlainEngine:
    """The `Engine` of `paddlevideo.session.engine` by its definitions; puts the network into eval mode."""

    def __init__(self, model: MANet) -> None:
        model.eval()
        self._model = model
        self.interaction_map = model.interaction_map
        self.border_decoder = False

    @paddle.no_grad()
    def embed(self, image: Floats) -> Floats:
        return self._model.embed(paddle.to_tensor(image[None]))[0].numpy()

    @paddle.no_grad()
    def interact(
        self,
        embedding: Floats,
        scribble: Labels,
        previous: Labels | None,
        ids: Sequence[int],
        seen: Floats | None = None,
    ) -> Floats:
        # Before the first round all counts as background.
        before = np.zeros_like(scribble) if previous is None else previous
        extra = () if seen is None else (seen,)
        planes = [_planes(scribble, ids), _planes(before, ids), *extra]
        if self._model.rivals:
            planes.append(np.stack([np.isin(scribble, [x for x in ids if x != id_]) for id_ in ids]).astype(np.float32))
            planes += [_rival(each) for each in extra]
        inputs = _join(embedding, *planes)
        return self._model.interaction_head(inputs)[:, 0].numpy()

    @paddle.no_grad()
    def propagate(
        self, embedding: Floats, global_map: Floats, local_map: Floats, previous: Labels, ids: Sequence[int]
    ) -> Floats:
        planes = [global_map, local_map, _planes(previous, ids)]
        if self._model.rivals:
            planes += [_rival(global_map), _rival(local_map)]
        inputs = _join(embedding, *planes)
        return self._model.propagation_head(inputs)[:, 0].numpy()

    def reference(self, embedding: Floats, label: Labels, ids: Sequence[int]) -> Reference:
        """The labelled pixels (M,C) and their labels (M)."""
        flat = np.asarray(label).reshape(-1)
        limit = self._model.matching.max_references
        chosen = np.concatenate([_spread(np.flatnonzero(flat == object_id), limit) for object_id in ids])
        pixels = embedding.reshape(len(embedding), -1).T[chosen]
        return paddle.to_tensor(pixels), flat[chosen], list(ids)

    @paddle.no_grad()
    def global_map(self, query: Floats, reference: Reference) -> Floats:
        stored, labels, ids = reference
        size = (len(ids), *query.shape[1:])
        if not len(labels):
            return np.ones(size, np.float32)
        pixels = paddle.to_tensor(query.reshape(len(query), -1).T)
        norms = (stored * stored).sum(axis=1)
        wrong = [paddle.to_tensor(np.where(labels == id_, 0, WRONG_LABEL).astype(np.float32)) for id_ in ids]
        rows = []
        for x in paddle.split(pixels, _parts(len(pixels), CHUNKS)):
            products = paddle.matmul(x, stored, transpose_y=True)
            distance = (x * x).sum(axis=1, keepdim=True) + norms - 2.0 * products
            rows.append(paddle.stack([(distance + each).min(axis=1) for each in wrong]))
        return _squash(paddle.concat(rows, axis=1)).reshape(size).numpy()

    @paddle.no_grad()
    def local_map(self, current: Floats, previous: Floats, label: Labels, ids: Sequence[int]) -> Floats:
        rule = self._model.matching
        height, width = label.shape
        distances = _local_distances(current, previous, rule.window, (height, width))  # (S,h,w)
        padded = np.pad(label, 2 * rule.window, constant_values=rule.border_label).astype(np.float32)
        # Two pixels of the full grid are one of the pooled grid.
        labels = F.unfold(paddle.to_tensor(padded[None, None]), [height, width], strides=2)
        labels = labels[0].transpose([1, 0]).reshape([-1, height, width])
        one = paddle.ones([1])
        maps = [paddle.where(labels == float(id_), distances, one).min(axis=0) for id_ in ids]
        return paddle.stack(maps).numpy()


def _local_distances(current: Floats, previous: Floats, window: int, size: tuple[int, int]) -> paddle.Tensor:
    """Squashed distances (S,h,w) of 2x2 averages, brought to the full grid after squashing."""
    x, y = (F.avg_pool2d(paddle.to_tensor(image[None]), 2, 2) for image in (current, previous))
    channels, height, width = x.shape[1:]
    y = F.pad(y, [window] * 4, value=OUTSIDE)
    y = F.unfold(y, [height, width]).reshape([channels, height * width, -1])
    distance = (x.reshape([channels, -1, 1]) - y).square().sum(axis=0)
    squashed = _squash(distance).transpose([1, 0]).reshape([1, -1, height, width])
    return F.interpolate(squashed, size, mode="bilinear", align_corners=True)[0]


def _rival(maps: Floats) -> Floats:
    """For each row the smallest of the others, 1 where it is alone."""
    rows = [np.delete(maps, row, axis=0).min(axis=0, initial=1) for row in range(len(maps))]
    return np.stack(rows).astype(np.float32)


def _squash(distance: paddle.Tensor) -> paddle.Tensor:
    return (F.sigmoid(distance) - 0.5) * 2.0


def _spread(indices: np.ndarray, limit: int | None) -> np.ndarray:
    if limit is None or len(indices) <= limit:
        return indices
    return indices[np.linspace(0, len(indices) - 1, limit).astype(int)]


def _parts(count: int, parts: int) -> list[int]:
    edges = [count * part // parts for part in range(parts + 1)]
    return [stop - start for start, stop in zip(edges, edges[1:], strict=False) if stop > start]


def _planes(label: Labels, ids: Sequence[int]) -> Floats:
    return np.stack([label == object_id for object_id in ids]).astype(np.float32)


def _join(embedding: Floats, *planes: Floats) -> paddle.Tensor:
    """Head inputs (O,C + planes,h,w)."""
    shared = paddle.to_tensor(embedding).expand([len(planes[0]), *embedding.shape])
    return paddle.concat([shared, *[paddle.to_tensor(plane[:, None]) for plane in planes]], axis=1)
