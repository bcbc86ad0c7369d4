"""Checkpoints of a training run: whole or not there, checked when read, the newest intact one found by itself.

A checkpoint is three files: ``NAME_step_NNNNNN.pdparams`` (weights, also good for ``-w``), ``.pdopt`` (everything
else) and ``.json`` (step, length and sha256 of the other two), which is written last and makes it count.
"""

from __future__ import annotations

import json
import logging
import pickle
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..utils.errors import InputError
from ..utils.files import atomic_path, sha256_of
from ..weights.files import State, as_float32, save_weights
from ..weights.safe_pickle import read_pickle

__all__ = [
    "Checkpoint",
    "find_checkpoint",
    "has_checkpoint",
    "latest_checkpoint",
    "load_checkpoint",
    "remove_checkpoints",
    "save_checkpoint",
    "save_weights",
]

logger = logging.getLogger(__name__)

_PARTS = (".pdparams", ".pdopt")


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint holds: ``path`` of its weights, ``step`` done steps, and the states that were saved."""

    path: Path
    step: int
    model: State
    optimizer: dict[str, Any]
    extra: dict[str, Any]


def save_checkpoint(
    folder: str | Path,
    name: str,
    step: int,
    model_state: Mapping[str, Any],
    optimizer_state: Mapping[str, Any],
    extra: Mapping[str, Any],
) -> Path:
    """Write the checkpoint of ``step`` done steps; return the path of its weights.

    The states are nested dicts, lists and tuples of plain values, arrays and tensors; they come back with arrays, bit
    for bit. Raises `InputError` when the folder cannot be written or the disk is full; nothing of it is left then.
    """
    base = Path(folder) / f"{name}_step_{step:06d}"
    manifest = base.with_name(base.name + ".json")
    weights, rest = (base.with_name(base.name + suffix) for suffix in _PARTS)
    _remove(manifest)
    try:
        save_weights(weights, model_state)
        with atomic_path(rest) as temporary, temporary.open("wb") as stream:
            pickle.dump({"optimizer": _arrays(optimizer_state), "extra": _arrays(extra)}, stream, protocol=4)
        files = {path.name: {"bytes": path.stat().st_size, "sha256": sha256_of(path)} for path in (weights, rest)}
        with atomic_path(manifest) as temporary:
            temporary.write_text(json.dumps({"step": step, "files": files}, indent=2) + "\n", encoding="utf-8")
    except BaseException:
        _remove(manifest)
        raise
    return weights


def find_checkpoint(where: str | Path, name: str | None = None) -> Path:
    """Return the path of a checkpoint's weights: ``where`` itself, or in a folder the newest intact one of ``name``.

    In a folder a damaged checkpoint is passed over with a warning. Raises `InputError` when none is left.
    """
    where = Path(where)
    if not where.is_dir():
        return where.with_suffix(".pdparams")
    found = latest_checkpoint(where, name)
    if found is None and _manifests(where, name):
        raise InputError(f"{where}: every checkpoint in it is damaged; start anew in another output_dir")
    if found is None:
        raise InputError(f"{where}: no checkpoint{f' of {name}' if name else ''} to go on from; start without --resume")
    return found


def has_checkpoint(folder: str | Path, name: str | None = None) -> bool:
    """Say whether ``folder`` has a checkpoint (of run ``name``), be it a damaged one."""
    return bool(_manifests(Path(folder), name))


def load_checkpoint(where: str | Path, name: str | None = None) -> Checkpoint:
    """Read the checkpoint that `find_checkpoint` finds; raise `InputError` also when the one asked for is damaged."""
    return _read(find_checkpoint(where, name).with_suffix(".json"))


def latest_checkpoint(folder: str | Path, name: str | None = None) -> Path | None:
    """Return the path of the weights of the newest intact checkpoint (of run ``name``), None when there is none."""
    for manifest in reversed(_manifests(Path(folder), name)):
        try:
            _verify(manifest)
        except InputError as error:
            logger.warning("%s; taking the one before", error)
        else:
            return manifest.with_suffix(".pdparams")
    return None


def remove_checkpoints(folder: str | Path, name: str, keep: int, step: int | None = None) -> None:
    """Remove all but the newest ``keep`` checkpoints of run ``name``, counting from that of ``step`` when given."""
    manifests = [path for done, path in _numbered(Path(folder), name) if step is None or done <= step]
    for manifest in manifests[: max(0, len(manifests) - keep)]:
        _remove(manifest)


def _remove(manifest: Path) -> None:
    # The manifest goes first: what is left of an interrupted removal does not count as a checkpoint.
    for suffix in (".json", *_PARTS):
        manifest.with_suffix(suffix).unlink(missing_ok=True)


def _manifests(folder: Path, name: str | None) -> list[Path]:
    """Return the manifests in ``folder`` by step, oldest first."""
    return [path for _, path in _numbered(folder, name)]


def _numbered(folder: Path, name: str | None) -> list[tuple[int, Path]]:
    pattern = re.compile((re.escape(name) if name else ".+") + r"_step_(\d+)\.json")
    return sorted((int(match[1]), path) for path in folder.glob("*.json") if (match := pattern.fullmatch(path.name)))


def _verify(manifest: Path) -> int:
    """Return the step of a checkpoint; raise `InputError` when a file is missing or not as it was written."""
    try:
        contents = json.loads(manifest.read_text(encoding="utf-8"))
        step, files = int(contents["step"]), contents["files"]
        for name, written in files.items():
            path = manifest.with_name(Path(name).name)
            if path.stat().st_size != written["bytes"] or sha256_of(path) != written["sha256"]:
                raise InputError(f"{path}: damaged since it was written; resume from an earlier checkpoint")
    except FileNotFoundError as error:
        hint = "resume from another, or give weights alone with -w"
        raise InputError(f"{manifest.with_suffix('')}: not a whole checkpoint (no {error.filename}); {hint}") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{manifest}: not readable ({error}); resume from an earlier checkpoint") from error
    return step


def _read(manifest: Path) -> Checkpoint:
    step = _verify(manifest)
    weights, rest = (manifest.with_suffix(suffix) for suffix in _PARTS)
    states = read_pickle(rest)
    model = {name: as_float32(value) for name, value in read_pickle(weights).items()}
    return Checkpoint(weights, step, model, states["optimizer"], states["extra"])


def _arrays(thing: Any) -> Any:
    """Return nested containers with arrays in place of tensors."""
    if isinstance(thing, Mapping):
        return {key: _arrays(value) for key, value in thing.items()}
    if isinstance(thing, (list, tuple)):
        return type(thing)(_arrays(item) for item in thing)
    return np.asarray(thing) if hasattr(thing, "shape") else thing
