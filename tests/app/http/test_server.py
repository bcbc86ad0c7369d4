"""The server over HTTP, as the page and others meet it."""

from __future__ import annotations

import base64
import io
import json
import re
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from paddlevideo.app.errors import ERRORS
from paddlevideo.app.http.server import create_app
from paddlevideo.app.settings import Limits
from paddlevideo.tasks.infer import read_start, run_rounds
from paddlevideo.writers.exporter import all_exporters
from tests.app.toy import FRAMES, SIZE, TOKEN, Colours, frame_picture, points, session_maker, settings, write_clip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "videos" / "deep").mkdir(parents=True)
    write_clip(tmp_path / "videos" / "clip.mp4")
    (tmp_path / "secret.mp4").write_bytes((tmp_path / "videos" / "clip.mp4").read_bytes())
    (tmp_path / "videos" / "link.mp4").symlink_to(tmp_path / "secret.mp4")
    (tmp_path / "videos" / "notes.txt").write_text("no video")
    return tmp_path


@pytest.fixture
def engine() -> Colours:
    return Colours()


@pytest.fixture
def client(folder: Path, engine: Colours) -> Iterator[TestClient]:
    with _client(folder, engine) as found:
        yield found


def _client(folder: Path, engine: Colours | None = None, reach: str = "video", **changes: Any) -> TestClient:
    changed = {"folders": {"videos": folder / "videos"}, **changes}
    app = create_app(settings(folder, **changed), session_maker(engine, reach=reach))
    return TestClient(app, headers={"X-Token": TOKEN})


def _open(client: TestClient) -> dict[str, Any]:
    found = client.post("/api/projects", json={"folder": "videos", "path": "clip.mp4"})
    assert found.status_code == 200, found.text
    return found.json()


def _ask(client: TestClient, document: dict[str, Any], what: str, **body: Any) -> dict[str, Any]:
    body = {"revision": document["revision"], **body} if what not in ("pause", "resume", "cancel") else body
    found = client.post(f"/api/projects/{document['id']}/{what}", json=body)
    assert found.status_code == 200, found.text
    return found.json()


def _stroke(client: TestClient, document: dict[str, Any], frame: int, object_id: int) -> dict[str, Any]:
    return _ask(client, document, "strokes", frame=frame, object_id=object_id, points=points(object_id, frame))


def _document(client: TestClient, document: dict[str, Any]) -> dict[str, Any]:
    return client.get(f"/api/projects/{document['id']}").json()


def _until(client: TestClient, document: dict[str, Any], done: Any, seconds: float = 20.0) -> dict[str, Any]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = _document(client, document)
        if done(found):
            return found
        time.sleep(0.02)
    raise AssertionError(found)


def _propagate(client: TestClient, document: dict[str, Any], **body: Any) -> dict[str, Any]:
    _ask(client, document, "propagate", **body)
    return _until(client, document, lambda found: found["job"] is None)


def _mask(client: TestClient, document: dict[str, Any], frame: int) -> np.ndarray:
    found = client.get(f"/api/projects/{document['id']}/masks/{frame}.png")
    if found.status_code == 404:
        return np.zeros(SIZE, np.uint8)
    return _png(found.content)


def _masks(client: TestClient, document: dict[str, Any]) -> np.ndarray:
    return np.stack([_mask(client, document, frame) for frame in range(FRAMES)])


