"""What is exported is what a person chose: objects, edges, names; the list says what is out of date."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from paddlevideo.writers.edges import Edge, alpha, grown
from tests.app.http.test_server import _ask, _client, _error, _masks, _open, _png, _propagate, _stroke, _until
from tests.app.toy import write_clip

NAMES = {1: "dog", 2: "the ball"}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    (tmp_path / "videos").mkdir()
    write_clip(tmp_path / "videos" / "clip.mp4")
    with _client(tmp_path) as found:
        yield found


@pytest.fixture
def document(client: TestClient) -> dict[str, Any]:
    """Two objects with names, propagated."""
    found = _ask(client, _open(client), "objects", name=NAMES[2])
    found = client.patch(f"/api/projects/{found['id']}/objects/1", json={"name": NAMES[1]}).json()
    for number in (1, 2, 0):
        found = _stroke(client, found, 3, number)
    return _propagate(client, found)


def export(client: TestClient, document: dict[str, Any], kind: str, **wanted: Any) -> bytes:
    found = client.post(f"/api/projects/{document['id']}/exports", json={"kind": kind, **wanted})
    assert found.status_code == 200, found.text
    _until(client, document, lambda found: found["job"] is None)
    return client.get(entry(client, document, kind)["url"]).content


def entry(client: TestClient, document: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(each for each in listed(client, document) if each["kind"] == kind)


def listed(client: TestClient, document: dict[str, Any]) -> list[dict[str, Any]]:
    return client.get(f"/api/projects/{document['id']}/exports").json()


def edit(client: TestClient, document: dict[str, Any], number: int, **change: Any) -> None:
    assert client.patch(f"/api/projects/{document['id']}/objects/{number}", json=change).status_code == 200


def zipped(content: bytes) -> dict[str, np.ndarray]:
    archive = zipfile.ZipFile(io.BytesIO(content))
    return {name: _png(archive.read(name)) for name in archive.namelist()}


def test_hidden_objects_are_left_out_unless_they_are_chosen(client: TestClient, document: dict[str, Any]) -> None:
    masks = _masks(client, document)
    assert {1, 2} <= set(np.unique(masks))
    edit(client, document, 1, hidden=True)
    with zipfile.ZipFile(io.BytesIO(export(client, document, "palette"))) as archive:
        palette = np.array(Image.open(archive.open("00003.png")))
    assert np.array_equal(palette, np.where(masks[3] == 2, 2, 0))
    assert {name.split("/")[0] for name in zipped(export(client, document, "binary"))} == {"object_2_the_ball"}
    chosen = zipped(export(client, document, "binary", objects=[1]))
    assert {name.split("/")[0] for name in chosen} == {"object_1_dog"}
    assert np.array_equal(chosen["object_1_dog/00003.png"], (masks[3] == 1) * np.uint8(255))
    coco = json.loads(export(client, document, "coco", objects=[2, 1]))
    assert [each["name"] for each in coco["categories"]] == ["dog", "the ball"]
    coco = json.loads(export(client, document, "coco"))
    assert [each["name"] for each in coco["categories"]] == ["the ball"]
    assert {each["track_id"] for each in coco["annotations"]} == {2}


def test_strokes_are_exported_whole(client: TestClient, document: dict[str, Any]) -> None:
    before = export(client, document, "scribbles")
    edit(client, document, 1, hidden=True)
    edit(client, document, 2, hidden=True)
    assert export(client, document, "scribbles") == before


def test_edges_are_applied(client: TestClient, document: dict[str, Any]) -> None:
    masks = _masks(client, document)
    cutouts = zipped(export(client, document, "cutout", objects=[2], grow=-1, feather=3.5))
    for frame, mask in enumerate(masks):
        assert np.array_equal(cutouts[f"{frame:05d}.png"][..., 3], alpha(mask == 2, Edge(-1, 3.5)))
    binary = zipped(export(client, document, "binary", grow=2, feather=9))
    for frame, mask in enumerate(masks):
        assert np.array_equal(binary[f"object_1_dog/{frame:05d}.png"] > 0, grown(mask, Edge(2)) == 1)
    assert entry(client, document, "binary")["grow"] == 2 and entry(client, document, "binary")["feather"] == 9
    assert entry(client, document, "cutout")["objects"] == [2]
    names = [
        client.get(entry(client, document, kind)["url"]).headers["content-disposition"] for kind in ("cutout", "binary")
    ]
    assert names == [
        'attachment; filename="clip-object_2_the_ball-cutout.zip"',
        'attachment; filename="clip-binary.zip"',
    ]


def test_the_newest_comes_first_and_what_has_changed_since_is_stale(
    client: TestClient, document: dict[str, Any]
) -> None:
    for kind in ("rle", "palette", "matte"):
        export(client, document, kind, objects=[1])
    found = listed(client, document)
    assert [each["kind"] for each in found] == ["matte", "palette", "rle"]
    assert not any(each["stale"] for each in found)
    edit(client, document, 2, name="another")  # not in them
    assert not any(each["stale"] for each in listed(client, document))
    edit(client, document, 1, name="cat")
    assert all(each["stale"] for each in listed(client, document))
    export(client, document, "rle", objects=[1])
    assert [(each["kind"], each["stale"]) for each in listed(client, document)][:2] == [("rle", False), ("matte", True)]
    document = client.get(f"/api/projects/{document['id']}").json()
    changed = _stroke(client, document, 5, 1)
    assert entry(client, document, "rle")["stale"]
    _ask(client, changed, "undo")
    assert not entry(client, document, "rle")["stale"], "it is as it was"


def test_bad_wishes_are_refused(client: TestClient, document: dict[str, Any]) -> None:
    url = f"/api/projects/{document['id']}/exports"
    assert _error(client.post(url, json={"kind": "rle", "objects": [9]})) == (404, "no_object")
    assert _error(client.post(url, json={"kind": "rle", "objects": []})) == (409, "export_no_objects")
    for wish in ({"grow": 101}, {"feather": -1}, {"feather": "much"}):
        assert client.post(url, json={"kind": "rle", **wish}).status_code == 422


def test_presets_are_alpha_matte_and_data_set(client: TestClient) -> None:
    kinds = client.get("/api/export-kinds").json()
    assert {each["preset"]: each["kind"] for each in kinds if each["preset"]} == {1: "prores", 2: "matte", 3: "coco"}
    assert {each["kind"] for each in kinds if each["soft"]} >= {"matte", "prores", "cutout", "exr", "overlay"}
    assert not any(each["soft"] for each in kinds if each["kind"] in ("palette", "coco", "yolo", "cvat", "rle"))
