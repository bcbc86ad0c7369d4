"""JSON of YouTube-VIS, compared with the drawn masks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pycocotools import mask as pycocotools

from paddlevideo.loader.davis import DavisFolder
from tests.loader.drawn import SIZE, save_clip
from tests.prepare.test_prepare_formats import FRAMES, edges, masks
from tools.prepare_dataset import main

HIDDEN = 2  # the frame in which the cat's second object is not seen


def runs(number: int, frame: int) -> dict[str, Any]:
    found = pycocotools.merge(pycocotools.frPyObjects([edges(number, frame)], *SIZE))
    return {"size": list(SIZE), "counts": found["counts"].decode()}


def annotation(key: int, video: int, shapes: list[Any]) -> dict[str, Any]:
    return {"id": key, "video_id": video, "category_id": 3, "iscrowd": 0, "segmentations": shapes}


def youtube_vis() -> dict[str, Any]:
    videos = [
        {
            "id": key,
            "file_names": [f"{name}/{frame:05d}.jpg" for frame in range(FRAMES)],
            "height": SIZE[0],
            "width": SIZE[1],
        }
        for key, name in ((7, "cat"), (9, "dog"))
    ]
    annotations = [
        annotation(901, 9, [[edges(1, frame)] for frame in range(FRAMES)]),
        annotation(902, 7, [runs(1, frame) for frame in range(FRAMES)]),
        annotation(903, 7, [None if frame == HIDDEN else runs(2, frame) for frame in range(FRAMES)]),
    ]
    return {"videos": videos, "annotations": annotations, "categories": [{"id": 3, "name": "animal"}]}


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    for name in ("cat", "dog"):
        save_clip(tmp_path / "JPEGImages" / name, FRAMES, "{:05d}.jpg")
    return tmp_path / "JPEGImages"


def test_objects_are_numbered_within_their_video(capsys: Any, tmp_path: Path, pictures: Path) -> None:
    path = tmp_path / "instances.json"
    path.write_text(json.dumps(youtube_vis()))
    assert main([str(path), str(tmp_path / "out"), "--frames", str(pictures)]) == 0
    assert "note:" not in capsys.readouterr().out
    found = {sequence.name: sequence for sequence in DavisFolder(tmp_path / "out").sequences}
    assert sorted(found) == ["cat", "dog"]
    for frame in range(FRAMES):
        assert (found["dog"].mask(frame) == masks(1)[frame]).all()
        assert (found["cat"].mask(frame) == (masks(1) if frame == HIDDEN else masks(1, 2))[frame]).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda document: document.update(annotations=None), "without annotations"),
        (lambda document: document["annotations"][1].update(video_id=8), "annotations[1]: video_id 8 is the id of no"),
        (lambda document: document["annotations"][2]["segmentations"].pop(), "annotations[2]: it has 3 shapes"),
        (lambda document: document["videos"][0].pop("file_names"), "videos[0]: it has no 'file_names'"),
    ],
)
def test_what_is_wrong_is_named(capsys: Any, tmp_path: Path, pictures: Path, change: Any, message: str) -> None:
    document = youtube_vis()
    change(document)
    path = tmp_path / "instances.json"
    path.write_text(json.dumps(document))
    assert main([str(path), str(tmp_path / "out"), "--frames", str(pictures)]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and str(path) in said[0] and message in said[0]
    assert not (tmp_path / "out").exists()
