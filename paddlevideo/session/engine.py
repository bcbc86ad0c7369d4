"""Runs the network for a session, NumPy in and NumPy out: plainly through Paddle, or compiled for a CPU.

Shapes: O ids incl. background, C channels, H W network input, h w embedding grid.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Literal, Protocol

import numpy as np
import paddle
from paddle import nn

from ..kernels import global_matching as fast
from ..kernels.compiled import CompiledLayer, has_bf16
from ..modeling import matching as plain
from ..modeling.backbones.early_decoder import early_decoder
from ..modeling.framework.manet import MANet
from ..modeling.heads import shared_head
from ..modeling.matching import MatchingConfig
from ..modeling.rivals import nearest_rival
from ..utils.arrays import Floats, Labels
from ..utils.runtime import device
from .probabilities import id_planes

logger = logging.getLogger(__name__)

EngineKind = Literal["fast", "plain"]

# Objects that a compiled head takes at once. There are always two or more (background, one object), the time is in
# proportion to their number, and every other size would be compiled anew.
HEAD_BATCH = 2
# Parts that take turns: one lets go of its memory when another runs. A stroke is answered when no frame is embedded.
TURNS = {"embed": "once", "interact": "once", "propagate": "propagate", "borders": "borders"}
# Parameters; calls of such a network take so long that objects one by one cost nothing, and need less memory.
LARGE = 20_000_000


class Engine(Protocol):
    """What a session asks of the network.

    Attributes:
        interaction_map: whether `interact` wants a global map.
        border_decoder: whether there is `finer`.
    """

    interaction_map: bool
    border_decoder: bool

    def embed(self, image: Floats) -> Floats:
        """Embedding (C,h,w) of an image (3,H,W)."""

    def interact(
        self,
        embedding: Floats,
        scribble: Labels,
        previous: Labels | None,
        ids: Sequence[int],
        global_map: Floats | None = None,
    ) -> Floats:
        """Logits (O,h,w) of an annotated frame: its scribble label and its mask of the round before, both (h,w).

        ``global_map`` (O,h,w) is the frame's own, of use only with ``interaction_map``.
        """

    def propagate(
        self, embedding: Floats, global_map: Floats, local_map: Floats, previous: Labels, ids: Sequence[int]
    ) -> Floats:
        """Logits (O,h,w) of the frame beside one whose mask is ``previous`` (h,w); the maps are (O,h,w)."""

    def finer(self, image: Floats, embedding: Floats, logits: Floats) -> Floats:
        """Logits (N,ceil(H/2),ceil(W/2)) of objects against the background by those on the grid (N,h,w)."""

    def reference(self, embedding: Floats, label: Labels, ids: Sequence[int]) -> Any:
        """Prepare an annotated frame, its label (h,w), for `global_map`."""

    def global_map(self, query: Floats, reference: Any) -> Floats:
        """Global distance map (O,h,w) of the embedding ``query`` to what `reference` has prepared."""

    def local_map(self, current: Floats, previous: Floats, label: Labels, ids: Sequence[int]) -> Floats:
        """Local distance map (O,h,w) between two embeddings; ``label`` (h,w) belongs to ``previous``."""


class EagerEngine:
    """The network's own functions, step by step."""

    def __init__(self, model: MANet) -> None:
        model.eval()
        self._model = model
        self.interaction_map = model.interaction_map
        self.border_decoder = model.border_decoder is not None

    @paddle.no_grad()
    def embed(self, image: Floats) -> Floats:
        return _array(self._model.embed(paddle.to_tensor(image[None]))[0])

    @paddle.no_grad()
    def interact(
        self,
        embedding: Floats,
        scribble: Labels,
        previous: Labels | None,
        ids: Sequence[int],
        global_map: Floats | None = None,
    ) -> Floats:
        now = paddle.to_tensor(embedding[None])
        before = None if previous is None else _label(previous)
        maps = None if global_map is None else paddle.to_tensor(global_map)
        return _array(self._model.interaction_logits(now, _label(scribble), before, ids, maps))

    @paddle.no_grad()
    def propagate(
        self, embedding: Floats, global_map: Floats, local_map: Floats, previous: Labels, ids: Sequence[int]
    ) -> Floats:
        now, *maps = (paddle.to_tensor(array) for array in (embedding[None], global_map, local_map))
        return _array(self._model.propagation_logits(now, maps[0], maps[1], _label(previous), ids))

    @paddle.no_grad()
    def finer(self, image: Floats, embedding: Floats, logits: Floats) -> Floats:
        decoder = self._model.border_decoder
        assert decoder is not None
        return _array(decoder(*map(paddle.to_tensor, (image[None], embedding[None], logits[:, None])))[:, 0])

    def reference(self, embedding: Floats, label: Labels, ids: Sequence[int]) -> Any:
        return paddle.to_tensor(embedding), np.asarray(label), list(ids)

    @paddle.no_grad()
    def global_map(self, query: Floats, reference: Any) -> Floats:
        embedding, label, ids = reference
        limit = self._model.matching.max_references
        return _array(plain.global_map(paddle.to_tensor(query), embedding, label, ids, limit))

    @paddle.no_grad()
    def local_map(self, current: Floats, previous: Floats, label: Labels, ids: Sequence[int]) -> Floats:
        rule = self._model.matching
        pair = (paddle.to_tensor(current), paddle.to_tensor(previous))
        return _array(plain.local_map(*pair, np.asarray(label), ids, rule.window, rule.border_label))


