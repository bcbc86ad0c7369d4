"""From the MODEL section of a configuration to a network."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from paddle import nn

from ..utils.registry import BACKBONES, DECODERS, ENCODERS, FRAMEWORKS, HEADS
from .framework.manet import MANet
from .matching import MatchingConfig
from .planes import interaction_planes, propagation_planes


def build_backbone(config: Mapping[str, Any]) -> nn.Layer:
    """Build a backbone around the encoder that its ``encoder`` section names."""
    rest = {key: value for key, value in config.items() if key not in ("encoder", "pretrained")}
    return BACKBONES.build(rest, encoder=ENCODERS.build(config["encoder"]))


def build_model(config: Mapping[str, Any]) -> MANet:
    """Build the network of a MODEL section; each part's input width follows from the part before it.

    Keys that are not the network's are others' business: ``backbone.pretrained`` that of `paddlevideo.weights.files`,
    ``loss``, ``train_heads`` and their like that of `paddlevideo.solver.objective`.
    """
    backbone = build_backbone(config["backbone"])
    embedding = HEADS.build(config["embedding"], in_channels=backbone.channels)
    rivals = config.get("rivals", False)
    planes = {
        "interaction_head": interaction_planes(config.get("interaction_map", False), rivals),
        "propagation_head": propagation_planes(rivals),
    }
    heads = {
        name: HEADS.build(config[name], in_channels=embedding.channels + len(order)) for name, order in planes.items()
    }
    decoder = config.get("border_decoder")
    decoder = decoder and DECODERS.build(decoder, in_channels=embedding.channels)
    matching = MatchingConfig(**config.get("matching", {}))
    parts = {"backbone": backbone, "embedding": embedding, **heads, "matching": matching, "border_decoder": decoder}
    framework = FRAMEWORKS.get(config["framework"])
    options = config.keys() & inspect.signature(framework).parameters.keys() - parts.keys()
    network: MANet = framework(**parts, **{name: config[name] for name in options})
    return network
