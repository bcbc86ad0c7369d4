"""Strokes over HTTP: what lies under the brush has its object, and what a box guesses does not count."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from paddlevideo.loader.scribbles import Stroke, draw_label
from tests.app.http.test_server import _ask, _check_replay, _client, _error, _export, _mask, _open, _propagate, _stroke
from tests.app.toy import SIZE, write_clip

BROAD = {"frame": 2, "object_id": 1, "points": [[0.1, 0.15], [0.9, 0.15]], "radius": 0.08}  # over red and over ground
CLICK = {"frame": 2, "object_id": 0, "points": [[0.2, 0.3]], "radius": 0.05, "shape": "click"}  # in the red square
BOX = {"frame": 5, "object_id": 1, "corners": [[0.2, 0.1], [0.6, 0.55]]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "videos").mkdir()
    write_clip(tmp_path / "videos" / "clip.mp4")
    return tmp_path


def _shows(client: TestClient, document: dict[str, Any], *bodies: dict[str, Any]) -> bool:
    strokes = [Stroke(each["object_id"], 2, _points(each["points"]), each["radius"]) for each in bodies]
    label = draw_label(strokes, SIZE)
    assert (label >= 0).sum() > 25
    return bool((_mask(client, document, 2) == label)[label >= 0].all())


def _points(points: Sequence[Sequence[float]]) -> tuple[tuple[float, float], ...]:
    return tuple((x, y) for x, y in points)


def test_what_lies_under_the_brush_has_its_object_and_keeps_it(folder: Path) -> None:
    with _client(folder) as client:
        document = _ask(client, _open(client), "strokes", **BROAD)
        assert document["strokes"][0]["radius"] == BROAD["radius"] and _shows(client, document, BROAD)
        assert (_mask(client, document, 2)[3:12, 8:57] == 1).all(), "five pixels either way, apart from the round ends"
        document = _ask(client, document, "strokes", **CLICK)
        assert _shows(client, document, BROAD, CLICK), "the later one wins"
        document = _propagate(client, document)
        assert _shows(client, document, BROAD, CLICK)
        document = _propagate(client, _stroke(client, document, 6, 1))
        assert _shows(client, document, BROAD, CLICK)
    with _client(folder) as client:  # and in another server, which reads it from the disk
        assert client.get(f"/api/projects/{document['id']}").json()["strokes"] == document["strokes"]
        document = _propagate(client, _stroke(client, document, 7, 0))
        assert _shows(client, document, BROAD, CLICK)


@pytest.mark.parametrize("reach", ["video", "between"])
def test_radius_and_guesses_are_exported_and_replay_to_the_same_masks(folder: Path, reach: str) -> None:
    with _client(folder, reach=reach) as client:
        document = _ask(client, _ask(client, _open(client), "strokes", **BROAD), "strokes", **CLICK)
        document = _propagate(client, _ask(client, _propagate(client, document), "boxes", **BOX))
        drawn, boxed = json.loads(_export(client, document, "scribbles"))
        assert [each["radius"] for each in drawn["scribbles"][2]] == [BROAD["radius"], CLICK["radius"]]
        assert not any("counts" in each for each in drawn["scribbles"][2])
        assert boxed["scribbles"][5] and all(each["counts"] is False for each in boxed["scribbles"][5])
        _check_replay(client, document, folder, reach)


@pytest.mark.parametrize("radius", [-0.1, 1.5, "wide", None])
def test_a_radius_is_a_share_of_the_width(folder: Path, radius: object) -> None:
    with _client(folder) as client:
        document = _open(client)
        answer = client.post(f"/api/projects/{document['id']}/strokes", json={**BROAD, "radius": radius})
        assert _error(answer) == (422, "bad_request") and "radius" in answer.text