class PartsEngine(ABC):
    """Makes the heads' planes, and matches in compiled loops; how the network's parts run, a subclass says.

    Args:
        matching: how distance maps are made.
        interaction_map, rivals: of the network, see `MANet`.
        border_decoder: whether it has one.
    """

    def __init__(
        self, matching: MatchingConfig, interaction_map: bool, rivals: bool, border_decoder: bool = False
    ) -> None:
        self.matching = matching
        self.interaction_map = interaction_map
        self.rivals = rivals
        self.border_decoder = border_decoder

    def interact(
        self,
        embedding: Floats,
        scribble: Labels,
        previous: Labels | None,
        ids: Sequence[int],
        global_map: Floats | None = None,
    ) -> Floats:
        strokes = id_planes(scribble, ids)
        # Without a mask of an earlier round everything counts as background.
        before = id_planes(np.zeros_like(scribble) if previous is None else previous, ids)
        planes = [strokes, before] if global_map is None else [strokes, before, global_map]
        if self.rivals:
            others = strokes.sum(axis=0, keepdims=True) - strokes
            planes += [others] if global_map is None else [others, nearest_rival(global_map)]
        return self._head("interact", embedding, *planes)

    def propagate(
        self, embedding: Floats, global_map: Floats, local_map: Floats, previous: Labels, ids: Sequence[int]
    ) -> Floats:
        planes = [global_map, local_map, id_planes(previous, ids)]
        if self.rivals:
            planes += [nearest_rival(global_map), nearest_rival(local_map)]
        return self._head("propagate", embedding, *planes)

    def finer(self, image: Floats, embedding: Floats, logits: Floats) -> Floats:
        return np.concatenate([self._finer(image[None], embedding[None], each[None, None])[0] for each in logits])

    def reference(self, embedding: Floats, label: Labels, ids: Sequence[int]) -> fast.Reference:
        return fast.Reference(embedding, label, ids, self.matching.max_references)

    def global_map(self, query: Floats, reference: fast.Reference) -> Floats:
        return reference.map(query)

    def local_map(self, current: Floats, previous: Floats, label: Labels, ids: Sequence[int]) -> Floats:
        rule = self.matching
        return fast.local_map(current, previous, label, ids, rule.window, rule.border)

    @abstractmethod
    def _head(self, name: str, embedding: Floats, *planes: Floats) -> Floats:
        """Logits (O,h,w) of a head, ``"interact"`` or ``"propagate"``, for an embedding and planes (O,h,w) each."""

    @abstractmethod
    def _finer(self, image: Floats, embedding: Floats, logits: Floats) -> Floats:
        """Logits (1,1,ceil(H/2),ceil(W/2)) of an object by the image (1,3,H,W), its embedding and logits (1,1,h,w)."""


