"""Results of a test's sequences, kept one by one, so that a test that was cut short computes no sequence twice."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from ..loader.davis import Sequence
from ..metrics.round_metric import Entry
from ..utils.files import atomic_path
from ..utils.known_weights import sha256_of

logger = logging.getLogger(__name__)

_MATTERS = ("MODEL", "PIPELINE", "INFERENCE")  # of a config, for the scores of one sequence


class FinishedSequences:
    """Files ``sequences/NAME.json`` in a test's output folder: a sequence's entry, and what it was made from.

    An entry counts only for the same weights, settings and data; any other is computed anew and replaced.
    """

    def __init__(self, output: Path, cfg: Mapping[str, Any], weights: str, engine: str) -> None:
        self.folder = output / "sequences"
        self._masks = output / "masks"
        self._weights = weights
        metric = {key: value for key, value in cfg["METRIC"].items() if key != "sequences"}
        self._settings: dict[str, Any] = {**{key: cfg.get(key) for key in _MATTERS}, "METRIC": metric, "engine": engine}

    def read(self, sequence: Sequence) -> Entry | None:
        """Return a sequence's entry when it stands there and counts."""
        try:
            document = json.loads(self._path(sequence).read_text(encoding="utf-8"))
            entry: Entry | None = document["entry"] if document["made_from"] == self._made_from(sequence) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if entry is not None:
            logger.info("%s: taken from %s", sequence.name, self._path(sequence))
        return entry

    def write(self, sequence: Sequence, entry: Entry) -> None:
        """Keep a sequence's entry."""
        document = {"made_from": self._made_from(sequence), "entry": entry}
        with atomic_path(self._path(sequence)) as temporary:
            temporary.write_text(json.dumps(document) + "\n", encoding="utf-8")

    def masks_folder(self, sequence: Sequence) -> Path:
        """Return where the masks of a sequence's rounds go when they are asked for."""
        return self._masks / sequence.name

    def _path(self, sequence: Sequence) -> Path:
        return self.folder / f"{sequence.name}.json"

    @cached_property
    def _weights_sha256(self) -> str:
        return sha256_of(Path(self._weights))

    def _made_from(self, sequence: Sequence) -> str:
        """Return a fingerprint of weights, settings and files (by name, size and time of change)."""
        files = [
            (path.name, path.stat().st_size, path.stat().st_mtime_ns)
            for path in (*sequence.frame_paths, *sequence.mask_paths, *sequence.scribble_paths)
        ]
        parts = [self._weights_sha256, self._settings, files]
        return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()
