"""Keys of old configs that no longer do anything: a warning says so, and the config works without them."""

from __future__ import annotations

import logging
from typing import Any

from .loading import Config, Origins, dotted

logger = logging.getLogger(__name__)

# Dotted path of a key: what it was, and what is done now.
DEPRECATED = {
    "INFERENCE.local_memory": "it chose which rounds' local distance maps count for a frame; now the last two do",
}


def drop_deprecated(config: Config, origins: Origins) -> None:
    """Remove the keys of `DEPRECATED` from ``config``, in place, and log one warning for each."""
    for path, reason in DEPRECATED.items():
        *parents, last = keys = path.split(".")
        section: Any = config
        for parent in parents:
            section = section.get(parent) if isinstance(section, dict) else None
        if isinstance(section, dict) and last in section:
            del section[last]
            origin = origins.get(tuple(keys), "config")
            logger.warning("%s: %s has no effect: %s; remove the key", origin, dotted(tuple(keys)), reason)
