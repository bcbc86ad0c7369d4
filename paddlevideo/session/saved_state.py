"""A session in a file: all that rounds have led to but the embeddings, which are computed again when they are needed.

A session that is read again gives the same numbers as one that was never closed. Of the states that undo goes back to,
only those of the last round and of rounds that wait are in it.

The file is a zip: ``session.json`` says what there is, and every other entry is an array that it names by its number.
What states share is there once. There is no pickle in it, and a checksum is kept of every entry.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..loader.scribbles import Stroke
from ..utils.errors import InputError
from ..utils.files import atomic_path
from .matching import MatchingReference
from .memory.array_store import ArrayStore
from .memory.distance_maps import StoredMaps
from .memory.masks import MaskStore
from .rounds import FrameResult, Round, State

LARGEST = 512 << 20  # bytes before compression: what is read again in a few seconds
_FACTS = "session.json"
_DAMAGE = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, LookupError, TypeError, AttributeError)
_FLAGS = ("in_memory", "propagated")


@dataclass(eq=False)
class SavedState:
    """What a session consists of.

    Attributes:
        objects: their ids.
        next_object: the id of the next new one.
        locks: for each locked object the masks that it is kept in.
        rounds: all of them.
        state: that they have led to.
    """

    objects: list[int]
    next_object: int
    locks: dict[int, MaskStore]
    rounds: list[Round]
    state: State


def write_state(path: str | Path, saved: SavedState, store: ArrayStore, made_by: str, notes: Any) -> Iterator[None]:
    """Write a session's state as it is at the first step, an array a step; ``notes`` are JSON of the caller's.

    The file is there, whole, after the last step. `InputError` for a full disk, or for a state above `LARGEST`.
    """
    entries = _Entries()
    facts = json.dumps({"made_by": made_by, "notes": notes, **_saved_facts(saved, entries)})
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        left = LARGEST
        for number, value in enumerate(entries.values):
            for part, array in enumerate(_arrays(value, store)):
                left -= array.nbytes
                if left < 0:
                    raise InputError(f"{path}: the session is too large to be kept (above {LARGEST >> 20} MiB)")
                with file.open(f"{number}/{part}", "w") as entry:
                    np.lib.format.write_array(entry, array, allow_pickle=False)
            yield
        file.writestr(_FACTS, facts)


def read_state(
    path: str | Path, empty: State, store: ArrayStore, matching: Callable[..., MatchingReference], made_by: str
) -> tuple[SavedState, Any]:
    """Read what `write_state` wrote, and the notes.

    Args:
        path: the file.
        empty: the state of a session without rounds.
        store: where its maps go.
        matching: frame, label and ids to what frames are matched with.
        made_by: must be as it was when the file was written.

    Raises:
        InputError: the file is missing, damaged, or made by something else.
    """
    try:
        with zipfile.ZipFile(path) as file:
            facts = json.loads(file.read(_FACTS))
            if facts["made_by"] != made_by:
                raise InputError(f"{path}: is of another network, video, version or other options; begin a new session")
            return _Reader(file, facts, empty, store, matching).saved(), facts["notes"]
    except _DAMAGE as error:
        raise InputError(f"{path}: cannot be read as a saved session ({error}); begin a new one") from error


class _Entries:
    """Numbers what is written: the same object has the same number."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.facts: list[Any] = []
        self._numbers: dict[int, int] = {}

    def number(self, value: Any) -> int | None:
        if value is None:
            return None
        if id(value) not in self._numbers:
            self._numbers[id(value)] = len(self.values)
            self.values.append(value)
            self.facts.append(_facts(value))
        return self._numbers[id(value)]

    def frames(self, values: dict[int, Any]) -> list[tuple[int, int | None]]:
        return [(frame, self.number(value)) for frame, value in values.items()]


def _facts(value: Any) -> Any:
    if isinstance(value, StoredMaps):
        contributors = sorted(value.contributors)
        return {"ids": value.ids, "round": value.round, "nearness": value.nearness, "contributors": contributors}
    return [value[1], value[3]] if isinstance(value, tuple) else None


def _arrays(value: Any, store: ArrayStore) -> list[np.ndarray]:
    if isinstance(value, StoredMaps):
        maps = value.maps.read()
        return [maps.astype(np.float16) if store.item_bytes == 2 else maps]
    return [np.frombuffer(value[each], np.uint8) for each in (0, 2)] if isinstance(value, tuple) else [value]


