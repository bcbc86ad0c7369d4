"""Results kept one by one, so that a test or an inference that was cut short computes nothing twice."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from ..loader.davis import Sequence
from ..loader.video_collection import Clip
from ..metrics.round_metric import Entry
from ..utils.errors import InputError
from ..utils.files import atomic_path
from ..utils.fingerprint import file_marks, fingerprint, network_settings
from ..weights.known import sha256_of

logger = logging.getLogger(__name__)


class FinishedSequences:
    """Files ``sequences/NAME.json`` in a test's output folder: a sequence's entry, and what it was made from.

    An entry counts only for the same weights, settings and data; any other is computed anew and replaced.
    """

    def __init__(self, output: Path, cfg: Mapping[str, Any], weights: str, engine: str) -> None:
        self.folder = output / "sequences"
        self._masks = output / "masks"
        self._weights = weights
        metric = {key: value for key, value in cfg["METRIC"].items() if key != "sequences"}
        self._settings: dict[str, Any] = {**network_settings(cfg), "METRIC": metric, "engine": engine}

    def read(self, sequence: Sequence) -> Entry | None:
        """Return a sequence's entry when it stands there and counts."""
        entry: Entry | None = _read(self._path(sequence), self._made_from(sequence))
        if entry is not None:
            logger.info("%s: taken from %s", sequence.name, self._path(sequence))
        return entry

    def write(self, sequence: Sequence, entry: Entry) -> None:
        """Keep a sequence's entry."""
        _write(self._path(sequence), self._made_from(sequence), entry)

    def masks_folder(self, sequence: Sequence) -> Path:
        """Return where the masks of a sequence's rounds go when they are asked for."""
        return self._masks / sequence.name

    def _path(self, sequence: Sequence) -> Path:
        return self.folder / f"{sequence.name}.json"

    @cached_property
    def _weights_sha256(self) -> str:
        return sha256_of(Path(self._weights))

    def _made_from(self, sequence: Sequence) -> str:
        files = file_marks((*sequence.frame_paths, *sequence.mask_paths, *sequence.scribble_paths))
        return fingerprint(self._weights_sha256, self._settings, files)


class FinishedClips:
    """Files ``NAME/done.json`` in the output folder of an inference over many videos, written last into each.

    One counts only for the same weights, settings, objects, video, strokes and mask, and with all results beside it.
    """

    _RESULTS = ("masks", "overlay.mp4", "contact_sheet.png", "masks.json")

    def __init__(self, output: Path, cfg: Mapping[str, Any], weights: str, engine: str, objects: int | None) -> None:
        self._output = output
        self._weights = weights
        self._settings: dict[str, Any] = {**network_settings(cfg), "engine": engine, "objects": objects}

    def read(self, clip: Clip) -> dict[str, Any] | None:
        """Return the entry of a clip when its results stand there and count."""
        folder = self._output / clip.name
        if not all((folder / name).exists() for name in (*self._RESULTS, "done.json")):
            return None
        try:
            entry: dict[str, Any] | None = _read(folder / "done.json", self.made_from(clip))
        except InputError:  # told when it is its turn
            return None
        if entry is None or len(list((folder / "masks").glob("*.png"))) != entry["frames"]:
            return None
        return entry

    def made_from(self, clip: Clip) -> str:
        """Return the fingerprint of a clip's result; take it before the work, so that later changes are seen.

        Raises `InputError` when one of its files cannot be read.
        """
        try:
            masks: list[Path | None] = [*clip.masks()] or [None]
            starts = [path and sha256_of(path) for path in (clip.scribbles, *masks)]
            return fingerprint(self._weights_sha256, self._settings, file_marks(clip.files()), starts)
        except OSError as error:
            raise InputError(f"{error.filename}: cannot be read ({error.strerror}); check it and its rights") from error

    def write(self, clip: Clip, made_from: str, entry: dict[str, Any]) -> None:
        """Mark a clip as done; call when all of its results are written."""
        _write(self._output / clip.name / "done.json", made_from, entry)

    def forget(self, clip: Clip) -> None:
        """Take the mark away; call before results are replaced, so that it never stands beside a mixture."""
        (self._output / clip.name / "done.json").unlink(missing_ok=True)

    @cached_property
    def _weights_sha256(self) -> str:
        return sha256_of(self._weights)


def _read(path: Path, made_from: str) -> Any:
    """Return the entry at ``path`` if it is whole and was made from the same, else None."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return document["entry"] if document["made_from"] == made_from else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(path: Path, made_from: str, entry: Any) -> None:
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps({"made_from": made_from, "entry": entry}) + "\n", encoding="utf-8")
