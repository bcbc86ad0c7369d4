"""Rounds within training: the network answers, a simulated annotator corrects what it got wrong, and the network learns
from that. Its own errors look unlike damaged true masks (the iterative training of Mahadevan et al., BMVC 2018, and of
RITM, Sofiiuk et al., ICIP 2022).

Shapes: O ids incl. background, C channels, H W image, h w embedding grid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import paddle
from paddle import nn
from paddle.nn.functional import softmax

from ..loader.samples import to_grid
from ..loader.scribbles import UNLABELLED, draw_label
from ..loader.simulated_strokes import simulate_strokes
from ..modeling.framework.manet import MANet
from ..modeling.full_precision import float32
from ..modeling.layers import Conv2D, resize_bilinear
from ..session.rules.references import sure_label
from .annotated_frame import annotated_frame_inputs

CLICKS = 0.2  # share of the wrong regions that get a click
PARTIAL = 0.3  # share of the strokes that stop short of their full way
STROKES = (1, 3)

Batch = Mapping[str, paddle.Tensor]


@dataclass(frozen=True)
class OwnAnswer:
    """What the network had made of a clip's annotated frame before the round that is learnt.

    Attributes:
        mask: its ids (H,W).
        sure: the label (h,w) that the answer is sure of.
    """

    mask: np.ndarray
    sure: np.ndarray


@paddle.no_grad()
def with_own_rounds(network: MANet, batch: Batch, embedding: paddle.Tensor, ids: Sequence[Sequence[int]]) -> Batch:
    """Return the batch with corrections of the network's own answers where it asks for them.

    Args:
        network: answers as in use.
        batch: of samples, see `paddlevideo.loader.samples`.
        embedding: of its frames (B,F,C,h,w), the annotated one first.
        ids: of each clip.
    """
    seeds = batch["own_round"].tolist() if "own_round" in batch else []
    answers = {}
    for clip, seed in enumerate(seeds):
        if seed >= 0:
            with evaluating(network.interaction_head):
                answers[clip] = _first_answer(network, batch, clip, embedding[clip, 0], ids[clip])
    return corrected(batch, answers)


def _first_answer(network: MANet, batch: Batch, clip: int, frame: paddle.Tensor, ids: Sequence[int]) -> OwnAnswer:
    """What comes of first strokes on a ``frame`` (C,h,w)."""
    label = batch["scribble"][clip].numpy()
    reference = batch["interaction_reference"][clip].numpy()
    logits = float32(network.interaction_head(annotated_frame_inputs(network, batch, clip, frame, ids))[:, 0])
    sure = sure_label(softmax(logits, axis=0).numpy(), label, reference, ids)
    return OwnAnswer(_mask(logits, batch), sure)


def _mask(logits: paddle.Tensor, batch: Batch) -> np.ndarray:
    mask: np.ndarray = resize_bilinear(logits, tuple(batch["masks"].shape[-2:])).argmax(axis=0).numpy()
    return mask


def correction(truth: np.ndarray, answer: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the strokes (h,w) that correct an ``answer`` (H,W) and the answer on that grid; None without an error."""
    shown = answer.astype(np.uint8)
    grid = to_grid(shown)
    strokes = simulate_strokes(
        truth.astype(np.uint8),
        shown,
        0,
        np.random.default_rng(seed),
        strokes=STROKES,
        click=CLICKS,
        partial=PARTIAL,
    )
    label = draw_label(strokes, (grid.shape[0], grid.shape[1]))
    return (label, grid) if (label != UNLABELLED).any() else None


def corrected(batch: Batch, answers: Mapping[int, OwnAnswer]) -> Batch:
    """Return the batch with the network's ``answers``, by clip: their corrections in the place of the first rounds,
    what they are sure of as the reference of other frames.

    The interaction's own map compares with the new strokes, and with the first strokes and their region. An answer
    without an error keeps the first round.
    """
    if not answers:
        return batch
    keys = ("scribble", "interaction_previous", "interaction_reference", "reference")
    changed = {key: batch[key].numpy().copy() for key in keys if key in batch}
    for clip, answer in answers.items():
        if "reference" in changed:
            changed["reference"][clip] = answer.sure
        labels = correction(batch["masks"][clip, 0].numpy(), answer.mask, int(batch["own_round"][clip]))
        if labels is not None:
            label, before = labels
            known = changed["interaction_reference"][clip]
            changed["scribble"][clip] = label
            changed["interaction_previous"][clip] = before
            changed["interaction_reference"][clip] = np.where(label != UNLABELLED, label, known)
    return {**batch, **{key: paddle.to_tensor(value) for key, value in changed.items()}}


@contextmanager
def evaluating(layer: nn.Layer) -> Iterator[None]:
    """Let ``layer`` answer as in use, its norms by their statistics, but with the convolutions that training has."""
    parts = layer.sublayers(include_self=True)
    modes = [part.training for part in parts]
    for part in parts:
        part.training = isinstance(part, Conv2D)
    try:
        yield
    finally:
        for part, mode in zip(parts, modes, strict=True):
            part.training = mode
