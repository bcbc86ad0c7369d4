"""Rounds within training: the network answers first strokes, a simulated annotator corrects what it got wrong, and the
network learns from that. Its own errors look unlike damaged true masks (the iterative training of Mahadevan et al.,
BMVC 2018, and of RITM, Sofiiuk et al., ICIP 2022).

Shapes: H W image, h w embedding grid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import paddle
from paddle import nn

from ..loader.samples import to_grid
from ..loader.scribbles import UNLABELLED, draw_label
from ..loader.simulated_strokes import simulate_strokes
from .layers import Conv2D

CLICKS = 0.2  # share of the wrong regions that get a click
PARTIAL = 0.3  # share of the strokes that stop short of their full way
STROKES = (1, 3)


@dataclass(frozen=True)
class OwnAnswer:
    """The network's answer to the first strokes of a clip: its ids (H,W), and the label (h,w) it is sure of."""

    mask: np.ndarray
    sure: np.ndarray


def correction(truth: np.ndarray, answer: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the strokes (h,w) that correct an ``answer`` (H,W) and the answer on that grid; None without an error."""
    shown = answer.astype(np.uint8)
    grid = to_grid(shown)
    random = np.random.default_rng(seed)
    strokes = simulate_strokes(truth.astype(np.uint8), shown, 0, random, strokes=STROKES, click=CLICKS, partial=PARTIAL)
    label = draw_label(strokes, (grid.shape[0], grid.shape[1]))
    return (label, grid) if (label != UNLABELLED).any() else None


def with_own_rounds(
    batch: Mapping[str, paddle.Tensor], answers: Mapping[int, OwnAnswer]
) -> Mapping[str, paddle.Tensor]:
    """Return the batch with the network's ``answers`` to first strokes, by clip: their corrections in the place of the
    first rounds, what they are sure of as the reference of other frames.

    The interaction's own map goes on comparing with the first strokes and their region, new strokes over them. An
    answer without an error leaves the first round be.
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
