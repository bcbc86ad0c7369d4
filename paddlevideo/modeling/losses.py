"""The training loss: cross entropy of the hardest pixels (reference behaviour, manet stage 1 and 2)."""

from __future__ import annotations

import paddle
from paddle import nn

from ..utils.arrays import IGNORE
from ..utils.errors import InputError
from ..utils.registry import LOSSES
from .full_precision import float32, full_precision


@LOSSES.register
class TopKCrossEntropy(nn.Layer):
    """Mean cross entropy of the k hardest pixels; k falls linearly from all pixels to a fraction.

    Args:
        fraction: share of the pixels that counts once the ramp is over.
        ramp_steps: steps over which the share falls from 1 to ``fraction``.
        region: weight of the mean Jaccard distance of the objects that are there (of shares instead of hard masks), by
            which a small object counts as much as a large one; 0, as in the reference, leaves it out.

    ``forward`` takes logits (B,O,H,W), ids (B,H,W) with 255 = ignore (counted among the pixels with loss zero), and the
    step; it returns a 0-d tensor, float32 whatever the logits are.
    """

    def __init__(self, fraction: float = 0.15, ramp_steps: int = 50000, region: float = 0.0) -> None:
        super().__init__()
        if not 0 < fraction <= 1:
            raise InputError(f"fraction lies in (0, 1], not {fraction}")
        if region < 0:
            raise InputError(f"region is a weight of 0 or more, not {region}")
        self.fraction = fraction
        self.ramp_steps = ramp_steps
        self.region = region

    def kept(self, pixels: int, step: int) -> int:
        """Return how many of ``pixels`` count at ``step``."""
        ratio = min(1.0, step / self.ramp_steps) if self.ramp_steps else 1.0
        return max(1, int((ratio * self.fraction + (1.0 - ratio)) * pixels))

    def forward(self, logits: paddle.Tensor, label: paddle.Tensor, step: int) -> paddle.Tensor:
        with full_precision():
            return self._loss(logits, label, step)

    def _loss(self, logits: paddle.Tensor, label: paddle.Tensor, step: int) -> paddle.Tensor:
        batch, objects, height, width = logits.shape
        pixels = height * width
        flat = float32(logits).reshape([batch, objects, pixels]).transpose([0, 2, 1])
        loss = nn.functional.cross_entropy(
            flat, label.reshape([batch, pixels]).astype("int64"), ignore_index=IGNORE, reduction="none"
        ).reshape([batch, pixels])
        kept = self.kept(pixels, step)
        if kept < pixels:
            loss = paddle.topk(loss, kept, axis=1, sorted=False)[0]
        loss = loss.mean()
        return loss + self.region * jaccard_distance(flat, label.reshape([batch, pixels])) if self.region else loss


def jaccard_distance(logits: paddle.Tensor, label: paddle.Tensor) -> paddle.Tensor:
    """Return 1 - the mean Jaccard index of shares and truth, 0-d, over the objects (not 0) that ``label`` shows.

    Takes logits (B,N,O) and ids (B,N); pixels of 255 count nowhere. Without any object it is 0.
    """
    counted = (label != IGNORE).astype("float32").unsqueeze(-1)
    shares = nn.functional.softmax(logits, axis=-1)[:, :, 1:] * counted
    ids = paddle.arange(1, logits.shape[-1], dtype="int64")
    truth = (label.astype("int64").unsqueeze(-1) == ids).astype("float32")
    both = (shares * truth).sum(axis=1)
    area = truth.sum(axis=1)
    either = (shares.sum(axis=1) + area - both).clip(min=1.0)
    there = (area > 0).astype("float32")
    return ((1 - both / either) * there).sum() / there.sum().clip(min=1.0)
