"""A full disk is called that, wherever it shows."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from paddlevideo.app.errors import as_app_error
from paddlevideo.app.http.server import create_app
from paddlevideo.utils.errors import InputError
from paddlevideo.utils.files import atomic_path
from tests.app.toy import TOKEN, points, session_maker, settings, write_clip

FULL = Path("/dev/full")  # every write to it fails, as on a full disk
needs_full = pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    write_clip(tmp_path / "clip.mp4")
    app = create_app(settings(tmp_path, folders={"videos": tmp_path}), session_maker())
    with TestClient(app, headers={"X-Token": TOKEN}) as found:
        yield found


def _open(client: TestClient) -> str:
    return client.post("/api/projects", json={"folder": "videos", "path": "clip.mp4"}).json()["id"]


def _error(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def _fill(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(FULL)


@pytest.mark.parametrize(
    ("number", "code"), [(errno.ENOSPC, "disk_full"), (errno.EDQUOT, "disk_full"), (errno.EFBIG, "bad_input")]
)
def test_a_file_that_finds_no_room(tmp_path: Path, number: int, code: str) -> None:
    with pytest.raises(InputError) as caught, atomic_path(tmp_path / "mask.png"):
        raise OSError(number, os.strerror(number))
    assert as_app_error(caught.value).code == code


def test_other_errors_are_no_full_disk() -> None:
    assert as_app_error(PermissionError(errno.EACCES, "no")).code == "internal"
    assert as_app_error(InputError("no such frame")).code == "bad_input"


@needs_full
def test_an_upload_that_fills_the_disk_is_thrown_away(client: TestClient, tmp_path: Path) -> None:
    key = client.post("/api/uploads", json={"name": "clip.mp4", "bytes": 100}).json()["id"]
    file = tmp_path / "projects" / "local" / ".uploads" / key
    _fill(file)
    assert _error(client.put(f"/api/uploads/{key}?offset=0", content=b"x" * 50)) == (507, "disk_full")
    assert not file.is_symlink()
    assert _error(client.put(f"/api/uploads/{key}?offset=50", content=b"x")) == (404, "upload_not_found")


@needs_full
def test_a_stroke_whose_mask_cannot_be_kept(client: TestClient, tmp_path: Path) -> None:
    project = _open(client)
    _fill(tmp_path / "projects" / "local" / project / "masks.log")
    stroke = {"frame": 3, "object_id": 1, "points": points(1, 3)}
    assert _error(client.post(f"/api/projects/{project}/strokes", json=stroke)) == (507, "disk_full")


def test_a_change_and_a_project_that_cannot_be_kept(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = _open(client)
    before = {path.name for path in (tmp_path / "projects" / "local").iterdir()}

    def replace(source: Path, target: Path) -> None:
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    monkeypatch.setattr(os, "replace", replace)
    assert _error(client.patch(f"/api/projects/{project}", json={"name": "other"})) == (507, "disk_full")
    made = client.post("/api/projects", json={"folder": "videos", "path": "clip.mp4"})
    assert _error(made) == (507, "disk_full")
    assert {path.name for path in (tmp_path / "projects" / "local").iterdir()} == before
