"""The INFERENCE section of a config as arguments of a `Session`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..utils.errors import InputError

KEYS = (
    "max_memory_mib",
    "storage",
    "local_memory",
    "reach",
    "refine",
    "references",
    "max_leap",
    "search",
    "click_region",
    "click_bias",
    "click_lines",
    "local_corrections",
    "correction_rivals",
    "edges",
    "upsampling",
)


def session_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of `KEYS` that ``config["INFERENCE"]`` has."""
    section = config.get("INFERENCE", {})
    for key in ("max_leap", "search", "click_region"):
        share = section.get(key)
        if share is not None and not share > 0:
            raise InputError(f"INFERENCE.{key} is {share}: give a share of the short side above 0, or null")
    return {key: section[key] for key in KEYS if key in section}


def engine_precision(config: Mapping[str, Any]) -> str:
    """Return the precision of compiled parts: ``"fp32"`` unless the config says otherwise."""
    return str(config.get("INFERENCE", {}).get("precision", "fp32"))
