"""What a scribble file may say besides strokes, so that all that was done on the page can be done again.

A round of the file (see `paddlevideo.loader.scribbles`) may have these keys; without them it is drawn with all objects
and carried over the whole video:

    "objects": [1, 2]             the objects that were there when it was drawn
    "locked": [1]                 those whose masks were to stay
    "propagations": [             how it was carried on, each time; [] is not at all
        {"objects": [1, 2], "locked": [], "span": [0, 49], "frames": 50}]

Of a propagation ``objects`` and ``locked`` are as before where they are missing; ``span`` limits it to these frames,
and ``frames`` says after how many it was stopped (0: only the objects change).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..utils.errors import InputError
from .scribbles import MAX_OBJECT_ID

Ids = tuple[int, ...]


@dataclass(frozen=True)
class Propagation:
    """One propagation; None stands for the default."""

    objects: Ids | None = None
    locked: Ids | None = None
    span: tuple[int, int] | None = None
    frames: int | None = None


@dataclass(frozen=True)
class RoundSettings:
    """How a round was drawn and carried on."""

    objects: Ids | None = None
    locked: Ids | None = None
    propagations: tuple[Propagation, ...] = (Propagation(),)

    @property
    def ids(self) -> set[int]:
        """All objects that are named."""
        told = [self.objects, self.locked, *(ids for each in self.propagations for ids in (each.objects, each.locked))]
        return {object_id for ids in told for object_id in ids or ()}


def read_settings(path: str | Path, frames: int) -> list[RoundSettings]:
    """Return the settings of each round of a scribble file that `read_rounds` has read; raise `InputError`."""
    document = json.loads(Path(path).read_text(encoding="utf-8-sig"))
    rounds = document if isinstance(document, list) else [document]
    return [_settings(entry, frames, f"{path}: round {number}") for number, entry in enumerate(rounds, 1)]


def read_sequences(path: str | Path) -> list[str]:
    """Return the names of the videos that a scribble file was drawn on; `read_rounds` has read it before."""
    document = json.loads(Path(path).read_text(encoding="utf-8-sig"))
    names = [entry.get("sequence") for entry in (document if isinstance(document, list) else [document])]
    return [*dict.fromkeys(name for name in names if isinstance(name, str) and name)]


def settings_document(settings: RoundSettings) -> dict[str, Any]:
    """The keys to add to a round of a file, so that `read_settings` gives ``settings`` back."""
    document = _given({"objects": settings.objects, "locked": settings.locked})
    if settings.propagations != (Propagation(),):
        document["propagations"] = [_given(vars(each)) for each in settings.propagations]
    return document


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: list(value) if isinstance(value, tuple) else value for key, value in values.items() if value is not None
    }


def _settings(entry: Mapping[str, Any], frames: int, where: str) -> RoundSettings:
    told = entry.get("propagations")
    propagations: tuple[Propagation, ...]
    if told is None:
        propagations = (Propagation(),)
    elif isinstance(told, list) and all(isinstance(each, dict) for each in told):
        propagations = tuple(_propagation(each, frames, where) for each in told)
    else:
        raise InputError(f"{where}: 'propagations' must be a list of JSON objects")
    return RoundSettings(_ids(entry, "objects", where), _ids(entry, "locked", where), propagations)


def _propagation(entry: Mapping[str, Any], frames: int, where: str) -> Propagation:
    span, count = entry.get("span"), entry.get("frames")
    if span is not None and not (_numbers(span) and len(span) == 2 and 0 <= span[0] <= span[1] < frames):
        raise InputError(f"{where}: span {span!r} must be the first and the last of frames 0 to {frames - 1}")
    if count is not None and not (_numbers([count]) and 0 <= count <= frames):
        raise InputError(f"{where}: frames {count!r} must be a number of frames, 0 to {frames}")
    return Propagation(
        _ids(entry, "objects", where), _ids(entry, "locked", where), tuple(span) if span else None, count
    )


def _ids(entry: Mapping[str, Any], key: str, where: str) -> Ids | None:
    ids = entry.get(key)
    if ids is None:
        return None
    if not (_numbers(ids) and all(1 <= each <= MAX_OBJECT_ID for each in ids)):
        raise InputError(f"{where}: '{key}' must be a list of objects from 1 to {MAX_OBJECT_ID}")
    return tuple(ids)


def _numbers(values: Any) -> bool:
    return isinstance(values, Sequence) and all(isinstance(v, int) and not isinstance(v, bool) for v in values)
