"""MA-Net: embed frames once, turn strokes into a mask (interaction), carry masks along (propagation).

Shape legend: B batch, O objects incl. background, C embedding channels, H W image, h w embedding grid (stride 4).
A head's input is the embedding and the planes of `paddlevideo.modeling.planes`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import paddle
from paddle import nn

from ...utils.registry import FRAMEWORKS
from ..full_precision import float32
from ..matching import MatchingConfig, global_map, local_map
from ..planes import interaction_planes, propagation_planes
from ..rivals import nearest_rival, rival_strokes


@FRAMEWORKS.register
class MANet(nn.Layer):
    """The network; `paddlevideo.session` plays rounds with it, `paddlevideo.solver.objective` trains it.

    Args:
        backbone: images (B,3,H,W) to features at stride 4.
        embedding: features to embeddings (B,C,h,w).
        interaction_head, propagation_head: embedding and planes (O,C+planes,h,w) to logits (O,1,h,w).
        matching: how distance maps are made.
        interaction_map: the interaction head also sees the global map of the annotated frame against its own strokes
            (and their region of interest): what looks like them, however far away. The reference does without.
        border_decoder: finer logits by those of a head, the embedding and the picture, see `BorderDecoder`; the
            reference has none.
        rivals: for each id the heads also see how near the nearest other id is, and the strokes of the others. The
            reference does without.
    """

    _built = ("backbone", "embedding", "interaction_head", "propagation_head", "matching", "border_decoder")

    def __init__(
        self,
        backbone: nn.Layer,
        embedding: nn.Layer,
        interaction_head: nn.Layer,
        propagation_head: nn.Layer,
        matching: MatchingConfig,
        interaction_map: bool = False,
        rivals: bool = False,
        border_decoder: nn.Layer | None = None,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.embedding = embedding
        self.interaction_head = interaction_head
        self.propagation_head = propagation_head
        self.border_decoder = border_decoder
        self.matching = matching
        self.interaction_map = interaction_map
        self.rivals = rivals
        self.interaction_planes = interaction_planes(interaction_map, rivals)
        self.propagation_planes = propagation_planes(rivals)

    def train(self) -> None:
        """Put the network in train mode, but not parts that get no gradient: their norms keep their statistics."""
        super().train()
        for part in self.children():
            if all(parameter.stop_gradient for parameter in part.parameters()):
                part.eval()

    def embed(self, images: paddle.Tensor) -> paddle.Tensor:
        """Return the pixel embeddings (B,C,h,w) of images (B,3,H,W)."""
        return self.embedding(self.backbone(images))

    def interaction_inputs(
        self,
        embedding: paddle.Tensor,
        scribble: paddle.Tensor,
        previous: paddle.Tensor | None,
        ids: Sequence[int],
        strokes_map: paddle.Tensor | None = None,
    ) -> paddle.Tensor:
        """Return (O,C+planes,h,w) for the interaction head.

        Args:
            embedding: of the annotated frame (1,C,h,w).
            scribble: its label (h,w), -1 where no stroke is.
            previous: its ids (h,w) after the round before. None in a first round: the background's plane is all ones,
                the objects' all zeros.
            ids: the O ids.
            strokes_map: the frame's global map (O,h,w), for a network with ``interaction_map``.
        """
        strokes = _planes(scribble, ids)
        if previous is None:
            before = paddle.zeros_like(strokes)
            before[list(ids).index(0)] = 1.0
        else:
            before = _planes(previous, ids)
        planes = {"strokes": strokes, "previous": before}
        if self.rivals:
            planes["rival_strokes"] = rival_strokes(strokes)
        if strokes_map is not None:
            planes["strokes_map"] = strokes_map
            if self.rivals:
                planes["rival_strokes_map"] = nearest_rival(strokes_map)
        return _join(embedding, planes, self.interaction_planes)

    def propagation_inputs(
        self,
        embedding: paddle.Tensor,
        global_map: paddle.Tensor,
        local_map: paddle.Tensor,
        previous: paddle.Tensor,
        ids: Sequence[int],
    ) -> paddle.Tensor:
        """Return (O,C+planes,h,w) for the propagation head.

        Args:
            embedding: of the frame (1,C,h,w).
            global_map, local_map: its distance maps (O,h,w).
            previous: the ids (h,w) of the frame beside.
            ids: the O ids.
        """
        planes = {"global_map": global_map, "local_map": local_map, "previous": _planes(previous, ids)}
        if self.rivals:
            planes["rival_global_map"] = nearest_rival(global_map)
            planes["rival_local_map"] = nearest_rival(local_map)
        return _join(embedding, planes, self.propagation_planes)

    def interaction_logits(
        self,
        embedding: paddle.Tensor,
        scribble: paddle.Tensor,
        previous: paddle.Tensor | None,
        ids: Sequence[int],
        strokes_map: paddle.Tensor | None = None,
    ) -> paddle.Tensor:
        """Return logits (O,h,w) of the annotated frame; arguments as `interaction_inputs`."""
        return self.interaction_head(self.interaction_inputs(embedding, scribble, previous, ids, strokes_map))[:, 0]

    def propagation_logits(
        self,
        embedding: paddle.Tensor,
        global_map: paddle.Tensor,
        local_map: paddle.Tensor,
        previous: paddle.Tensor,
        ids: Sequence[int],
    ) -> paddle.Tensor:
        """Return logits (O,h,w) of a propagated frame; arguments as `propagation_inputs`."""
        return self.propagation_head(self.propagation_inputs(embedding, global_map, local_map, previous, ids))[:, 0]

    def match(
        self,
        current: paddle.Tensor,
        previous: paddle.Tensor,
        reference: paddle.Tensor,
        reference_label: np.ndarray,
        previous_label: np.ndarray,
        ids: Sequence[int],
    ) -> tuple[paddle.Tensor, paddle.Tensor]:
        """Return the global and the local map (O,h,w) of a frame, without memories; embeddings are (C,h,w)."""
        rule = self.matching
        return (
            self.match_globally(current, reference, reference_label, ids),
            local_map(current, previous, previous_label, ids, rule.window, rule.border_label),
        )

    def match_globally(
        self, current: paddle.Tensor, reference: paddle.Tensor, label: np.ndarray, ids: Sequence[int]
    ) -> paddle.Tensor:
        """Return the global map (O,h,w) of a frame; embeddings are (C,h,w), the reference's label is (h,w)."""
        return global_map(current, reference, label, ids, self.matching.max_references)


def _planes(label: paddle.Tensor, ids: Sequence[int]) -> paddle.Tensor:
    """Return (O,h,w) float planes label == id."""
    wanted = paddle.to_tensor(np.asarray(ids, np.int64)).reshape([-1, 1, 1])
    return (label.astype("int64").unsqueeze(0) == wanted).astype("float32")


def _join(embedding: paddle.Tensor, planes: Mapping[str, paddle.Tensor], order: Sequence[str]) -> paddle.Tensor:
    """Return (O,C+planes,h,w) of an embedding (1,C,h,w) and planes (O,h,w)."""
    objects = len(planes["previous"])
    shared = float32(embedding).expand([objects, *embedding.shape[1:]])
    return paddle.concat([shared, *[planes[name].unsqueeze(1) for name in order]], axis=1)
