"""Uploads in chunks: each goes to the end of a file; only what is whole is looked into."""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections.abc import AsyncIterator
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

    def begin(self, person: str, name: str, size: int) -> str:
        """Return the id of a new upload of ``size`` bytes."""
        name = re.split(r"[/\\]", name)[-1].strip()[:200] or "video"
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
            self._open[person, key] = _Upload(name, size, folder / key, time.monotonic())
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
            return self._library.from_upload(person, upload.path, upload.name)
        finally:
            upload.path.unlink(missing_ok=True)

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
