"""Outputs that are whole or not there: written under a temporary name beside the target, then renamed."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import InputError

_PARTIAL = ".partial-"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path in ``path``'s folder; rename it to ``path`` on success, remove it on error.

    The temporary name keeps the suffix, because image and video writers choose the format by it. Raises `InputError`
    when the folder cannot be made, the target cannot be replaced or the disk is full.
    """
    path = Path(path)
    _make_folder(path.parent)
    temporary = path.with_name(_temporary_name(path.name) + path.suffix)
    try:
        with _needing_room(path):
            yield temporary
            _rename(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """Yield a new temporary folder; on success its entries become those of ``path``, on error it is removed.

    A folder that exists keeps what is in it, except for the files that are written anew.
    Raises `InputError` when the folder cannot be made or the disk is full.
    """
    path = Path(path).absolute()
    # Inside an existing folder, since that may be a mount point that nothing can be renamed into from outside.
    home = path if path.is_dir() else path.parent
    temporary = home / _temporary_name(path.name)
    _make_folder(temporary)
    try:
        with _needing_room(path):
            yield temporary
            _make_folder(path)
            _merge(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def remove_leftovers(folder: str | Path) -> None:
    """Remove what a killed process had half written into ``folder``; call where no other process writes to it."""
    for path in Path(folder).glob(f".*{_PARTIAL}*"):
        path.unlink() if path.is_file() else shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _needing_room(path: Path) -> Iterator[None]:
    """Turn the error of a full disk (or of a quota) into one line."""
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        free = shutil.disk_usage(path.parent).free / 2**20
        raise InputError(
            f"{path}: cannot be written ({error.strerror}; {free:,.0f} MiB are free there); make room and start again"
        ) from error


def _temporary_name(name: str) -> str:
    return f".{name}{_PARTIAL}{secrets.token_hex(4)}"


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path}: cannot make this folder ({error.strerror}); choose another output") from error


def _merge(source: Path, target: Path) -> None:
    for entry in sorted(source.iterdir()):
        place = target / entry.name
        _merge(entry, place) if entry.is_dir() and place.is_dir() else _rename(entry, place)


def _rename(source: Path, target: Path) -> None:
    if not source.exists():
        raise FileNotFoundError(f"nothing was written to {source}")
    try:
        os.replace(source, target)
    except OSError as error:
        raise InputError(f"{target}: cannot write here ({error.strerror}); choose another output") from error


def sha256_of(path: str | Path) -> str:
    """Return the sha256 of a file, in hexadecimal digits."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
