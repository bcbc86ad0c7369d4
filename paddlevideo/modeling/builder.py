"""From the MODEL section of a configuration to a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paddle import nn

from ..utils.registry import BACKBONES, ENCODERS, FRAMEWORKS, HEADS, LOSSES
from .framework.manet import MANet, interaction_channels, propagation_channels
from .matching import MatchingConfig


def build_backbone(config: Mapping[str, Any]) -> nn.Layer:
    """Build a backbone around the encoder that its ``encoder`` section names."""
    rest = {key: value for key, value in config.items() if key not in ("encoder", "pretrained")}
    return BACKBONES.build(rest, encoder=ENCODERS.build(config["encoder"]))


def build_model(config: Mapping[str, Any]) -> MANet:
    """Build the network of a MODEL section; each part's input width follows from the part before it.

    ``backbone.pretrained`` is not read here: files are the tasks' business (`paddlevideo.weights.files`).
    """
    backbone = build_backbone(config["backbone"])
    embedding = HEADS.build(config["embedding"], in_channels=backbone.channels)
    parts = ("backbone", "embedding", "interaction_head", "propagation_head", "loss", "matching")
    rest = {key: value for key, value in config.items() if key not in parts}
    rivals = config.get("rivals", False)
    channels = interaction_channels(embedding.channels, config.get("interaction_map", False), rivals)
    return FRAMEWORKS.build(
        rest,
        backbone=backbone,
        embedding=embedding,
        interaction_head=HEADS.build(config["interaction_head"], in_channels=channels),
        propagation_head=HEADS.build(
            config["propagation_head"], in_channels=propagation_channels(embedding.channels, rivals)
        ),
        loss=LOSSES.build(config["loss"]),
        matching=MatchingConfig(**config.get("matching", {})),
    )
