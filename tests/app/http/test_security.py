"""Who may ask, and from where."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from paddlevideo.app.http.security import signing_key
from paddlevideo.app.http.server import create_app
from tests.app.toy import TOKEN, session_maker, settings, write_clip


def _app(folder: Path, **changes: Any) -> Any:
    return create_app(settings(folder, folders={"videos": folder}, **changes), session_maker())


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Any]:
    write_clip(tmp_path / "clip.mp4")
    yield _app(tmp_path)


def _code(response: Any) -> str:
    return response.json()["error"]["code"]


def test_the_token_opens_once_and_a_cookie_from_then_on(app: Any) -> None:
    with TestClient(app) as browser:
        shut = browser.get("/")
        assert shut.status_code == 401
        assert "Open the address" in shut.text and "请打开服务器启动时显示的地址" in shut.text
        assert _code(browser.get("/api/state")) == "bad_token"
        assert browser.get("/static/index.html").status_code == 401
        assert browser.get("/?token=wrong").status_code == 401
        entered = browser.get(f"/?token={TOKEN}", follow_redirects=False)
        assert entered.status_code == 303 and entered.headers["location"] == "/"
        cookie = entered.headers["set-cookie"]
        assert "HttpOnly" in cookie and "samesite=strict" in cookie.lower() and TOKEN not in cookie
        assert browser.get("/api/state").status_code == 200
    with TestClient(app) as forged:
        forged.cookies.set("scribble_8000", "local." + "0" * 64)
        assert _code(forged.get("/api/state")) == "bad_token"
        assert _code(forged.get("/api/state", headers={"X-Token": "wrong"})) == "bad_token"
        assert forged.get("/api/state", headers={"X-Token": TOKEN}).status_code == 200


def test_foreign_hosts_and_pages_are_refused(app: Any) -> None:
    with TestClient(app, headers={"X-Token": TOKEN}) as client:
        assert _code(client.get("/api/state", headers={"Host": "evil.example"})) == "foreign_host"
        assert _code(client.get("/api/state", headers={"Host": "192.168.1.4:8000"})) == "foreign_host"
        assert client.get("/api/state", headers={"Host": "127.0.0.1:8000"}).status_code == 200
        for origin in ("http://evil.example", "null", "http://testserver:1234"):
            assert _code(client.get("/api/state", headers={"Origin": origin})) == "foreign_origin"
        own = {"Origin": "http://testserver"}
        assert client.get("/api/state", headers=own).status_code == 200
        cross = client.post("/api/uploads", json={}, headers={"Sec-Fetch-Site": "cross-site"})
        assert _code(cross) == "foreign_origin"


def test_it_answers_under_the_names_it_was_given(tmp_path: Path) -> None:
    app = create_app(settings(tmp_path, names=("film.example",)), session_maker())
    client = TestClient(app, headers={"X-Token": TOKEN})
    for host, status in (("film.example", 200), ("Film.Example:8000", 200), ("film.example.org", 403)):
        assert client.get("/api/projects", headers={"host": host}).status_code == status, host


def test_every_answer_has_the_headers_of_safety(app: Any) -> None:
    with TestClient(app) as client:
        for answer in (client.get("/"), client.get("/api/state"), client.get("/api/state", headers={"X-Token": TOKEN})):
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert "http" not in answer.headers["content-security-policy"]
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cache-control"] == "no-store"


def test_large_requests_are_refused(app: Any) -> None:
    with TestClient(app, headers={"X-Token": TOKEN}) as client:
        assert _code(client.post("/api/uploads", content=b" " * (5 << 20))) == "request_too_large"
        pieces = (b" " * (1 << 20) for _ in range(5))
        assert _code(client.post("/api/uploads", content=pieces)) == "bad_request"


def test_where_others_may_connect_each_browser_is_a_person(tmp_path: Path) -> None:
    write_clip(tmp_path / "clip.mp4")
    app = _app(tmp_path, remote=True)
    body = {"folder": "videos", "path": "clip.mp4"}
    with TestClient(app) as mine:
        mine.get(f"/?token={TOKEN}")
        project = mine.post("/api/projects", json=body).json()["id"]
        theirs = TestClient(app)
        theirs.get(f"/?token={TOKEN}")
        assert theirs.get("/api/projects").json() == []
        for path in ("", "/frames/0.jpg", "/exports", "/events"):
            assert _code(theirs.get(f"/api/projects/{project}{path}")) == "no_project"
        assert _code(theirs.delete(f"/api/projects/{project}")) == "no_project"
        cookies = dict(mine.cookies)
    with TestClient(_app(tmp_path, remote=True, token="another")) as later:
        later.cookies.update(cookies)
        later.get("/?token=another")
        assert [each["id"] for each in later.get("/api/projects").json()] == [project]


def test_where_others_may_connect_the_token_alone_is_not_the_owner(tmp_path: Path) -> None:
    write_clip(tmp_path / "clip.mp4")
    header = {"X-Token": TOKEN}
    with TestClient(_app(tmp_path), headers=header) as owner:
        project = owner.post("/api/projects", json={"folder": "videos", "path": "clip.mp4"}).json()["id"]
    with TestClient(_app(tmp_path, remote=True)) as script:
        assert _code(script.get("/api/projects", headers=header)) == "bad_token"
        assert _code(script.get(f"/api/projects/{project}", headers=header)) == "bad_token"
        script.get("/", params={"token": TOKEN})
        assert script.get("/api/projects", headers=header).json() == []
        assert _code(script.get(f"/api/projects/{project}", headers=header)) == "no_project"


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    key = signing_key(tmp_path / "projects")
    assert len(key) == 32 and signing_key(tmp_path / "projects") == key
    assert (tmp_path / "projects" / ".key").stat().st_mode & 0o077 == 0
    (tmp_path / "projects" / ".key").write_bytes(b"half")
    assert len(signing_key(tmp_path / "projects")) == 32