def _png(data: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


def _export(client: TestClient, document: dict[str, Any], kind: str) -> bytes:
    found = client.post(f"/api/projects/{document['id']}/exports", json={"kind": kind})
    assert found.status_code == 200, found.text
    _until(client, document, lambda found: found["job"] is None)
    listed = client.get(f"/api/projects/{document['id']}/exports").json()
    entry = next(one for one in listed if one["kind"] == kind)
    content = client.get(entry["url"])
    assert content.status_code == 200 and len(content.content) == entry["bytes"]
    assert "attachment" in content.headers["content-disposition"]
    return content.content


def _error(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


# ------------------------------------------------------------------------------------------------- the way through


def test_from_opening_to_undo(client: TestClient) -> None:
    document = _open(client)
    assert document["video"] == {"frames": FRAMES, "width": SIZE[1], "height": SIZE[0], "rate": 25.0}
    assert document["frames"]["state"] == "." * FRAMES
    drawn = _stroke(client, document, 3, 1)
    assert drawn["revision"] > document["revision"] and drawn["frame"] == 3
    shown = _png(base64.b64decode(drawn["mask"].partition(",")[2]))
    assert shown.shape == SIZE and shown.dtype == np.uint8 and (shown == 1).any()
    assert np.array_equal(shown, _mask(client, document, 3))
    drawn = _stroke(client, drawn, 3, 0)
    assert drawn["frames"]["state"] == "...a...." and [each["round"] for each in drawn["strokes"]] == [1, 1]
    done = _propagate(client, drawn)
    assert done["frames"]["state"] == "pppapppp" and all(done["frames"]["masks"])
    assert all(0 <= each <= 1 for each in done["frames"]["changed"])
    truth = np.stack([(frame_picture(t)[..., 0] > 100) for t in range(FRAMES)])
    assert ((_masks(client, done) == 1) == truth).mean() > 0.9
    undone = _ask(client, done, "undo")
    assert undone["frames"]["state"] == "...a...." and len(undone["strokes"]) == 2 and undone["can_redo"]
    again = _ask(client, undone, "redo")
    assert again["frames"] == done["frames"]
    corrected = _stroke(client, again, 6, 0)
    assert corrected["frames"]["state"] == "sssassas" and not corrected["can_redo"]
    assert [each["propagated"] for each in corrected["rounds"]] == [True, False]


def test_whole_rounds_are_undone_and_done_again(client: TestClient) -> None:
    document = _stroke(client, _stroke(client, _open(client), 3, 1), 3, 0)
    first = _propagate(client, document)
    second = _stroke(client, _stroke(client, first, 6, 0), 6, 1)
    undone = _ask(client, second, "undo", whole_round=True)
    assert (undone["rounds"], undone["frames"]) == (first["rounds"], first["frames"])
    empty = _ask(client, undone, "undo", whole_round=True)
    assert empty["rounds"] == [] and empty["frames"]["state"] == "." * FRAMES
    refused = client.post(f"/api/projects/{empty['id']}/undo", json={"whole_round": True})
    assert _error(refused) == (409, "nothing_to_undo")
    again = _ask(client, empty, "redo", whole_round=True)
    assert (again["rounds"], again["frames"]) == (first["rounds"], first["frames"])
    half = _ask(client, again, "redo")
    assert [len([each for each in half["strokes"] if each["round"] == number]) for number in (1, 2)] == [2, 1]
    whole = _ask(client, half, "redo", whole_round=True)
    assert (whole["strokes"], whole["frames"]) == (second["strokes"], second["frames"]) and not whole["can_redo"]


def test_undo_of_strokes_asks_no_network(client: TestClient, engine: Colours) -> None:
    document = _stroke(client, _open(client), 2, 1)
    _until(client, document, lambda found: found["embedded"] == FRAMES)
    first = _mask(client, document, 2)
    document = _stroke(client, document, 2, 0)
    second = _mask(client, document, 2)
    document = _ask(client, document, "undo")
    assert np.array_equal(_mask(client, document, 2), first)
    document = _ask(client, document, "redo")
    assert np.array_equal(_mask(client, document, 2), second)


def test_erasing_strokes_answers_again_and_at_last_leaves_no_mask(client: TestClient) -> None:
    document = _stroke(client, _open(client), 2, 1)
    first = _mask(client, document, 2)
    document = _stroke(client, document, 2, 0)
    keys = [each["key"] for each in document["strokes"]]
    document = _ask(client, document, "erase", keys=[keys[1]])
    assert document["frame"] == 2 and np.array_equal(_mask(client, document, 2), first)
    document = _ask(client, document, "erase", keys=[keys[0]])
    assert document["mask"] is None and document["frames"]["state"] == "." * FRAMES and document["rounds"] == []
    url = f"/api/projects/{document['id']}/erase"
    assert _error(client.post(url, json={"keys": ["x"]})) == (409, "stroke_used")


def test_objects_come_go_and_are_locked(client: TestClient) -> None:
    document = _open(client)
    document = _ask(client, document, "objects", name="box")
    assert [(each["id"], each["name"]) for each in document["objects"]] == [(1, ""), (2, "box")]
    document = _propagate(client, _stroke(client, _stroke(client, document, 2, 1), 2, 2))
    before = _masks(client, document)
    assert {1, 2} <= set(np.unique(before))
    url = f"/api/projects/{document['id']}/objects/1"
    document = client.patch(url, json={"locked": True, "hidden": True, "color": "#010203"}).json()
    assert document["objects"][0] == {"id": 1, "name": "", "color": "#010203", "hidden": True, "locked": True}
    stroke = {"frame": 4, "object_id": 1, "points": points(1, 4)}
    url_strokes = f"/api/projects/{document['id']}/strokes"
    assert _error(client.post(url_strokes, json=stroke)) == (409, "object_locked")
    over = [[0.1, 16 / SIZE[0]], [0.6, 16 / SIZE[0]]]
    document = _propagate(client, _ask(client, document, "strokes", frame=4, object_id=2, points=over))
    assert np.array_equal(_masks(client, document) == 1, before == 1)
    document = client.delete(url, params={"revision": document["revision"]}).json()
    assert not (_masks(client, document) == 1).any() and [each["id"] for each in document["objects"]] == [2]
    document = _ask(client, document, "undo")
    assert np.array_equal(_masks(client, document) == 1, before == 1)
    assert _error(client.patch(url[:-1] + "9", json={"name": "x"})) == (404, "no_object")


def test_a_second_tab_is_told_instead_of_overwritten(client: TestClient) -> None:
    mine = theirs = _open(client)
    theirs = _stroke(client, theirs, 2, 1)
    for what, body in (
        ("strokes", {"frame": 1, "object_id": 1, "points": points(1, 1)}),
        ("undo", {}),
        ("objects", {}),
    ):
        stale = client.post(f"/api/projects/{mine['id']}/{what}", json={"revision": mine["revision"], **body})
        assert _error(stale) == (409, "stale_revision")
    assert _document(client, mine)["strokes"] == theirs["strokes"]
    url, old = f"/api/projects/{mine['id']}", {"revision": mine["revision"]}
    assert _error(client.patch(url, json={"name": "mine", **old})) == (409, "stale_revision")
    assert _document(client, mine)["name"] == "clip"
    kept = client.patch(url, json={"settings": {"brush": 0.02}, **old}).json()
    assert kept["revision"] == theirs["revision"] and kept["settings"] == {"brush": 0.02}
    renamed = client.patch(url, json={"name": "ours", "revision": kept["revision"]}).json()
    assert renamed["name"] == "ours" and renamed["revision"] > kept["revision"]
    assert client.patch(url, json={"name": "again"}).json()["name"] == "again"


def test_pause_cancel_and_a_stroke_get_between_two_frames(folder: Path) -> None:
    with _client(folder, Colours(pause=0.1)) as client:
        document = _stroke(client, _open(client), 0, 1)
        _ask(client, document, "propagate")
        paused = _ask(client, document, "pause")
        assert paused["job"]["kind"] == "propagate" and paused["job"]["paused"]
        reached = _document(client, document)["frames"]["state"].count("p")
        time.sleep(0.4)
        assert _document(client, document)["frames"]["state"].count("p") <= reached + 1
        resumed = _ask(client, document, "resume")
        assert not resumed["job"]["paused"]
        _until(client, document, lambda found: "p" in found["frames"]["state"])
        cancelled = _ask(client, document, "cancel")
        assert cancelled["job"] is None and 0 < cancelled["frames"]["state"].count("p") < FRAMES - 1
        assert "s" not in cancelled["frames"]["state"]
        _ask(client, cancelled, "propagate", span=[0, 5])
        drawn = _stroke(client, _document(client, document), 7, 0)
        assert drawn["job"] is None and drawn["frames"]["state"][7] == "a"
        gone = client.post(f"/api/projects/{document['id']}/pause")
        assert _error(gone) == (409, "nothing_running")


def test_a_stroke_that_is_being_drawn_keeps_the_model_free(
    client: TestClient, engine: Colours, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = _stroke(client, _open(client), 2, 1)
    _until(client, document, lambda found: found["embedded"] == FRAMES)
    embed, begun, held = engine.embed, threading.Event(), threading.Event()

    def slow(image: np.ndarray) -> np.ndarray:
        begun.set()
        held.wait(30)
        return embed(image)

    monkeypatch.setattr(engine, "embed", slow)
    other = _open(client)
    assert begun.wait(30)
    assert client.post(f"/api/projects/{other['id']}/hold", json={"frame": 3}).status_code == 204
    held.set()
    _until(client, other, lambda found: found["embedded"] == 1)  # what had begun
    engine.calls.clear()
    time.sleep(0.3)
    assert engine.calls == []
    assert _error(client.post(f"/api/projects/{other['id']}/hold", json={"frame": 99})) == (404, "no_frame")


def test_a_span_limits_propagation(client: TestClient) -> None:
    document = _stroke(client, _open(client), 3, 1)
    outside = client.post(f"/api/projects/{document['id']}/propagate", json={"span": [4, 6]})
    assert _error(outside) == (422, "span_without_frame")
    document = _propagate(client, document, span=[2, 5])
    assert document["frames"]["state"] == "..papp.." and document["rounds"][0]["span"] == [2, 5]


def test_pictures_and_caching(client: TestClient) -> None:
    document = _stroke(client, _open(client), 3, 1)
    base = f"/api/projects/{document['id']}"
    frame = client.get(f"{base}/frames/3.jpg")
    assert _png(frame.content).shape == (*SIZE, 3) and "immutable" in frame.headers["cache-control"]
    assert abs(_png(frame.content)[..., ::-1].astype(int) - frame_picture(3)).mean() < 8
    assert _png(client.get(f"{base}/frames/3.jpg?w=32").content).shape == (24, 32, 3)
    assert _png(client.get(f"{base}/thumbs/3.jpg").content).shape[0] <= 96
    revision = document["frames"]["masks"][3]
    assert "immutable" in client.get(f"{base}/masks/3.png?rev={revision}").headers["cache-control"]
    assert _error(client.get(f"{base}/masks/4.png")) == (404, "no_mask")
    assert _error(client.get(f"{base}/frames/99.jpg")) == (404, "no_frame")


# ------------------------------------------------------------------------------------------------------- on disk


def test_a_project_goes_on_in_another_server(folder: Path) -> None:
    with _client(folder) as client:
        document = _propagate(client, _stroke(client, _open(client), 2, 1))
        document = _stroke(client, document, 5, 0)
        masks = _masks(client, document)
    with _client(folder) as client:
        assert [each["id"] for each in client.get("/api/projects").json()] == [document["id"]]
        again = _document(client, document)
        for key in ("strokes", "rounds", "frames", "objects", "revision", "can_undo"):
            assert again[key] == document[key]
        assert np.array_equal(_masks(client, again), masks)
        after = _propagate(client, again)
    (folder / "once").mkdir()
    (folder / "once" / "videos").symlink_to(folder / "videos")
    with _client(folder / "once") as client:
        straight = _propagate(client, _stroke(client, _open(client), 2, 1))
        straight = _propagate(client, _stroke(client, straight, 5, 0))
        expected = _masks(client, straight)
    with _client(folder) as client:
        assert np.array_equal(_masks(client, after), expected)
        assert client.delete(f"/api/projects/{document['id']}").status_code == 204
        assert _error(client.get(f"/api/projects/{document['id']}")) == (404, "no_project")
        assert client.get("/api/projects").json() == []


def test_a_box_is_strokes_of_its_object_and_of_the_background_and_one_step(client: TestClient) -> None:
    document = _open(client)
    url = f"/api/projects/{document['id']}"
    left, top = (3 * 2) / SIZE[1], 8 / SIZE[0]
    square = {"frame": 2, "object_id": 1, "corners": [[left + 16 / SIZE[1], top + 16 / SIZE[0]], [left, top]]}
    answer = client.post(f"{url}/boxes", json=square).json()
    assert {(each["object_id"], each["shape"]) for each in answer["strokes"]} == {(1, "box"), (0, "box")}
    mask = _decoded(base64.b64decode(answer["mask"].split(",")[1]))
    assert mask[16, 14] == 1 and mask[46, 60] == 0
    for object_id, inside in ((1, True), (0, False)):
        points = np.concatenate([each["points"] for each in answer["strokes"] if each["object_id"] == object_id])
        within = ((points > (left, top)) & (points < np.add((left, top), np.divide(16, SIZE[::-1])))).all(axis=1)
        assert within.all() if inside else not within.any()
    undone = client.post(f"{url}/undo", json={}).json()
    assert undone["strokes"] == [] and not undone["can_undo"]


def test_strokes_of_a_file_are_drawn_as_one_step(client: TestClient) -> None:
    document = _stroke(client, _open(client), 2, 1)
    url = f"/api/projects/{document['id']}"
    by_frame: list[list[dict[str, Any]]] = [[] for _ in range(FRAMES)]
    by_frame[3] = [{"path": points(1, 3), "object_id": 1, "radius": 0.01}, {"path": [[0.5, 0.5]], "object_id": 0}]
    by_frame[5] = [{"path": points(2, 5), "object_id": 2}]
    text = json.dumps([{"scribbles": by_frame}])
    given = client.post(f"{url}/scribbles?name=a.json", content=text)
    assert given.status_code == 200, given.text
    answer = given.json()
    told = [(each["frame"], each["object_id"], each["shape"], each["radius"]) for each in answer["strokes"][1:]]
    assert told == [(3, 1, "line", 0.01), (3, 0, "click", 0.0), (5, 2, "line", 0.0)]
    assert [(each["frame"], each["propagated"]) for each in answer["rounds"]] == [(2, False), (3, False), (5, False)]
    assert [each["id"] for each in answer["objects"]] == [1, 2] and answer["frame"] == 5
    assert 2 in _decoded(base64.b64decode(answer["mask"].split(",")[1])) and _mask(client, document, 3).any()
    undone = client.post(f"{url}/undo", json={}).json()
    assert undone["strokes"] == document["strokes"] and [each["id"] for each in undone["objects"]] == [1]
    again = client.post(f"{url}/redo", json={}).json()
    assert len(again["strokes"]) == 4 and len(again["objects"]) == 2
    done = _propagate(client, again)
    assert all(each["propagated"] for each in done["rounds"]) and "." not in done["frames"]["state"]


def test_strokes_of_a_bad_file_are_refused_and_nothing_is_changed(client: TestClient) -> None:
    document = _open(client)
    url = f"/api/projects/{document['id']}"

    def refused(entry: object, frames: int = FRAMES) -> dict[str, Any]:
        content = json.dumps({"scribbles": [[entry], *([] for _ in range(frames - 1))]})
        answer = client.post(f"{url}/scribbles?name=a.json", content=content)
        assert answer.status_code >= 400
        return answer.json()["error"]

    line = {"path": [[0.1, 0.1], [0.2, 0.2]], "object_id": 1}
    long = refused(line, FRAMES + 1)
    assert long["code"] == "not_strokes" and long["values"]["reason_code"] == "length"
    assert (long["values"]["has"], long["values"]["frames"]) == (str(FRAMES + 1), str(FRAMES))
    assert long["message"].startswith("a.json: cannot be read as strokes (round 1: ") and "\n" not in long["message"]
    outside = refused({**line, "path": [[0.1, 1.5]]})["values"]
    assert (outside["reason_code"], outside["frame"], outside["stroke"]) == ("outside", "0", "1")
    assert refused({**line, "object_id": 300})["values"]["reason_code"] == "ids"
    assert refused("no stroke")["values"]["reason_code"] == "scribbles"
    assert refused({**line, "object_id": 200})["code"] == "mask_objects"
    broken = client.post(f"{url}/scribbles?name=a.json", content=b"{")
    assert broken.json()["error"]["values"]["reason_code"] == "scribbles"
    client.patch(f"{url}/objects/1", json={"locked": True}).raise_for_status()
    assert refused(line)["code"] == "object_locked"
    after = _document(client, document)
    assert (after["strokes"], len(after["objects"])) == ([], 1)
    assert not list(Path(client.app.state.service.settings.projects).rglob(".given-*"))  # type: ignore[attr-defined]


def test_pixels_are_painted_cleaned_and_brought(client: TestClient) -> None:
    document = _stroke(client, _open(client), 2, 1)
    url = f"/api/projects/{document['id']}"
    rope = {"frame": 4, "object_id": 1, "points": [[0.1, 0.5], [0.9, 0.5]], "width": 1}
    client.post(f"{url}/paint", json=rope).raise_for_status()
    mask = _decoded(client.get(f"{url}/masks/4.png").content)
    assert mask.sum() == (mask == 1).sum() == (mask[SIZE[0] // 2] == 1).sum() > 0.75 * SIZE[1]
    dot = {"frame": 4, "object_id": 1, "points": [[0.1, 0.1]], "width": 1}
    client.post(f"{url}/paint", json=dot).raise_for_status()
    tidy = {"frame": 4, "object_id": 1, "what": "islands", "pixels": 1}
    tidied = client.post(f"{url}/clean", json=tidy).json()
    assert np.array_equal(_decoded(base64.b64decode(tidied["mask"].split(",")[1])), mask), "the dot alone goes"
    assert client.post(f"{url}/clean", json={**tidy, "pixels": 0}).status_code == 422
    gone = client.post(f"{url}/clean", json={"frame": 4, "object_id": 1, "what": "absent"}).json()
    assert not _decoded(base64.b64decode(gone["mask"].split(",")[1])).any()
    two = np.zeros(SIZE, np.uint8)
    two[:9], two[20:] = 1, 2
    given = client.post(f"{url}/masks/6", content=cv2.imencode(".png", two)[1].tobytes()).json()
    assert [each["id"] for each in given["objects"]] == [1, 2] and given["rounds"][-1]["by_hand"]
    assert np.array_equal(_decoded(client.get(f"{url}/masks/6.png").content), two)
    assert given["guesses"] == []
    red_and_green = np.array([[0, 0, 0], [0, 0, 255], [0, 255, 0]], np.uint8)[two]
    coloured = client.post(f"{url}/masks/6", content=cv2.imencode(".png", red_and_green)[1].tobytes()).json()
    assert [each["code"] for each in coloured["guesses"]] == ["colours"]
    assert coloured["guesses"][0]["objects"] == "(255, 0, 0) is object 1, (0, 255, 0) is object 2"
    assert np.array_equal(_decoded(client.get(f"{url}/masks/6.png").content), two)
    five = np.where(two == 2, np.uint8(5), np.uint8(0))
    far = client.post(f"{url}/masks/6", content=cv2.imencode(".png", five)[1].tobytes()).json()
    assert [each["id"] for each in far["objects"]] == [1, 2, 3, 4, 5]
    assert [(each["code"], each["objects"]) for each in far["guesses"]] == [("passed", "3, 4")]
    small = cv2.imencode(".png", two[::2])[1].tobytes()
    assert _error(client.post(f"{url}/masks/6?name=a.png", content=small)) == (422, "mask_size")
    assert _error(client.post(f"{url}/masks/6", content=b"no picture")) == (422, "not_a_mask")
    assert not list((Path(client.app.state.service.settings.projects)).rglob(".given-*"))  # type: ignore[attr-defined]


def _decoded(png: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)


def test_one_clip_opened_twice_makes_two_names(client: TestClient) -> None:
    assert [_open(client)["name"] for _ in range(3)] == ["clip", "clip 2", "clip 3"]


def test_a_project_is_duplicated_with_its_work(client: TestClient) -> None:
    document = _stroke(client, _open(client), 2, 1)
    copy = client.post(f"/api/projects/{document['id']}/duplicate").json()
    for _ in range(3):  # within a second, the newest is first all the same
        newest = client.post(f"/api/projects/{document['id']}/duplicate").json()
        assert client.get("/api/projects").json()[0]["id"] == newest["id"]
    assert copy["id"] != document["id"] and copy["name"] == "clip 2"
    assert copy["strokes"] == document["strokes"] and copy["frames"] == document["frames"]
    client.delete(f"/api/projects/{document['id']}").raise_for_status()
    mask = client.get(f"/api/projects/{copy['id']}/masks/2.png")
    assert _decoded(mask.content).any()
    assert _error(client.post(f"/api/projects/{document['id']}/duplicate")) == (404, "no_project")


def test_the_list_says_how_far_a_project_is(client: TestClient) -> None:
    _stroke(client, _open(client), 2, 1)
    (listed,) = client.get("/api/projects").json()
    assert (listed["done"], listed["frames"]) == (1, FRAMES)


def test_the_demo_clip_is_one_project(client: TestClient, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("projects.library", "http.routes_start"):
        monkeypatch.setattr(f"paddlevideo.app.{module}.demo_clip", lambda: None)
    assert not client.get("/api/state").json()["demo"] and _error(client.post("/api/demo")) == (404, "no_video")
    for module in ("projects.library", "http.routes_start"):
        monkeypatch.setattr(f"paddlevideo.app.{module}.demo_clip", lambda: folder / "videos" / "clip.mp4")
    assert client.get("/api/state").json()["demo"]
    assert client.post("/api/demo").json()["id"] == client.post("/api/demo").json()["id"]


def test_a_film_is_given_as_it_is_stored(client: TestClient, folder: Path) -> None:
    url = f"/api/projects/{_open(client)['id']}/film"
    assert client.get(url).json()["codec"].startswith("avc1.")
    packets = client.get(f"{url}/3").content
    assert packets[:8] == bytes([0, 0, 0, 0, 1, 0, 0, 0])
    assert _error(client.get(f"{url}/{FRAMES}")) == (404, "no_frame")
    (folder / "videos" / "frames").mkdir()
    for t in range(2):
        Image.fromarray(frame_picture(t)).save(folder / "videos" / "frames" / f"{t}.png")
    pictures = client.post("/api/projects", json={"folder": "videos", "path": "frames"}).json()
    assert _error(client.get(f"/api/projects/{pictures['id']}/film")) == (404, "no_film")


def test_a_folder_of_pictures_is_uploaded(client: TestClient, folder: Path) -> None:
    made = []
    for t in (2, 10):
        Image.fromarray(frame_picture(t % FRAMES)).save(folder / f"{t}.png")
        made.append((folder / f"{t}.png").read_bytes())
    names = ["../2.png", "C:\\shoot\\10.png"]
    pictures = [{"name": name, "bytes": len(data)} for name, data in zip(names, made, strict=True)]
    body = {"name": "shoot", "bytes": sum(map(len, made)), "pictures": pictures}
    key = client.post("/api/uploads", json=body).json()["id"]
    client.put(f"/api/uploads/{key}", params={"offset": 0}, content=b"".join(made)).raise_for_status()
    document = client.post(f"/api/uploads/{key}/finish").json()
    assert (document["name"], document["video"]["frames"], document["uploaded"]) == ("shoot", 2, True)
    jpeg = client.get(f"/api/projects/{document['id']}/frames/1.jpg").content
    shown = cv2.cvtColor(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    assert np.abs(shown[10:20, 15:18].astype(int) - frame_picture(2)[10:20, 15:18]).mean() < 20
    assert not any((folder / "projects" / "local" / ".uploads").iterdir())
    for wrong in ({"bytes": body["bytes"] + 1}, {"pictures": [pictures[0]] * 2, "bytes": 2 * len(made[0])}):
        assert _error(client.post("/api/uploads", json={**body, **wrong})) == (422, "bad_request")


def test_the_video_of_the_command_line_is_opened_once(folder: Path) -> None:
    for _ in range(2):
        with _client(folder, open_path=folder / "videos" / "clip.mp4") as client:
            opened = client.get("/api/state").json()
            assert client.get("/api/state").json()["open"] == opened["open"] is not None
            assert len(client.get("/api/projects").json()) == 1 and opened["error"] is None


def test_a_broken_video_of_the_command_line_leaves_the_start_screen(folder: Path) -> None:
    broken = folder / "videos" / "broken.mp4"
    broken.write_bytes(b"no video at all" * 100)
    with _client(folder, open_path=broken) as client:
        found = client.get("/api/state").json()
        assert found["open"] is None and found["error"]["code"] == "not_a_video" and found["folders"] == ["videos"]
        broken.unlink()
        assert client.get("/api/state").json()["error"]["code"] == "no_video"
        assert _open(client)["video"]["frames"] == FRAMES


# ------------------------------------------------------------------------------------------------------- exports


def test_exports_are_frame_exact_and_full_size(client: TestClient) -> None:
    document = _open(client)
    empty = client.post(f"/api/projects/{document['id']}/exports", json={"kind": "palette"})
    assert _error(empty) == (409, "export_empty")
    document = _propagate(client, _stroke(client, _stroke(client, document, 3, 1), 3, 0))
    masks = _masks(client, document)
    names = [f"{t:05d}.png" for t in range(FRAMES)]
    palette = zipfile.ZipFile(io.BytesIO(_export(client, document, "palette")))
    assert palette.namelist() == names
    assert all(np.array_equal(np.array(Image.open(palette.open(n))), masks[t]) for t, n in enumerate(names))
    binary = zipfile.ZipFile(io.BytesIO(_export(client, document, "binary")))
    assert binary.namelist() == [f"object_1/{name}" for name in names]
    assert np.array_equal(_png(binary.read("object_1/00005.png")), (masks[5] == 1) * np.uint8(255))
    cutout = zipfile.ZipFile(io.BytesIO(_export(client, document, "cutout")))
    assert np.array_equal(_png(cutout.read("00004.png"))[..., 3] > 0, masks[4] > 0)
    for kind in ("overlay", "matte", "cutout_webm"):
        with av.open(io.BytesIO(_export(client, document, kind))) as container:
            pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        assert len(pictures) == FRAMES and pictures[0].shape == (*SIZE, 3)
        if kind == "matte":
            assert ((pictures[4][..., 0] > 127) == (masks[4] > 0)).mean() > 0.98
    rle = json.loads(_export(client, document, "rle"))
    assert rle["frames"] == FRAMES and {each["object_id"] for each in rle["annotations"]} == {1}
    assert [each["area"] for each in rle["annotations"]] == [int((mask == 1).sum()) for mask in masks]


def test_every_kind_that_is_listed_can_be_exported(client: TestClient) -> None:
    document = _stroke(client, _open(client), 3, 1)
    kinds = client.get("/api/export-kinds").json()
    assert [each["kind"] for each in kinds] == [exporter.key for exporter in all_exporters()]
    for each in kinds:
        assert len(_export(client, document, each["kind"])) > 100
        answer = client.get(f"/api/projects/{document['id']}/exports/{each['name']}")
        assert answer.headers["content-type"].partition(";")[0] == each["media_type"]
    unknown = client.post(f"/api/projects/{document['id']}/exports", json={"kind": "mate"})
    assert _error(unknown) == (422, "bad_request") and "did you mean 'matte'" in unknown.text


@pytest.mark.parametrize("reach", ["video", "between"])
def test_exported_scribbles_replay_to_the_same_masks(folder: Path, reach: str) -> None:
    with _client(folder, reach=reach) as client:
        _work_and_replay(client, folder, reach)


def _work_and_replay(client: TestClient, folder: Path, reach: str) -> None:
    document = _propagate(client, _stroke(client, _stroke(client, _open(client), 3, 1), 3, 0))
    plain = json.loads(_export(client, document, "scribbles"))
    assert set(plain) == {"sequence", "scribbles", "annotated_frame"}
    _check_replay(client, document, folder, reach)
    document = _ask(client, document, "objects")
    document = _stroke(client, _stroke(client, document, 5, 2), 1, 0)
    document = _propagate(client, document, span=[1, 6])
    document = client.patch(f"/api/projects/{document['id']}/objects/2", json={"locked": True}).json()
    document = _stroke(client, document, 6, 1)
    _check_replay(client, document, folder, reach)
    document = _propagate(client, document)
    _check_replay(client, document, folder, reach)
    document = client.delete(f"/api/projects/{document['id']}/objects/1").json()
    _check_replay(client, document, folder, reach)


def _check_replay(client: TestClient, document: dict[str, Any], folder: Path, reach: str) -> None:
    from paddlevideo.loader.video import open_frames

    file = folder / "strokes.json"
    file.write_bytes(_export(client, document, "scribbles"))
    frames = open_frames(folder / "videos" / "clip.mp4")
    start = read_start(frames, str(file), None, None)
    session = session_maker(reach=reach)(frames, range(1, start.objects + 1))
    run_rounds(session, start, FRAMES)
    assert np.array_equal(np.stack([session.mask(t) for t in range(FRAMES)]), _masks(client, document))


# -------------------------------------------------------------------------------------------------------- uploads


def _upload(client: TestClient, name: str, data: bytes, chunk: int = 1000) -> Any:
    begun = client.post("/api/uploads", json={"name": name, "bytes": len(data)})
    if begun.status_code != 200:
        return begun
    url = f"/api/uploads/{begun.json()['id']}"
    for offset in range(0, len(data), chunk):
        sent = client.put(url, params={"offset": offset}, content=data[offset : offset + chunk])
        assert sent.json() == {"received": min(len(data), offset + chunk)}
    return client.post(f"{url}/finish")


def test_an_upload_in_chunks_becomes_a_project(client: TestClient, folder: Path) -> None:
    data = (folder / "secret.mp4").read_bytes()
    document = _upload(client, "../../my clip.mp4", data).json()
    assert document["uploaded"] and document["source"] == "my clip.mp4" and document["name"] == "my clip"
    assert document["video"]["frames"] == FRAMES
    kept = list((folder / "projects").rglob("video.mp4"))
    assert [path.read_bytes() for path in kept] == [data]
    assert _stroke(client, document, 1, 1)["mask"]


@pytest.mark.parametrize("data", [b"no video at all" * 100, b"<svg/>", b"#EXTM3U\n/etc/passwd\n", b"\0" * 5000])
def test_a_broken_upload_is_refused_and_leaves_nothing(client: TestClient, folder: Path, data: bytes) -> None:
    refused = _upload(client, "clip.mp4", data)
    assert _error(refused) == (422, "not_a_video")
    assert str(folder) not in refused.text
    assert [path for path in (folder / "projects" / "local").rglob("*") if path.is_file()] == []


def test_a_turned_picture_is_shown_upright_and_its_masks_are_too(client: TestClient, folder: Path) -> None:
    """A person uploads a photograph as their telephone stores it, or opens a folder of such, and gives masks."""
    stored, two = frame_picture(0), np.zeros(SIZE, np.uint8)
    two[8:24, :16], two[28:44, 8:24] = 1, 2
    document = _upload(client, "photo.jpg", _turned(stored, "JPEG", 6)).json()
    assert (document["video"]["width"], document["video"]["height"]) == SIZE
    url = f"/api/projects/{document['id']}"
    shown = cv2.cvtColor(_decoded(client.get(f"{url}/frames/0.jpg").content), cv2.COLOR_BGR2RGB)
    assert np.abs(shown.astype(int) - np.rot90(stored, -1)).mean() < 5
    for mask in (_turned(two, "PNG", 6), _turned(np.rot90(two, -1), "PNG")):  # as stored and said so, and upright
        client.post(f"{url}/masks/0", content=mask).raise_for_status()
        assert np.array_equal(_decoded(client.get(f"{url}/masks/0.png").content), np.rot90(two, -1))
    assert _error(client.post(f"{url}/masks/0", content=_turned(two, "PNG"))) == (422, "mask_size")

    (folder / "videos" / "shots").mkdir()
    (folder / "videos" / "shots" / "0.jpg").write_bytes(_turned(stored, "JPEG", 3))
    document = client.post("/api/projects", json={"folder": "videos", "path": "shots"}).json()
    url = f"/api/projects/{document['id']}"
    refused = client.post(f"{url}/masks/0", content=_turned(two, "PNG"))
    assert _error(refused) == (422, "not_a_mask") and refused.json()["error"]["values"]["reason_code"] == "turned"
    client.post(f"{url}/masks/0", content=_turned(two, "PNG", 3)).raise_for_status()
    assert np.array_equal(_decoded(client.get(f"{url}/masks/0.png").content), np.rot90(two, 2))


def _turned(pixels: np.ndarray, kind: str, orientation: int | None = None) -> bytes:
    """A picture file of pixels as they are stored, with an EXIF orientation if one is given."""
    exif = Image.Exif()
    if orientation:
        exif[0x0112] = orientation
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, exif=exif, quality=95)
    return file.getvalue()


def test_uploads_are_limited(folder: Path) -> None:
    data = (folder / "secret.mp4").read_bytes()
    limits = Limits(upload_bytes=len(data), frames=FRAMES - 1, chunk_bytes=2000, uploads=1)
    with _client(folder, limits=limits) as client:
        assert _error(_upload(client, "a.mp4", data + b"x")) == (413, "upload_too_large")
        assert _error(_upload(client, "a.mp4", data)) == (422, "too_many_frames")
        begun = client.post("/api/uploads", json={"name": "a.mp4", "bytes": 100}).json()
        url = f"/api/uploads/{begun['id']}"
        assert _error(client.post("/api/uploads", json={"name": "b.mp4", "bytes": 1})) == (429, "too_many_uploads")
        assert _error(client.put(f"{url}?offset=50", content=b"x")) == (409, "upload_offset")
        assert _error(client.put(f"{url}?offset=0", content=b"x" * 101)) == (413, "upload_too_large")
        assert _error(client.put(f"{url}?offset=0", content=b"x" * 2001)) == (413, "request_too_large")
        assert _error(client.post(f"{url}/finish")) == (409, "upload_incomplete")
        assert client.delete(url).status_code == 204
        assert _error(client.put(f"{url}?offset=0", content=b"x")) == (404, "upload_not_found")
    with _client(folder, limits=Limits(pixels=100)) as client:
        assert _error(_upload(client, "a.mp4", data)) == (422, "too_many_pixels")
    with _client(folder, limits=Limits(seconds=1e-3)) as client:  # less than Python takes to start
        assert _error(_upload(client, "a.mp4", data)) == (422, "probe_timeout")


# ------------------------------------------------------------------------------------------------- folders and names


def test_only_allowed_folders_are_listed_and_opened(client: TestClient) -> None:
    listed = client.get("/api/browse", params={"folder": "videos"}).json()["entries"]
    assert [(each["name"], each["kind"]) for each in listed] == [("clip.mp4", "video"), ("deep", "folder")]
    outside = [("videos", "../secret.mp4"), ("videos", "link.mp4"), ("videos", "/etc/passwd"), ("videos", "deep/../..")]
    for name, path in outside:
        refused = client.post("/api/projects", json={"folder": name, "path": path})
        assert _error(refused) == (403, "path_outside"), path
        assert client.get("/api/browse", params={"folder": name, "path": path}).status_code == 403
    assert _error(client.get("/api/browse", params={"folder": "other"})) == (404, "no_folder")
    refused = client.post("/api/projects", json={"folder": "videos", "path": "notes.txt"})
    assert _error(refused) == (422, "not_a_video")


def test_pictures_that_are_links_to_outside_are_not_opened(client: TestClient, folder: Path) -> None:
    cv2.imwrite(str(folder / "secret.png"), frame_picture(1))
    for name, target in (("good", folder / "videos" / "0.png"), ("bad", folder / "secret.png")):
        (folder / "videos" / name).mkdir()
        cv2.imwrite(str(folder / "videos" / "0.png"), frame_picture(0))
        cv2.imwrite(str(folder / "videos" / name / "0.png"), frame_picture(0))
        (folder / "videos" / name / "1.png").symlink_to(target)
    assert client.post("/api/projects", json={"folder": "videos", "path": "good"}).json()["video"]["frames"] == 2
    refused = client.post("/api/projects", json={"folder": "videos", "path": "bad"})
    assert _error(refused) == (403, "path_outside")


@pytest.mark.parametrize("path", ["/static/../server.py", "/static/%2e%2e/server.py", "/static/..%2fserver.py"])
def test_static_files_do_not_leave_their_folder(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("name", ["..%2f..", "..%2fproject.json", "project.json", ".hidden"])
def test_exports_do_not_leave_their_folder(client: TestClient, name: str) -> None:
    document = _open(client)
    assert client.get(f"/api/projects/{document['id']}/exports/{name}").status_code in (404, 405)


@pytest.mark.parametrize("project", ["..", "local", "%2e%2e", "0123456789abcdef", "0123456789ABCDEF"])
def test_unknown_projects(client: TestClient, project: str) -> None:
    assert client.get(f"/api/projects/{project}/exports").status_code in (404, 405)


def test_bad_requests_are_answered_in_one_line(client: TestClient) -> None:
    document = _open(client)
    url = f"/api/projects/{document['id']}/strokes"
    stroke = {"frame": 1, "object_id": 1, "points": [[0.1, 0.1]]}
    for change in (
        {"points": [[0.1, 1.5]]},
        {"points": [[0.1]]},
        {"points": []},
        {"points": [[0.1, float("nan")]]},
        {"frame": "x"},
        {"more": 1},
        {"object_id": -1},
    ):
        refused = client.post(url, content=json.dumps({**stroke, **change}))
        assert _error(refused) == (422, "bad_request"), change
    assert _error(client.post(url, json={**stroke, "frame": 99})) == (404, "no_frame")
    assert _error(client.post(url, json={**stroke, "object_id": 7})) == (404, "no_object")
    assert _error(client.post(url, content=b"{")) == (422, "bad_request")
    assert _error(client.get("/api/nothing")) == (404, "not_found")
    assert _error(client.post("/api/state")) == (405, "method_not_allowed")
    assert _error(client.post(f"/api/projects/{document['id']}/undo", json={})) == (409, "nothing_to_undo")
    assert _error(client.post(f"/api/projects/{document['id']}/propagate", json={})) == (409, "no_strokes")
    assert _document(client, document)["revision"] == document["revision"]


def test_every_error_has_its_words() -> None:
    for code, (status, line) in ERRORS.items():
        assert 400 <= status < 600 and re.fullmatch(r"[a-z_]+", code) and "\n" not in line


def test_the_interface_is_described(client: TestClient) -> None:
    described = client.get("/api/openapi.json").json()
    assert "/api/projects/{project}/strokes" in described["paths"]
    page = client.get("/api/docs")
    assert page.status_code == 200 and "/api/projects/{project}/strokes" in page.text
    assert not re.search(r"(src|href)=\"?(https?:)?//", page.text)
