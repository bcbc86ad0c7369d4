"""Names of weights: the official MA-Net's and other files' to ours and back, as tables of rules.

Ours follow `paddlevideo.modeling.framework.manet.MANet`: ``backbone.{encoder,aspp,decoder}``, ``embedding.layers``,
``interaction_head`` and ``propagation_head``, with Paddle's names of batch norm statistics.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..utils.registry import ENCODERS

if TYPE_CHECKING:
    from ..modeling.backbones.encoder import Encoder, FileNames

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

# Where no name begins so, a file holds an encoder alone.
WHOLE = ("backbone.", "feature_extracter.", "encoder.")


def to_ours(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``state``, a state dict in any known container, flat and under our names; values are passed through.

    Counters of batch norms and entries that are no arrays are left out. Where two names mean one tensor, the
    one a file gives first under ``feature_extracter`` or ``semantic_embedding`` is kept.
    """
    flat = {PREFIX.sub("", name): value for name, value in unwrap(state).items() if is_weight(name, value)}
    if not any(name.startswith(WHOLE) for name in flat) and (names := _encoder_names(flat)):
        return {f"backbone.encoder.{name}": value for name, value in encoder_to_ours(flat, names).items()}
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


def encoder_to_ours(state: Mapping[str, Any], names: FileNames) -> dict[str, Any]:
    """Return another's state of an encoder under that encoder's own names, without the classifier."""
    kept = {name: value for name, value in state.items() if not name.startswith(names.classifier)}
    return {_first(names.rules, _statistics(name)): value for name, value in kept.items() if is_weight(name, value)}


def unwrap(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the state dict inside a checkpoint that nests it."""
    for nest in NESTS:
        if isinstance(state.get(nest), Mapping):
            return unwrap(state[nest])
    return state


def is_weight(name: object, value: Any) -> bool:
    """Tell whether an entry of a state dict is a tensor that a model needs."""
    return isinstance(name, str) and hasattr(value, "shape") and not name.endswith("num_batches_tracked")


def _encoder_names(state: Mapping[str, Any]) -> FileNames | None:
    """Return the names of the encoder that ``state``, another's file, holds alone; None where it is no such file."""
    from ..modeling import backbones  # noqa: F401 - it registers the encoders; files of whole models do without Paddle

    encoders: list[type[Encoder]] = [ENCODERS.get(name) for name in ENCODERS.names()]
    known = [cls.file_names for cls in encoders if cls.file_names]
    return next((names for names in known if all(mark in state for mark in names.marks)), None)


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
