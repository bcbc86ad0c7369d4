"""An encoder with fewer channels in the middle of its blocks, made of one that is trained.

A block projects its middle linearly. Which channels of the middle to keep, and the projection that makes up for the
others, is then a least squares problem over the pixels of some pictures: Optimal Brain Surgeon (Hassibi and Stork,
1993) takes one channel after the other away, each time the one whose loss the rest can make up for best. The blocks go
one by one, and each learns the wide encoder's answer from what the narrow one gives it, errors included.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import paddle
from numpy.typing import NDArray
from tqdm import tqdm

from ..modeling.backbones import Encoder
from ..modeling.backbones.efficientnet_lite import InvertedResidual, of_channels
from ..utils.errors import InputError

Doubles = NDArray[np.float64]

RIDGE = 1e-5  # pull towards the old projection, in mean variances of a channel: some channels hardly vary
FLAT = 1e-6  # factors of a norm below this give a constant


@paddle.no_grad()
def slim(wide: Encoder, narrow: Encoder, images: Sequence[NDArray[np.float32]], pixels: int = 400) -> None:
    """Set the weights of ``narrow``, whose middles have at most the channels of those of ``wide``.

    Args:
        wide, narrow: encoders of one variant; both are put into eval mode.
        images: batches (B,3,H,W) of network input, all together of a few hundred frames.
        pixels: of each frame that count for a block, drawn at random.

    Raises:
        InputError: the encoders are of different variants, or cannot be narrowed.
    """
    (stem, blocks), (narrow_stem, narrow_blocks) = wide.slimmable(), narrow.slimmable()
    shapes = [[(block.shape.inputs, block.shape.outputs) for block in each] for each in (blocks, narrow_blocks)]
    if shapes[0] != shapes[1]:
        raise InputError("slim: the encoders differ in more than the middle of their blocks")
    wide.eval()
    narrow.eval()
    rng = np.random.default_rng(0)
    narrow_stem.set_state_dict(stem.state_dict())
    answers = [stem(paddle.to_tensor(batch)) for batch in images]
    ours = list(answers)
    for old, new in tqdm(list(zip(blocks, narrow_blocks, strict=True)), desc="blocks", unit="block"):
        middles, wanted = [], []
        for index, x in enumerate(answers):
            answers[index] = old(x)
            ends = answers[index] - ours[index] if old.residual else answers[index]
            columns = rng.permutation(ends.shape[2] * ends.shape[3])[:pixels]
            middles.append(_columns(old.middle(ours[index]), columns))
            wanted.append(_columns(ends, columns))
        _narrow(old, new, np.concatenate(middles, axis=1), np.concatenate(wanted, axis=1))
        ours = [new(x) for x in ours]


def fewer_channels(
    middle: Doubles, wanted: Doubles, old: Doubles, width: int
) -> tuple[NDArray[np.intp], Doubles, Doubles]:
    """Choose ``width`` channels and the linear map from them to ``wanted`` that is best in the mean of squares.

    Args:
        middle: the channels at some pixels, (channels, pixels).
        wanted: what to make of them, (outputs, pixels).
        old: a map (outputs, channels), which decides where the pixels do not.

    Returns:
        The channels' indices in order, the map (outputs, width) and an offset (outputs,).
    """
    means = middle.mean(axis=1), wanted.mean(axis=1)
    centred = middle - means[0][:, None]
    products = centred @ centred.T / middle.shape[1]
    ridge = RIDGE * np.trace(products) / len(products)
    inverse = np.linalg.inv(products + ridge * np.eye(len(products)))
    weights = ((wanted - means[1][:, None]) @ centred.T / middle.shape[1] + ridge * old) @ inverse
    kept = np.ones(len(products), bool)
    for _ in range(len(products) - width):
        losses = np.square(weights).sum(axis=0) / np.where(kept, np.diag(inverse), 1)
        losses[~kept] = np.inf
        gone = int(losses.argmin())
        column = inverse[gone] / inverse[gone, gone]
        weights -= np.outer(weights[:, gone], column)  # the others make up for it
        inverse -= np.outer(inverse[gone], column)
        kept[gone] = False
    indices = np.flatnonzero(kept)
    weights = weights[:, indices]
    return indices, weights, means[1] - weights @ means[0][indices]


def _columns(x: paddle.Tensor, columns: NDArray[np.intp]) -> Doubles:
    """The given pixels of maps (B,C,h,w) as (C, B x pixels)."""
    flat: Doubles = x.numpy().reshape(*x.shape[:2], -1)[:, :, columns].astype(np.float64)
    return flat.transpose(1, 0, 2).reshape(x.shape[1], -1)


def _narrow(old: InvertedResidual, new: InvertedResidual, middle: Doubles, wanted: Doubles) -> None:
    """Set the weights of ``new``; ``middle`` is what ``old`` makes of the new one's inputs."""
    norm = old.project.norm
    factors = norm.weight.numpy() / np.sqrt(norm._variance.numpy() + norm._epsilon)
    before = factors[:, None] * old.project.conv.weight.numpy()[:, :, 0, 0]
    kept, weights, offset = fewer_channels(middle, wanted, before, new.shape.hidden)
    state = of_channels({name: value.numpy() for name, value in old.state_dict().items()}, kept)
    flat = np.abs(factors) < FLAT
    weights = np.where(flat[:, None], 0, weights / np.where(flat, 1, factors)[:, None])
    state["project.conv.weight"] = weights[:, :, None, None].astype(np.float32)
    state["project.norm.bias"] = (offset + norm._mean.numpy() * factors).astype(np.float32)
    new.set_state_dict(state)
