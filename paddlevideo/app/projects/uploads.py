"""Uploads in chunks: each goes to the end of a file; only what is whole is looked into."""

from __future__ import annotations

import re
import secrets
import shutil
import threading
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import AppError
from ..settings import Limits
from .library import UPLOADS, Library
from .project import Project


@dataclass
class _Upload:
    name: str
    bytes: int
    path: Path
    used: float  # when something was heard of it
    pictures: list[tuple[str, int]]  # names and bytes; empty where it is a video
    received: int = 0
    busy: bool = False


class Uploads:
    """Unfinished uploads of all persons; they end with the server.

    One that nothing was heard of for long (its page was closed) gives way to the person's next.
    """

    def __init__(self, library: Library, limits: Limits) -> None:
        self._library = library
        self._limits = limits
        self._lock = threading.Lock()
        self._open: dict[tuple[str, str], _Upload] = {}

    def begin(self, person: str, name: str, size: int, pictures: Sequence[tuple[str, int]] = ()) -> str:
        """Return the id of a new upload of ``size`` bytes; ``pictures``: names and bytes of those it consists of."""
        name = _file_name(name) or "video"
        pictures = [(_file_name(each) or str(place), share) for place, (each, share) in enumerate(pictures)]
        if pictures and sum(share for _, share in pictures) != size:
            raise AppError("bad_request", reason="bytes: not the sum of those of the pictures")
        if len(pictures) > self._limits.frames:
            raise AppError("too_many_frames", name=name, frames=len(pictures), limit=self._limits.frames)
        if len({each.lower() for each, _ in pictures}) < len(pictures):
            raise AppError("bad_request", reason="pictures: two have the same name")
        if size > self._limits.upload_bytes:
            raise AppError("upload_too_large", name=name, bytes=size, limit=self._limits.upload_bytes)
        with self._lock:
            self._drop_idle(person)
            if sum(owner == person for owner, _ in self._open) >= self._limits.uploads:
                raise AppError("too_many_uploads", limit=self._limits.uploads)
            key = secrets.token_hex(8)
            folder = self._library.folder(person) / UPLOADS
            folder.mkdir(parents=True, exist_ok=True)
            (folder / key).touch()
            self._open[person, key] = _Upload(name, size, folder / key, time.monotonic(), list(pictures))
        return key

    async def add(self, person: str, key: str, offset: int, body: AsyncIterator[bytes]) -> int:
        """Append a chunk that begins at byte ``offset`` and return how many have arrived."""
        upload = self._get(person, key)
        if upload.busy or offset != upload.received:
            raise AppError("upload_offset", received=upload.received)
        upload.busy = True
        try:
            with upload.path.open("ab") as file:
                async for piece in body:
                    if upload.received + len(piece) > upload.bytes:
                        raise AppError(
                            "upload_too_large", name=upload.name, bytes=upload.received + len(piece), limit=upload.bytes
                        )
                    file.write(piece)
                    upload.received += len(piece)
                    upload.used = time.monotonic()
        except OSError:  # the disk is full: of the last pieces nobody knows what was written
            self._drop(person, key)
            raise
        finally:
            upload.busy = False
        return upload.received

    def finish(self, person: str, key: str) -> Project:
        """Make a project of a whole upload; one that is no video is thrown away."""
        upload = self._get(person, key)
        if upload.received != upload.bytes:
            raise AppError("upload_incomplete", received=upload.received, bytes=upload.bytes)
        with self._lock:
            self._open.pop((person, key), None)
        try:
            return self._library.from_upload(person, _split(upload) or upload.path, upload.name)
        finally:
            upload.path.unlink(missing_ok=True)
            shutil.rmtree(_folder(upload), ignore_errors=True)

    def cancel(self, person: str, key: str) -> None:
        """Throw an upload away."""
        self._get(person, key)
        self._drop(person, key)

    def _drop(self, person: str, key: str) -> None:
        with self._lock:
            upload = self._open.pop((person, key), None)
        if upload:
            upload.path.unlink(missing_ok=True)

    def _drop_idle(self, person: str) -> None:
        """Throw a person's forgotten uploads away; called under the lock."""
        oldest = time.monotonic() - self._limits.upload_seconds
        for (owner, key), upload in list(self._open.items()):
            if owner == person and upload.used < oldest:
                del self._open[owner, key]
                upload.path.unlink(missing_ok=True)

    def _get(self, person: str, key: str) -> _Upload:
        with self._lock:
            found = self._open.get((person, key))
            if found is None:
                raise AppError("upload_not_found")
            found.used = time.monotonic()
        return found


def _file_name(name: str) -> str:
    """The last part of what a browser calls a file, without what no file may be called."""
    last = re.sub(r"[\x00-\x1f:*?\"<>|]", "_", re.split(r"[/\\]", name)[-1]).strip()[-200:]
    return "" if last in (".", "..") else last


def _folder(upload: _Upload) -> Path:
    return upload.path.with_name(f"{upload.path.name}.pictures")


def _split(upload: _Upload) -> Path | None:
    """Write the pictures of a whole upload into a folder; None where it is a video."""
    if not upload.pictures:
        return None
    folder = _folder(upload)
    folder.mkdir()
    with upload.path.open("rb") as file:
        for name, size in upload.pictures:
            (folder / name).write_bytes(file.read(size))
    return folder
