"""The server answers what its models and the page made of them say."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import TypeAdapter

from paddlevideo.app.http import answers
from paddlevideo.app.http.server import create_app
from tests.app.toy import TOKEN, Colours, points, session_maker, settings, write_clip


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    (tmp_path / "videos" / "pictures").mkdir(parents=True)
    write_clip(tmp_path / "videos" / "clip.mp4")
    app = create_app(settings(tmp_path, folders={"videos": tmp_path / "videos"}), session_maker(Colours()))
    with TestClient(app, headers={"X-Token": TOKEN}) as found:
        yield found


def test_answers_are_as_described(client: TestClient) -> None:
    answers.ServerState(**client.get("/api/state").json())
    listed = answers.FolderEntries(**client.get("/api/browse", params={"folder": "videos"}).json())
    assert [entry.kind for entry in listed.entries] == ["video", "folder"]
    opened = client.post("/api/projects", json={"folder": "videos", "path": "clip.mp4"}).json()
    document = answers.ProjectDocument(**opened)
    url = f"/api/projects/{document.id}"
    TypeAdapter(list[answers.ProjectEntry]).validate_python(client.get("/api/projects").json())
    drawn = client.post(f"{url}/strokes", json={"frame": 2, "object_id": 1, "points": points(1, 2)})
    assert answers.StrokeAnswer(**drawn.json()).frames.masks[2] is not None
    begun = answers.ProjectDocument(**client.post(f"{url}/propagate", json={"span": [0, 3]}).json())
    assert begun.job is not None and begun.job.kind == "propagate"
    done = _when_idle(client, url)
    assert done.rounds[0].span == [0, 3] and done.frames.state == "ppap...."
    TypeAdapter(list[answers.ExportKind]).validate_python(client.get("/api/export-kinds").json())
    answers.ExportBegun(**client.post(f"{url}/exports", json={"kind": "rle"}).json())
    _when_idle(client, url)
    files = TypeAdapter(list[answers.ExportFile]).validate_python(client.get(f"{url}/exports").json())
    assert [file.kind for file in files] == ["rle"]
    begun_upload = client.post("/api/uploads", json={"name": "a.mp4", "bytes": 5}).json()
    upload = answers.UploadBegun(**begun_upload)
    sent = client.put(f"/api/uploads/{upload.id}", params={"offset": 0}, content=b"12345")
    assert answers.UploadReceived(**sent.json()).received == 5
    assert answers.FilmFacts(**client.get(f"{url}/film").json()).header
    refused = client.get(f"{url}/masks/7.png")
    assert answers.ErrorDocument(**refused.json()).error.code == "no_mask"


def _when_idle(client: TestClient, url: str) -> answers.ProjectDocument:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        document = answers.ProjectDocument(**client.get(url).json())
        if document.job is None:
            return document
        time.sleep(0.02)
    raise AssertionError(document)


def test_every_answer_is_described_on_the_page(client: TestClient) -> None:
    described = client.get("/api/openapi.json").json()["components"]["schemas"]
    page = client.get("/api/docs").text
    models = [each for each in vars(answers).values() if isinstance(each, type) and each.__base__ is answers.Answer]
    assert len(models) > 15
    for model in [*models, answers.StrokeAnswer]:
        assert described[model.__name__]["description"] and f'id="{model.__name__}"' in page
    assert "HTTPValidationError" not in described, "errors have a form of their own"
    for request in ("NewStroke", "Propagate"):
        assert f'id="{request}"' in page and f'takes <a href="#{request}">' in page