def _saved_facts(saved: SavedState, entries: _Entries) -> dict[str, Any]:
    last = saved.rounds[-1:]
    facts = {
        "objects": saved.objects,
        "next_object": saved.next_object,
        "locks": [(each, entries.frames(masks.kept)) for each, masks in saved.locks.items()],
        "rounds": [_round_facts(each, each in last or not each.propagated, entries) for each in saved.rounds],
        "state": _state_facts(saved.state, entries),
    }
    return {**facts, "entries": entries.facts}


def _state_facts(state: State | None, entries: _Entries) -> Any:
    if state is None:
        return None
    probabilities = {} if state.probabilities is None else state.probabilities.maps
    memories = (state.global_memory.maps, state.local_memory.maps, state.masks.kept, probabilities)
    return [entries.frames(each) for each in memories]


def _round_facts(each: Round, undone: bool, entries: _Entries) -> dict[str, Any]:
    matching, result = each.matching, each.result
    return {
        "number": each.number,
        "frame": each.frame,
        "known": sorted(each.known),
        "strokes": [asdict(stroke) for stroke in each.strokes],
        "label": entries.number(each.label),
        "mask": entries.number(each.mask),
        "matching": matching and [matching.frame, entries.number(matching.label), matching.ids],
        "result": result and [result.frame, entries.number(result.mask), entries.number(result.logits)],
        "before": _state_facts(each.before if undone else None, entries),
        "replaced": [entries.number(part) for part in each.replaced],
        "answered": entries.number(each.answered),
        **{name: getattr(each, name) for name in _FLAGS},
    }


class _Reader:
    def __init__(
        self, file: zipfile.ZipFile, facts: Any, empty: State, store: ArrayStore, matching: Callable[..., Any]
    ) -> None:
        self._file, self._facts, self._empty, self._store, self._matching = file, facts, empty, store, matching
        self._values: dict[int, Any] = {}

    def saved(self) -> SavedState:
        facts = self._facts
        locks = {each: self._masks(frames) for each, frames in facts["locks"]}
        rounds = [self._round(each) for each in facts["rounds"]]
        state = self._state(facts["state"])
        assert state is not None
        return SavedState(facts["objects"], facts["next_object"], locks, rounds, state)

    def _value(self, number: int | None) -> Any:
        if number is None:
            return None
        if number not in self._values:
            facts = self._facts["entries"][number]
            if isinstance(facts, dict):
                maps = self._store.keep(self._array(number).astype(np.float32))
                facts["contributors"] = frozenset(facts["contributors"])
                self._values[number] = StoredMaps(**{**facts, "ids": tuple(facts["ids"]), "maps": maps})
            elif facts:
                mask, grid = (self._array(number, part).tobytes() for part in (0, 1))
                self._values[number] = (mask, tuple(facts[0]), grid, tuple(facts[1]))
            else:
                self._values[number] = self._array(number)
        return self._values[number]

    def _array(self, number: int, part: int = 0) -> np.ndarray:
        with self._file.open(f"{number}/{part}") as entry:
            array: np.ndarray = np.lib.format.read_array(entry, allow_pickle=False)
            entry.read()  # to its end, where the checksum is compared
            return array

    def _frames(self, frames: Any) -> dict[int, Any]:
        return {frame: self._value(number) for frame, number in frames}

    def _masks(self, frames: Any) -> MaskStore:
        masks = MaskStore()
        masks.kept = self._frames(frames)
        return masks

    def _state(self, facts: Any) -> State | None:
        if facts is None:
            return None
        state = self._empty.copy()
        state.global_memory.maps, state.local_memory.maps = self._frames(facts[0]), self._frames(facts[1])
        state.masks = self._masks(facts[2])
        if state.probabilities is not None:
            state.probabilities.maps = self._frames(facts[3])
        return state

    def _round(self, facts: dict[str, Any]) -> Round:
        matching, result = facts["matching"], facts["result"]
        frame, label, ids = matching or (0, None, ())
        shown = result and FrameResult(result[0], self._value(result[1]), self._value(result[2]))
        return Round(
            facts["number"],
            facts["frame"],
            self._value(facts["label"]),
            self._value(facts["mask"]),
            [Stroke(**{**each, "points": tuple(map(tuple, each["points"]))}) for each in facts["strokes"]],
            matching=self._matching(frame, self._value(label), tuple(ids)) if matching else None,
            before=self._state(facts["before"]),
            result=shown,
            replaced=(self._value(facts["replaced"][0]), self._value(facts["replaced"][1])),
            answered=self._value(facts["answered"]),
            known=frozenset(facts["known"]),
            **{name: facts[name] for name in _FLAGS},
        )
