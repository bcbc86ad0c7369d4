"""MA-Net: embed frames once, turn strokes into a mask (interaction), carry masks along (propagation).

Shape legend: B batch, F frames of a clip, O objects incl. background, C embedding channels, H W image, h w embedding
grid (stride 4). Head inputs are the reference's: propagation sees [embedding, global map, local map, previous == id],
interaction sees [embedding, scribble == id, previous == id]; further planes that a config asks for come after these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import paddle
from paddle import nn

from ...solver.own_rounds import with_own_rounds
from ...utils.errors import InputError
from ...utils.registry import FRAMEWORKS
from ..full_precision import float32, full_precision
from ..layers import resize_bilinear, resize_nearest
from ..matching import MatchingConfig, global_map, local_map
from ..rivals import nearest_rival, rival_strokes

FROZEN = {
    "propagation": ("interaction_head",),
    "interaction": ("backbone", "embedding", "propagation_head"),
    "propagation_head": ("backbone", "embedding", "interaction_head"),
    "heads": ("backbone", "embedding"),
    "both": (),
}
"""Parts that are not trained, by ``train_heads``."""


def interaction_channels(embedding: int, interaction_map: bool = False, rivals: bool = False) -> int:
    """Channels at the interaction head: the embedding, strokes, previous mask, map, rival strokes, rival map."""
    return embedding + (2 + interaction_map) + (1 + interaction_map) * rivals


def propagation_channels(embedding: int, rivals: bool = False) -> int:
    """Channels at the propagation head: the embedding, global and local map, previous mask, the rivals' two maps."""
    return embedding + 3 + 2 * rivals


