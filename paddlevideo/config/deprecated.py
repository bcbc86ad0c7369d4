"""Keys and values of old configs that are gone: one line says so, and the config works where nothing changes by it.

Paths are dotted; ``*`` stands for any index of a list.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from ..utils.errors import InputError
from .yaml_file import Config, Keys, Origins, dotted

logger = logging.getLogger(__name__)

DEPRECATED = {
    "INFERENCE.local_memory": "it chose which rounds' local distance maps count for a frame; "
    "the last two always do now",
}
"""Keys that no longer do anything, and what they did. They are dropped with a warning."""

_TRAIN, _TRANSFORM = "DATASET.train", "PIPELINE.train.transform.*"

FIXED: dict[str, tuple[Any, str]] = {
    "INFERENCE.click_bias": (0, "the network has learnt clicks"),
    "INFERENCE.click_lines": (False, "the network has learnt clicks"),
    "INFERENCE.local_corrections": (False, "a correction is answered like first strokes"),
    "INFERENCE.refine": (False, "the interaction head answers strokes alone"),
    "INFERENCE.correction_rivals": (False, "a correction claims elsewhere what resembles its strokes"),
    "INFERENCE.edges": (False, "MODEL.border_decoder is what finds borders"),
    "INFERENCE.upsampling": ("corners", "the grid's first and last cells lie at the picture's first and last pixels"),
    f"{_TRAIN}.merge_prob": (0.0, "things of photographs that touch are never one object"),
    f"{_TRAIN}.paste_photographs": (0.4, "of the pasted objects so many are cut from photographs"),
    f"{_TRAIN}.thorough_prob": (0.0, "a correction strokes the largest wrong part of each object"),
    f"{_TRAIN}.background_prob": (0.2, "of the first rounds so many have background strokes"),
    f"{_TRANSFORM}.ColorJitter.hue": (0.0, "the hue stays"),
    f"{_TRANSFORM}.RandomBlur.sigma": ([0.5, 1.5], "the width of the blur is drawn from these"),
    "MODEL.refine": (0.0, "the propagation head learns to carry masks to other frames alone"),
    "METRIC.candidates": (None, "the judge's robot may draw on every frame"),
    "METRIC.first_frame": ("first", "the first frame that shows every object is annotated first"),
    "VALIDATION.first_frame": ("first", "the first frame that shows every object is annotated first"),
}
"""Keys that are gone, the value that counts now, and what it means. With this value they are dropped with a warning;
any other is an error."""

REMOVED_VALUES: dict[str, dict[str, str]] = {
    "OPTIMIZER.learning_rate.name": {
        "Constant": "write 'name: PolynomialDecay' and 'power: 0', which is the same",
        "CosineDecay": "write 'name: PolynomialDecay'; its 'power' sets how fast the rate falls",
    },
    "MODEL.train_heads": {
        "propagation_head": "write 'heads' to train both heads on embeddings that stay",
    },
}
"""Values that a key no longer takes, and what to write instead. They are errors."""


def drop_deprecated(config: Config, origins: Origins) -> None:
    """Remove the keys of `DEPRECATED` and `FIXED` from ``config``, in place, with a warning for each.

    Raises:
        InputError: a key of `FIXED` has another value, or a key has one of `REMOVED_VALUES`.
    """
    for path, reason in DEPRECATED.items():
        for section, key, keys in _places(config, path):
            del section[key]
            logger.warning("%s has no effect: %s; remove the key", _where(origins, keys), reason)
    for path, (value, meaning) in FIXED.items():
        for section, key, keys in _places(config, path):
            found = section.pop(key)
            text = f"{'null' if value is None else value} always counts now: {meaning}"
            if found != value:
                raise InputError(f"{_where(origins, keys)}: the key is gone, {text}; remove the key")
            logger.warning("%s is gone: %s; remove the key", _where(origins, keys), text)
    for path, removed in REMOVED_VALUES.items():
        for section, key, keys in _places(config, path):
            found = section[key]
            if isinstance(found, str) and found in removed:
                raise InputError(f"{_where(origins, keys)}: '{found}' is gone; {removed[found]}")


def _places(value: Any, path: str, keys: Keys = ()) -> Iterator[tuple[dict[str, Any], str, Keys]]:
    """Yield every mapping below ``value`` that has the last key of ``path``, this key, and all keys that lead there."""
    key, _, rest = path.partition(".")
    if not rest:
        if isinstance(value, dict) and key in value:
            yield value, key, (*keys, key)
    elif key == "*":
        for index, item in enumerate(value if isinstance(value, list) else []):
            yield from _places(item, rest, (*keys, index))
    elif isinstance(value, dict) and key in value:
        yield from _places(value[key], rest, (*keys, key))


def _where(origins: Origins, keys: Keys) -> str:
    return f"{origins.get(keys, 'config')}: {dotted(keys)}"
