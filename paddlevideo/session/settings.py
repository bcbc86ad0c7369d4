"""The INFERENCE section of a config as arguments of a `Session`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def session_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``cache_bytes``, ``local_memory`` and ``refine`` as ``config["INFERENCE"]`` has them, where it does."""
    section = config.get("INFERENCE", {})
    settings = {key: section[key] for key in ("local_memory", "refine") if key in section}
    if "cache_mib" in section:
        settings["cache_bytes"] = section["cache_mib"] << 20
    return settings


def engine_precision(config: Mapping[str, Any]) -> str:
    """Return the precision of compiled parts: ``"fp32"`` unless the config says otherwise."""
    return str(config.get("INFERENCE", {}).get("precision", "fp32"))
