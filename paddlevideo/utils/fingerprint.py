"""What a result was made from, in one word: it counts again only for the same weights, settings and files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

_MATTERS = ("MODEL", "PIPELINE", "INFERENCE")  # of a config, for the masks of one video


def fingerprint(*parts: Any) -> str:
    """Return the sha256 of ``parts``, which are what JSON can hold."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def network_settings(cfg: Mapping[str, Any]) -> dict[str, Any]:
    """Return those sections of a config that decide on the masks of a video."""
    matters = {key: cfg.get(key) for key in _MATTERS}
    # Masks do not depend on how much of a video is in memory.
    inference = {key: value for key, value in (matters["INFERENCE"] or {}).items() if key != "max_memory_mib"}
    return {**matters, "INFERENCE": inference}


def file_marks(paths: Iterable[Path]) -> list[tuple[str, int, int]]:
    """Return name, size and time of change of each file; raise `OSError` where one is gone."""
    return [(path.name, status.st_size, status.st_mtime_ns) for path in paths for status in [path.stat()]]
