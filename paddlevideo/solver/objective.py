"""What the network is trained for: clips in, the losses of its two heads and of its border decoder out.

Shape legend: B clips, F frames of each, O objects incl. background, C channels, H W image, h w embedding grid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import paddle
from paddle import nn

from ..loader.samples import to_grid
from ..modeling.framework.manet import MANet
from ..modeling.full_precision import float32, full_precision
from ..modeling.layers import resize_bilinear, resize_nearest
from ..utils.errors import InputError
from ..utils.registry import LOSSES
from .annotated_frame import annotated_frame_inputs
from .own_rounds import with_own_rounds

FROZEN = {
    "propagation": ("interaction_head",),
    "interaction": ("backbone", "embedding", "propagation_head", "border_decoder"),
    "heads": ("backbone", "embedding"),
    "both": (),
}
"""Parts that are not trained, by ``train_heads``."""

Batch = Mapping[str, paddle.Tensor]


@dataclass(frozen=True)
class ObjectiveOptions:
    """What of the network is trained, and how.

    Args:
        train_heads: ``propagation`` (stage 1, with backbone and embedding), ``interaction`` (stage 2, the head alone),
            ``heads`` (the two alone) or ``both`` (joint training). Parts that are not trained stay in eval mode.
        reference: heads run clip by clip, so that their norms take statistics over the objects of one clip, as in the
            official code; else over the whole batch.
    """

    train_heads: Literal["propagation", "interaction", "heads", "both"] = "propagation"
    reference: bool = False

    def __post_init__(self) -> None:
        if self.train_heads not in FROZEN:
            raise InputError(f"train_heads is one of {', '.join(FROZEN)}, not '{self.train_heads}'")


class TrainingObjective:
    """The losses of a batch of clips. Parts of the network that are not to be trained get no gradient.

    Args:
        network: to train.
        loss: (logits (1,O,H,W), ids (1,H,W), step) to a 0-d tensor.
        options: what is trained, and how.
        aligned: previous masks reach the grid at every fourth pixel, see `Preprocess.aligned`; else by the reference's
            floor rule, which is the same where sides are multiples of 4.

    Attributes:
        embed_runner: called with images in place of the embedding where that gets no gradient, when it is set; returns
            a tuple of one tensor. The trainer puts a compiled one here.
    """

    def __init__(
        self, network: MANet, loss: nn.Layer, options: ObjectiveOptions | None = None, aligned: bool = False
    ) -> None:
        self.network = network
        self.aligned = aligned
        self.loss = loss
        self.options = options or ObjectiveOptions()
        self.embed_runner: Callable[[paddle.Tensor], tuple[paddle.Tensor, ...]] | None = None
        for part in FROZEN[self.options.train_heads]:
            if (layer := getattr(network, part)) is not None:
                for parameter in layer.parameters():
                    parameter.stop_gradient = True

    @property
    def embeds_without_gradient(self) -> bool:
        """Whether backbone and embedding stay as they are in training."""
        return "embedding" in FROZEN[self.options.train_heads]

    def __call__(self, batch: Batch, step: int) -> dict[str, paddle.Tensor]:
        """Return the loss of a batch of clips (see docs: data samples) at an optimisation step, and its parts by head.

        The clips of a batch go through a head together, so that its batch norms see all of them (unless ``reference``).
        With ``train_heads: interaction`` the annotated frame alone is enough.
        """
        heads = self.options.train_heads
        embedding = self._embed(self._needed(batch["images"]))
        ids = [list(range(int(count) + 1)) for count in batch["objects"]]
        parts: dict[str, paddle.Tensor] = {}
        if heads != "propagation":
            batch = with_own_rounds(self.network, batch, embedding, ids)
        # Taken apart once: the gradient of a slice is as large as all frames together.
        clips = [clip.unbind() for clip in embedding.unbind()]
        borders = []
        if heads != "propagation":
            annotated = [frames[0] for frames in clips]
            parts["interaction"], answers = self._interaction(batch, annotated, ids, step)
            borders.append(self._borders(batch, {0: answers}, clips, step))
        if heads != "interaction":
            parts["propagation"], carried = self._propagation(batch, clips, ids, step)
            borders.append(self._borders(batch, carried, clips, step))
        if self._border_decoder is not None:
            parts["borders"] = sum(borders)
        return {"loss": sum(parts.values()), **parts}

    def _needed(self, images: paddle.Tensor) -> paddle.Tensor:
        """The frames of clips (B,F,3,H,W) that training needs."""
        return images[:, :1] if self.options.train_heads == "interaction" else images

    def _embed(self, images: paddle.Tensor) -> paddle.Tensor:
        """Embeddings (B,F,C,h,w) of clips (B,F,3,H,W)."""
        clips, frames = images.shape[:2]
        flat = images.reshape([clips * frames, *images.shape[2:]])
        if not self.embeds_without_gradient:
            embedding = self.network.embed(flat)
        else:
            with paddle.no_grad():
                embedding = self.embed_runner(flat)[0] if self.embed_runner else self.network.embed(flat)
        return embedding.reshape([clips, frames, *embedding.shape[1:]])

    def _interaction(
        self,
        batch: Batch,
        frames: Sequence[paddle.Tensor],
        ids: Sequence[Sequence[int]],
        step: int,
    ) -> tuple[paddle.Tensor, list[paddle.Tensor]]:
        """The loss on the clips' annotated ``frames`` (C,h,w) and each clip's logits (O,h,w)."""
        inputs = [
            annotated_frame_inputs(self.network, batch, clip, frame, objects)
            for clip, (frame, objects) in enumerate(zip(frames, ids, strict=True))
        ]
        logits = self._run_head(self.network.interaction_head, inputs)
        return self._loss(logits, batch["masks"][:, 0], step), logits

    @property
    def _border_decoder(self) -> nn.Layer | None:
        """The decoder, where it is trained."""
        return None if "border_decoder" in FROZEN[self.options.train_heads] else self.network.border_decoder

    def _borders(
        self,
        batch: Batch,
        answers: Mapping[int, Sequence[paddle.Tensor]],
        clips: Sequence[Sequence[paddle.Tensor]],
        step: int,
    ) -> paddle.Tensor | float:
        """The mean loss over frames on the finer logits that the decoder makes of each clip's ``answers`` (O,h,w).

        Clips without an object are left out.
        """
        decoder = self._border_decoder
        counts = [int(count) for count in batch["objects"]]
        shown = [clip for clip, count in enumerate(counts) if count]
        if decoder is None or not shown:
            return 0.0
        counts = [counts[clip] for clip in shown]
        owners = paddle.to_tensor([clip for clip, count in enumerate(counts) for _ in range(count)])
        losses = []
        for frame, logits in answers.items():
            objects = paddle.concat([logits[clip][1:] - logits[clip][:1] for clip in shown]).unsqueeze(1)
            images, masks = (batch[name][:, frame][shown] for name in ("images", "masks"))
            embedding = paddle.stack([clips[clip][frame] for clip in shown])
            finer = decoder(images, embedding, objects, owners)[:, 0]
            whole = [paddle.concat([paddle.zeros_like(each[:1]), each]) for each in paddle.split(finer, counts)]
            losses.append(self._loss(whole, masks, step))
        return sum(losses) / len(losses)

    def _propagation(
        self, batch: Batch, clips: Sequence[Sequence[paddle.Tensor]], ids: Sequence[Sequence[int]], step: int
    ) -> tuple[paddle.Tensor, dict[int, list[paddle.Tensor]]]:
        """The mean loss over the clips' frames (C,h,w) from the third on, each beside the one before it, and by frame
        each clip's logits (O,h,w)."""
        if len(clips[0]) < 3:
            heads = self.options.train_heads
            raise InputError(f"MODEL.train_heads: {heads} needs clips of 3 frames: set DATASET.train.frames")
        grid, size = tuple(clips[0][0].shape[-2:]), tuple(batch["masks"].shape[-2:])
        reference = batch["reference"].numpy()
        previous = [self._on_grid(mask, grid) for mask in batch["previous"]]
        losses = []
        answers = {}
        for frame in range(2, len(clips[0])):
            inputs = []
            for clip, (frames, objects) in enumerate(zip(clips, ids, strict=True)):
                now, before, first = frames[frame], frames[frame - 1], frames[0]
                maps = self.network.match(now, before, first, reference[clip], previous[clip].numpy(), objects)
                inputs.append(self.network.propagation_inputs(now.unsqueeze(0), *maps, previous[clip], objects))
            logits = self._run_head(self.network.propagation_head, inputs)
            losses.append(self._loss(logits, batch["masks"][:, frame], step))
            answers[frame] = logits
            if frame + 1 < len(clips[0]):  # a further frame starts from the network's own hard mask, as it will in use
                previous = [self._on_grid(resize_bilinear(x.detach(), size).argmax(axis=0), grid) for x in logits]
        return sum(losses) / len(losses), answers

    def _on_grid(self, mask: paddle.Tensor, grid: tuple[int, int]) -> paddle.Tensor:
        return to_grid(mask) if self.aligned else resize_nearest(mask, grid)

    def _run_head(self, head: nn.Layer, inputs: Sequence[paddle.Tensor]) -> list[paddle.Tensor]:
        """Run ``head`` over every clip's objects; return logits (O,h,w) a clip."""
        if self.options.reference or len(inputs) == 1:
            return [head(x)[:, 0] for x in inputs]
        logits = head(paddle.concat(inputs))[:, 0]
        return paddle.split(logits, [len(x) for x in inputs])

    def _loss(self, logits: Sequence[paddle.Tensor], masks: paddle.Tensor, step: int) -> paddle.Tensor:
        """The mean over clips of logits (O,h,w) against masks (B,H,W)."""
        size = tuple(masks.shape[-2:])
        with full_precision():
            losses = [
                self.loss(resize_bilinear(float32(x), size).unsqueeze(0), mask.unsqueeze(0), step)
                for x, mask in zip(logits, masks, strict=True)
            ]
        return sum(losses) / len(losses)


def build_objective(config: Mapping[str, Any], network: MANet, aligned: bool = False) -> TrainingObjective:
    """Build the objective that a MODEL section describes for its ``network``; ``aligned`` is `Preprocess.aligned`."""
    names = {field.name for field in fields(ObjectiveOptions)}
    options = ObjectiveOptions(**{name: config[name] for name in names & config.keys()})
    return TrainingObjective(network, LOSSES.build(config["loss"]), options, aligned)