@FRAMEWORKS.register
class MANet(nn.Layer):
    """The network and its training forward; rounds and memories live in ``paddlevideo.session``.

    Args:
        backbone: images (B,3,H,W) to features at stride 4.
        embedding: features to embeddings (B,C,h,w).
        interaction_head, propagation_head: (O,channels,h,w) of `interaction_channels` and `propagation_channels` to
            logits (O,1,h,w).
        loss: (logits (1,O,H,W), ids (1,H,W), step) to a 0-d tensor.
        matching: how distance maps are made.
        train_heads: ``propagation`` (stage 1, with backbone and embedding), ``interaction`` (stage 2, the head alone),
            ``propagation_head`` (that alone), ``heads`` (the two alone) or ``both`` (joint training). Parts that are
            not trained stay in eval mode.
        interaction_map: the interaction head also sees the global map of the annotated frame against its own strokes
            (and their region of interest): what looks like them, however far away. The reference does without.
        rivals: for each id the heads also see how near the nearest other id is, and the strokes of the others. The
            reference does without.
        refine: weight of one more loss: the propagation head carries the interaction's answer over to the annotated
            frame itself, as `INFERENCE.refine` does; of effect where both heads are trained. The reference has none.
        reference: heads run clip by clip, so that their norms take statistics over the objects of one clip, as in the
            official code; else over the whole batch.
    """

    _built = ("backbone", "embedding", "interaction_head", "propagation_head", "loss", "matching")

    def __init__(
        self,
        backbone: nn.Layer,
        embedding: nn.Layer,
        interaction_head: nn.Layer,
        propagation_head: nn.Layer,
        loss: nn.Layer,
        matching: MatchingConfig,
        train_heads: str = "propagation",
        interaction_map: bool = False,
        rivals: bool = False,
        refine: float = 0.0,
        reference: bool = False,
    ) -> None:
        super().__init__()
        if train_heads not in FROZEN:
            raise InputError(f"train_heads is one of {', '.join(FROZEN)}, not '{train_heads}'")
        self.backbone = backbone
        self.embedding = embedding
        self.interaction_head = interaction_head
        self.propagation_head = propagation_head
        self.loss = loss
        self.matching = matching
        self.train_heads = train_heads
        self.interaction_map = interaction_map
        self.rivals = rivals
        self.refine = refine
        self.reference = reference
        # Called in training instead of the embedding where that gets no gradient; the trainer puts a compiled one here.
        self.embed_runner: Callable[[paddle.Tensor], tuple[paddle.Tensor, ...]] | None = None
        for part in FROZEN[train_heads]:
            for parameter in getattr(self, part).parameters():
                parameter.stop_gradient = True

    def train(self) -> None:
        """Put the trained parts in train mode; the norms of the others keep their statistics."""
        super().train()
        for part in FROZEN[self.train_heads]:
            getattr(self, part).eval()

    def embed(self, images: paddle.Tensor) -> paddle.Tensor:
        """Return the pixel embeddings (B,C,h,w) of images (B,3,H,W)."""
        return self.embedding(self.backbone(images))

    @property
    def embeds_without_gradient(self) -> bool:
        """Whether backbone and embedding stay as they are in training."""
        return "embedding" in FROZEN[self.train_heads]

    def embedding_part(self) -> nn.Layer:
        """Backbone and embedding as a layer of its own that shares their parameters."""
        return nn.Sequential(self.backbone, self.embedding)

    def _embed_clips(self, images: paddle.Tensor) -> paddle.Tensor:
        if not self.embeds_without_gradient:
            return self.embed(images)
        with paddle.no_grad():
            return self.embed(images) if self.embed_runner is None else self.embed_runner(images)[0]

    def interaction_inputs(
        self,
        embedding: paddle.Tensor,
        scribble: paddle.Tensor,
        previous: paddle.Tensor | None,
        ids: Sequence[int],
        seen: paddle.Tensor | None = None,
    ) -> paddle.Tensor:
        """Return (O,C+2,h,w) from an embedding (1,C,h,w), a scribble label (h,w) and the previous round's ids (h,w).

        With ``seen`` (O,h,w), the global map of ``interaction_map``, and with ``rivals`` there are more channels, see
        `interaction_channels`. Without a previous round its channel is all ones for the background and zeros for
        objects.
        """
        strokes = _planes(scribble, ids)
        if previous is None:
            before = paddle.zeros_like(strokes)
            before[list(ids).index(0)] = 1.0
        else:
            before = _planes(previous, ids)
        planes = [strokes, before] if seen is None else [strokes, before, seen]
        if self.rivals:
            planes += [rival_strokes(strokes)] if seen is None else [rival_strokes(strokes), nearest_rival(seen)]
        return _join(embedding, *planes)

    def propagation_inputs(
        self,
        embedding: paddle.Tensor,
        global_map: paddle.Tensor,
        local_map: paddle.Tensor,
        previous: paddle.Tensor,
        ids: Sequence[int],
    ) -> paddle.Tensor:
        """Return (O,C+3,h,w) from an embedding (1,C,h,w), two maps (O,h,w) and the previous frame's ids (h,w).

        With ``rivals`` it is (O,C+5,h,w).
        """
        rivals = [nearest_rival(global_map), nearest_rival(local_map)] if self.rivals else []
        return _join(embedding, global_map, local_map, _planes(previous, ids), *rivals)

    def interaction_logits(
        self,
        embedding: paddle.Tensor,
        scribble: paddle.Tensor,
        previous: paddle.Tensor | None,
        ids: Sequence[int],
        seen: paddle.Tensor | None = None,
    ) -> paddle.Tensor:
        """Return logits (O,h,w) of the annotated frame; arguments as `interaction_inputs`."""
        return self.interaction_head(self.interaction_inputs(embedding, scribble, previous, ids, seen))[:, 0]

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
            global_map(current, reference, reference_label, ids, rule.max_references),
            local_map(current, previous, previous_label, ids, rule.window, rule.border_label),
        )

    def stage1_logits(
        self, images: paddle.Tensor, reference_label: np.ndarray, previous_label: np.ndarray, ids: Sequence[int]
    ) -> paddle.Tensor:
        """Return logits (O,h,w) of images[2] given images (3,3,H,W) = reference, previous, current and labels (h,w)."""
        reference, previous, current = self.embed(images)
        maps = self.match(current, previous, reference, reference_label, previous_label, ids)
        return self.propagation_logits(current.unsqueeze(0), *maps, paddle.to_tensor(previous_label), ids)

    def forward(self, batch: Mapping[str, paddle.Tensor], step: int) -> dict[str, paddle.Tensor]:
        """Return the training loss of a batch of clips (see docs: data samples) and its parts by head.

        The clips of a batch go through a head together, so that its batch norms see all of them (unless ``reference``).
        With ``train_heads: interaction`` the annotated frame is enough: clips may hold it alone, or with a second one
        that an earlier round annotated.
        """
        images = self._used(batch["images"])
        clips, frames = images.shape[:2]
        flat = images.reshape([clips * frames, *images.shape[2:]])
        embedding = self._embed_clips(flat)
        embedding = embedding.reshape([clips, frames, *embedding.shape[1:]])
        ids = [list(range(int(count) + 1)) for count in batch["objects"]]
        parts: dict[str, paddle.Tensor] = {}
        memory: dict[int, paddle.Tensor] = {}
        if self.train_heads != "propagation":
            batch, memory = with_own_rounds(self, batch, embedding, ids)
        if self.train_heads in ("interaction", "heads", "both"):
            parts["interaction"], answers = self._interaction_loss(batch, embedding, memory, ids, step)
            if self.refine:
                parts["refine"] = self.refine * self._refine_loss(batch, embedding[:, 0], answers, ids, step)
        if self.train_heads != "interaction":
            parts["propagation"] = self._propagation_loss(batch, embedding, ids, step)
        return {"loss": sum(parts.values()), **parts}

    def _used(self, images: paddle.Tensor) -> paddle.Tensor:
        """The frames of clips (B,F,3,H,W) that training needs."""
        if self.train_heads != "interaction":
            return images
        return images if images.shape[1] == 2 else images[:, :1]

    def _interaction_loss(
        self,
        batch: Mapping[str, paddle.Tensor],
        embedding: paddle.Tensor,
        memory: Mapping[int, paddle.Tensor],
        ids: list[list[int]],
        step: int,
    ) -> tuple[paddle.Tensor, list[paddle.Tensor]]:
        """The loss and each clip's logits (O,h,w); ``memory`` has the maps of clips that had an earlier round."""
        clips = [
            self.interaction_clip(batch, clip, embedding[clip, 0], objects, memory.get(clip))
            for clip, objects in enumerate(ids)
        ]
        logits = self._run_head(self.interaction_head, clips)
        return self._loss(logits, batch["masks"][:, 0], step), logits

    def interaction_clip(
        self,
        batch: Mapping[str, paddle.Tensor],
        clip: int,
        frame: paddle.Tensor,
        ids: Sequence[int],
        memory: paddle.Tensor | None = None,
    ) -> paddle.Tensor:
        """Return the interaction head's inputs (O,channels,h,w) for a clip of a batch.

        ``frame`` (C,h,w) is the annotated frame's embedding, ``memory`` (O,h,w) its global map of earlier rounds.
        """
        before = batch["interaction_previous"][clip]
        previous = None if bool((before < 0).all()) else before
        seen = None
        if self.interaction_map:
            label = batch["interaction_reference"][clip].numpy()
            seen = global_map(frame, frame, label, ids, self.matching.max_references)
            seen = seen if memory is None else paddle.minimum(seen, memory)
        return self.interaction_inputs(frame.unsqueeze(0), batch["scribble"][clip], previous, ids, seen)

    def _refine_loss(
        self,
        batch: Mapping[str, paddle.Tensor],
        embedding: paddle.Tensor,
        answers: list[paddle.Tensor],
        ids: list[list[int]],
        step: int,
    ) -> paddle.Tensor:
        inputs = []
        for frame, answer, reference, objects in zip(
            embedding, answers, batch["interaction_reference"].numpy(), ids, strict=True
        ):
            previous = answer.detach().argmax(axis=0)
            maps = self.match(frame, frame, frame, reference, previous.numpy(), objects)
            inputs.append(self.propagation_inputs(frame.unsqueeze(0), *maps, previous, objects))
        return self._loss(self._run_head(self.propagation_head, inputs), batch["masks"][:, 0], step)

    def _propagation_loss(
        self, batch: Mapping[str, paddle.Tensor], embedding: paddle.Tensor, ids: list[list[int]], step: int
    ) -> paddle.Tensor:
        if embedding.shape[1] < 3:
            raise InputError(f"MODEL.train_heads: {self.train_heads} needs clips of 3 frames: set DATASET.train.frames")
        grid = tuple(embedding.shape[-2:])
        reference = batch["reference"].numpy()
        previous = [resize_nearest(mask, grid) for mask in batch["previous"]]
        losses = []
        for frame in range(2, embedding.shape[1]):
            inputs = []
            for clip, objects in enumerate(ids):
                now, before, first = embedding[clip, frame], embedding[clip, frame - 1], embedding[clip, 0]
                maps = self.match(now, before, first, reference[clip], previous[clip].numpy(), objects)
                inputs.append(self.propagation_inputs(now.unsqueeze(0), *maps, previous[clip], objects))
            logits = self._run_head(self.propagation_head, inputs)
            losses.append(self._loss(logits, batch["masks"][:, frame], step))
            # A further frame starts from the network's own hard mask, as it will in use.
            size = tuple(batch["masks"].shape[-2:])
            previous = [resize_nearest(resize_bilinear(x.detach(), size).argmax(axis=0), grid) for x in logits]
        return sum(losses) / len(losses)

    def _run_head(self, head: nn.Layer, inputs: list[paddle.Tensor]) -> list[paddle.Tensor]:
        """Run ``head`` over every clip's objects; return logits (O,h,w) a clip."""
        if self.reference or len(inputs) == 1:
            return [head(x)[:, 0] for x in inputs]
        logits = head(paddle.concat(inputs))[:, 0]
        return paddle.split(logits, [len(x) for x in inputs])

    def _loss(self, logits: list[paddle.Tensor], masks: paddle.Tensor, step: int) -> paddle.Tensor:
        size = tuple(masks.shape[-2:])
        with full_precision():
            losses = [
                self.loss(resize_bilinear(float32(x), size).unsqueeze(0), mask.unsqueeze(0), step)
                for x, mask in zip(logits, masks, strict=True)
            ]
        return sum(losses) / len(losses)


def _planes(label: paddle.Tensor, ids: Sequence[int]) -> paddle.Tensor:
    """Return (O,h,w) float planes label == id."""
    wanted = paddle.to_tensor(np.asarray(ids, np.int64)).reshape([-1, 1, 1])
    return (label.astype("int64").unsqueeze(0) == wanted).astype("float32")


def _join(embedding: paddle.Tensor, *planes: paddle.Tensor) -> paddle.Tensor:
    objects = planes[0].shape[0]
    shared = float32(embedding).expand([objects, *embedding.shape[1:]])
    return paddle.concat([shared, *[plane.unsqueeze(1) for plane in planes]], axis=1)