class CompiledEngine(PartsEngine):
    """The network's parts compiled at the first sizes they meet, and matching in compiled loops; for a CPU.

    Args:
        model: put into eval mode; its weights must not change afterwards.
        precision: ``"fp32"`` or ``"bf16"``, see `CompiledLayer`.
    """

    def __init__(self, model: MANet, precision: str = "fp32") -> None:
        super().__init__(model.matching, model.interaction_map, model.rivals, model.border_decoder is not None)
        model.eval()
        self._heads = {"interact": model.interaction_head, "propagate": model.propagation_head}
        self._precision = precision
        large = sum(parameter.size for parameter in model.parameters()) > LARGE
        self._batch = 1 if large else HEAD_BATCH
        # Products of bfloat16 are so fast that fewer of them are no gain.
        backbone = early_decoder(model.backbone) if precision == "fp32" else model.backbone
        self._layers: dict[str, nn.Layer] = {"embed": Embedder(backbone, model.embedding)}
        if model.border_decoder is not None:
            self._layers["borders"] = model.border_decoder
        self._parts: dict[tuple[Any, ...], CompiledLayer] = {}
        self._last: dict[str, CompiledLayer] = {}  # by turn

    def embed(self, image: Floats) -> Floats:
        return self._run("embed", image[None])[0]

    def _head(self, name: str, embedding: Floats, *planes: Floats) -> Floats:
        if name not in self._layers:
            self._layers[name] = shared_head(self._heads[name], len(embedding), self._batch)
        joined = np.stack(planes, axis=1)
        missing = -len(joined) % self._batch
        joined = np.concatenate([joined, np.zeros((missing, *joined.shape[1:]), np.float32)])
        chunks = [joined[start : start + self._batch] for start in range(0, len(joined), self._batch)]
        logits = [self._run(name, embedding[None], chunk)[:, 0] for chunk in chunks]
        return np.concatenate(logits)[: len(joined) - missing]

    def _finer(self, image: Floats, embedding: Floats, logits: Floats) -> Floats:
        return self._run("borders", image, embedding, logits)

    def _run(self, name: str, *arrays: Floats) -> Floats:
        shapes = tuple(array.shape for array in arrays)
        if (name, shapes) not in self._parts:
            layer = self._layers[name]
            self._parts[name, shapes] = CompiledLayer(layer, shapes, precision=self._precision)
        part, turn = self._parts[name, shapes], TURNS[name]
        last = self._last.get(turn)
        if last is not None and last is not part:
            last.let_go()
        self._last[turn] = part
        return part(*arrays)[0]


class Embedder(nn.Layer):
    """Images (B,3,H,W) to embeddings (B,C,h,w)."""

    def __init__(self, backbone: nn.Layer, embedding: nn.Layer) -> None:
        super().__init__()
        self.backbone = backbone
        self.embedding = embedding

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        return self.embedding(self.backbone(images))


def build_engine(model: MANet, kind: EngineKind = "fast", precision: str = "fp32") -> Engine:
    """The engine called ``kind``; on a graphics card eager Paddle is the fast one."""
    if kind == "fast" and device() == "cpu":
        if precision == "bf16" and not has_bf16():
            logger.warning("precision bf16: this processor has no bfloat16 instructions; fp32 is faster and is used")
            precision = "fp32"
        return CompiledEngine(model, precision)
    return EagerEngine(model)


def _array(tensor: paddle.Tensor) -> Floats:
    array: Floats = tensor.numpy()
    return array


def _label(label: Labels) -> paddle.Tensor:
    return paddle.to_tensor(np.asarray(label, np.int64))
