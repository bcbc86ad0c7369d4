"""Results kept one by one, so that an interrupted test or inference computes nothing twice."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

from ..loader.davis import Sequence
from ..loader.listing import composed
from ..loader.video_collection import Clip
from ..metrics.round_metric import Entry
from ..utils.errors import InputError
from ..utils.files import sha256_of
from ..utils.fingerprint import file_marks, fingerprint, network_settings
from ..utils.written import Written
from ..writers.edges import Edge
from ..writers.exporter import Exporter, default_kinds

logger = logging.getLogger(__name__)


class FinishedSequences:
    """Files ``sequences/NAME.json`` in a test's output folder: a sequence's entry, and what it was made from.

    An entry counts only for the same weights, settings and data; any other is computed anew and replaced. So are the
    masks of its rounds, ``masks/NAME/``, where METRIC.save_masks asks for them.
    """

    def __init__(self, output: Path, cfg: Mapping[str, Any], weights: str, engine: str) -> None:
        self._output = output
        self._written = Written(output)
        self._weights = weights
        self._save_masks = bool(cfg["METRIC"].get("save_masks"))
        metric = {key: value for key, value in cfg["METRIC"].items() if key != "sequences"}
        self._settings: dict[str, Any] = {**network_settings(cfg), "METRIC": metric, "engine": engine}

    def check(self, sequences: Iterable[Sequence], others: Iterable[str]) -> None:
        """Raise `InputError` when a person's file or an input is in the place of a result, ``others`` included."""
        inputs: list[str | Path] = [self._weights]
        places = [*others]
        for sequence in sequences:
            inputs += _files(sequence)
            places += [self._name(sequence), *([self._masks_name(sequence)] if self._save_masks else [])]
        Written(self._output, inputs).check(*places)

    def read(self, sequence: Sequence) -> Entry | None:
        """Return a sequence's entry when it stands there and counts."""
        path = self._output / self._name(sequence)
        entry: Entry | None = _read(path, self._made_from(sequence))
        if entry is not None:
            logger.info("%s: taken from %s", sequence.name, path)
        return entry

    def write(self, sequence: Sequence, entry: Entry) -> None:
        """Keep a sequence's entry."""
        _write(self._written, self._name(sequence), self._made_from(sequence), entry)

    @contextmanager
    def masks_folder(self, sequence: Sequence) -> Iterator[Path | None]:
        """Yield where to write the masks of a sequence's rounds, None when they are not asked for."""
        if not self._save_masks:
            yield None
            return
        name = self._masks_name(sequence)
        with self._written.replacing(self._name(sequence), name) as folder:  # the old entry is not of the new masks
            yield folder / name

    @staticmethod
    def _name(sequence: Sequence) -> str:
        return f"sequences/{sequence.name}.json"

    @staticmethod
    def _masks_name(sequence: Sequence) -> str:
        return f"masks/{sequence.name}"

    @cached_property
    def _weights_sha256(self) -> str:
        return sha256_of(Path(self._weights))

    def _made_from(self, sequence: Sequence) -> str:
        return fingerprint(self._weights_sha256, self._settings, file_marks(_files(sequence)))


class FinishedClips:
    """Files ``NAME/done.json`` in the output folder of an inference over many videos, written last into each.

    One counts only for the same weights, settings, objects, names, edges, video, strokes and mask, with all results
    beside it.
    """

    def __init__(
        self,
        output: Path,
        cfg: Mapping[str, Any],
        weights: str,
        engine: str,
        objects: int | None,
        exporters: Iterable[type[Exporter]],
        names: Iterable[str] | None = None,
        edge: Edge = Edge(),
    ) -> None:
        self._output = output
        self._weights = weights
        self._results = {each.key: each.name for each in exporters}
        self._settings: dict[str, Any] = {**network_settings(cfg), "engine": engine, "objects": objects}
        if set(self._results) != set(default_kinds()):  # marks from before there were other kinds still count
            self._settings["export"] = sorted(self._results)
        if names:
            self._settings["names"] = list(names)
        if edge != Edge():
            self._settings["edge"] = asdict(edge)

    def read(self, clip: Clip) -> dict[str, Any] | None:
        """Return the entry of a clip when its results stand there and count."""
        folder = self._output / clip.name
        if not all((folder / name).exists() for name in (*self._results.values(), "done.json")):
            return None
        try:
            entry: dict[str, Any] | None = _read(folder / "done.json", self.made_from(clip))
        except InputError:  # reported when its turn comes
            return None
        if entry is None or "palette" not in self._results:
            return entry
        masks = list((folder / self._results["palette"]).glob("*.png"))
        return entry if len(masks) == entry["frames"] else None

    def made_from(self, clip: Clip) -> str:
        """Return the fingerprint of a clip's result; take it before the work, so that later changes are seen.

        Raises `InputError` when one of its files cannot be read.
        """
        try:
            masks: list[Path | None] = [*clip.masks()] or [None]
            starts = [path and sha256_of(path) for path in (clip.scribbles, *masks)]
            # A mask is of the frame that it is named after; one that has the video's name is of the first.
            named = [path.stem for path in clip.masks() if composed(path.stem) != composed(clip.name)]
            parts = (self._settings, file_marks(clip.files()), starts, *([named] if named else []))
            return fingerprint(self._weights_sha256, *parts)
        except OSError as error:
            raise InputError(f"{error.filename}: cannot be read ({error.strerror}); check it and its rights") from error

    def write(self, clip: Clip, made_from: str, entry: dict[str, Any]) -> None:
        """Mark a clip as done; call when all of its results are written."""
        _write(Written(self._output / clip.name), "done.json", made_from, entry)

    @cached_property
    def _weights_sha256(self) -> str:
        return sha256_of(self._weights)


def _files(sequence: Sequence) -> list[Path]:
    return [*sequence.frame_paths, *sequence.mask_paths, *sequence.scribble_paths]


def _read(path: Path, made_from: str) -> Any:
    """Return the entry at ``path`` if it is whole and was made from the same, else None."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return document["entry"] if document["made_from"] == made_from else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(written: Written, name: str, made_from: str, entry: Any) -> None:
    with written.path(name) as temporary:
        temporary.write_text(json.dumps({"made_from": made_from, "entry": entry}) + "\n", encoding="utf-8")
