"""Uploads that nobody goes on with do not keep others out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from paddlevideo.app.errors import AppError
from paddlevideo.app.projects import uploads as module
from paddlevideo.app.projects.library import Library
from paddlevideo.app.projects.uploads import Uploads
from paddlevideo.app.settings import Limits
from tests.app.toy import settings


class Clock:
    """Stands in for ``time``."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


async def _body(data: bytes) -> AsyncIterator[bytes]:
    yield data


def _add(uploads: Uploads, person: str, key: str, offset: int) -> int:
    return asyncio.run(uploads.add(person, key, offset, _body(b"ab")))


def test_a_forgotten_upload_gives_way_to_its_owners_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    uploads = Uploads(Library(settings(tmp_path)), Limits(uploads=2, upload_seconds=600))
    forgotten, used = (uploads.begin("ann", "clip.mp4", 100) for _ in range(2))
    others = uploads.begin("bob", "clip.mp4", 100)
    clock.now += 500
    assert _add(uploads, "ann", used, 0) == 2
    with pytest.raises(AppError) as full:
        uploads.begin("ann", "clip.mp4", 100)
    assert full.value.code == "too_many_uploads"
    clock.now += 200
    new = uploads.begin("ann", "clip.mp4", 100)
    assert {path.name for path in (tmp_path / "projects" / "ann" / ".uploads").iterdir()} == {used, new}
    with pytest.raises(AppError) as gone:
        _add(uploads, "ann", forgotten, 0)
    assert gone.value.code == "upload_not_found"
    assert _add(uploads, "ann", used, 2) == 4
    assert _add(uploads, "bob", others, 0) == 2


def test_a_sweep_leaves_folders_that_are_no_projects(tmp_path: Path) -> None:
    """--projects may name a folder of other things."""
    library = Library(settings(tmp_path))
    person = library.folder("ann")
    for name in ("photos", ".uploads", "0123456789abcdef"):
        (person / name).mkdir(parents=True)
        (person / name / "file").write_text("")
    library.sweep()
    assert [path.name for path in person.iterdir()] == ["photos"]
    assert (person / "photos" / "file").exists()
