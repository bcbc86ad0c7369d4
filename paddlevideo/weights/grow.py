"""Weights for a larger model of the same answers: what is new has no effect until it is trained."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
from paddle import nn

from ..utils.errors import InputError

FIRST = re.compile(r"(interaction|propagation)_head\.layer1\.")
CONTEXT = re.compile(r"((interaction|propagation)_head\.context\.(deep\.\d+\.)?|border_decoder\.)")


def grown(state: Mapping[str, np.ndarray], model: nn.Layer) -> dict[str, np.ndarray]:
    """Return ``state`` for ``model``, which has planes or a context at its heads, or a decoder, that it is without.

    New planes are taken to come after the old ones: weights with ``rivals`` do not grow an ``interaction_map``.

    Raises:
        InputError: they differ in anything else.
    """
    wanted = {name: value.numpy() for name, value in model.state_dict().items()}
    contexts = {found[0] for found in map(CONTEXT.match, state) if found}
    out = {}
    for name, initial in wanted.items():
        value, context = state.get(name), CONTEXT.match(name)
        if value is None and context and context[0] not in contexts:  # a part of one would change the answers
            out[name] = initial
        elif value is not None and value.shape == initial.shape:
            out[name] = value
        elif value is not None and FIRST.match(name):
            out[name] = _widened(name, value, initial.shape)
        else:
            have = "has none" if value is None else f"has {value.shape}"
            raise InputError(f"the weights do not grow into this model: {name} is {initial.shape}, the file {have}")
    unknown = sorted(state.keys() - wanted.keys())
    if unknown:
        raise InputError(f"the weights do not grow into this model, which has no {unknown[0]}")
    return out


def _widened(name: str, value: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """An array of a first block with room for more channels: they pass unchanged, and nothing of them goes on."""
    axis = 1 if name.endswith("conv2.weight") else 0
    more = shape[axis] - value.shape[axis]
    if more < 0:
        raise InputError(f"the weights do not grow into this model: {name} is {shape}, the file has {value.shape}")
    added = np.zeros((*value.shape[:axis], more, *value.shape[axis + 1 :]), value.dtype)
    if name.endswith("conv1.weight"):
        added[..., value.shape[2] // 2, value.shape[3] // 2] = 1
    if name.endswith(("bn1.weight", "bn1._variance")):
        added[:] = 1
    return np.concatenate([value, added], axis=axis)
