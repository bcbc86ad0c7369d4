"""Annotations that differ from the usual ones: turned boxes, layers, skipped frames, objects that count from 0."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as pycocotools

from paddlevideo.prepare.shapes import object_id
from tests.loader.drawn import SIZE, picture, save, save_film
from tools.prepare_dataset import main

from .test_prepare_formats import FRAMES, box, check, coco, frames, labelme, masks, outline, prepared

__all__ = ["frames"]


def cvat(path: Path, inside: str, meta: str = "") -> Path:
    path.write_text(f"<annotations><version>1.1</version><meta><task>{meta}</task></meta>{inside}</annotations>")
    return path


def track(left: int, every: int = 1, z_order: int = 0, count: int = FRAMES) -> str:
    corners = f'xtl="{left}" ytl="10" xbr="{left + 20}" ybr="40" z_order="{z_order}"'
    boxes = "".join(f'<box frame="{frame}" outside="0" {corners}/>' for frame in range(0, count, every))
    return f'<track id="0" label="a">{boxes}</track>'


@pytest.mark.parametrize(
    "shape",
    ['<box xtl="30" ytl="20" xbr="70" ybr="30" label="a" rotation="90"/>',
     '<ellipse cx="50" cy="25" rx="20" ry="5" label="a" rotation="270.0"/>'],
)  # fmt: skip
def test_cvat_turned_shapes(capsys: Any, tmp_path: Path, frames: Path, shape: str) -> None:
    images = "".join(f'<image name="frame_{frame:06d}.jpg">{shape}</image>' for frame in range(FRAMES))
    found, _ = prepared(capsys, cvat(tmp_path / "a.xml", images), "--frames", str(frames))
    rows, columns = np.nonzero(found[0])
    assert (columns.min(), columns.max(), rows.min(), rows.max()) == (45, 55, 5, 45)


def test_cvat_tracks_lie_by_their_layer(capsys: Any, tmp_path: Path, frames: Path) -> None:
    path = cvat(tmp_path / "a.xml", track(20, z_order=5) + track(30, z_order=0), f"<size>{FRAMES}</size>")
    found, _ = prepared(capsys, path, "--frames", str(frames))
    assert found[0][20, 35] == 1 and found[0][20, 45] == 2


def test_cvat_frames_that_the_task_skips_are_not_empty_ones(capsys: Any, tmp_path: Path) -> None:
    film = save_film(tmp_path / "film.mp4", 9)
    meta = "<size>3</size><start_frame>0</start_frame><stop_frame>8</stop_frame><frame_filter>step=4</frame_filter>"
    found, notes = prepared(capsys, cvat(tmp_path / "a.xml", track(20, 4, count=9), meta), "--frames", str(film))
    assert len(found) == 3 and all(mask.any() for mask in found)
    assert any("masks on 3 of 9 frames" in note for note in notes)


def test_coco_polygons_are_painted_as_pycocotools_does(capsys: Any, tmp_path: Path, frames: Path) -> None:
    document = coco()
    ring = [value for turn in np.linspace(0, 6, 12) for value in (40.3 + 19 * np.cos(turn), 35.6 + 19 * np.sin(turn))]
    for annotation in document["annotations"]:
        annotation["segmentation"] = [ring] if annotation["attributes"]["track_id"] == 1 else []
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document))
    found, _ = prepared(capsys, path, "--frames", str(frames))
    assert np.array_equal(found[0], pycocotools.decode(pycocotools.frPyObjects([ring], *SIZE))[..., 0])


def test_coco_tracks_that_count_from_0(capsys: Any, tmp_path: Path, frames: Path) -> None:
    document = coco()
    for annotation in document["annotations"]:
        annotation["attributes"]["track_id"] -= 1
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document))
    (note,) = check(capsys, path, masks(1, 2), "--frames", str(frames))
    assert "object 0 is object 1" in note


@pytest.mark.parametrize("kind", ["rectangle", "rotation"])
def test_labelme_rectangles_of_four_corners(capsys: Any, tmp_path: Path, kind: str) -> None:
    labelme(tmp_path / "clip", "polygon")
    for file in (tmp_path / "clip").glob("*.json"):
        file.write_text(file.read_text().replace('"polygon"', f'"{kind}"'))
    check(capsys, tmp_path / "clip", masks(1, 2))


def test_via_regions_of_one_object_are_told(capsys: Any, tmp_path: Path, frames: Path) -> None:
    document = {}
    for frame in range(FRAMES):
        regions = []
        for number in (1, 2):
            left, top, right, bottom = box(number, frame)
            across, down = [left, right, right, left], [top, top, bottom, bottom]
            regions.append({"shape_attributes": {"name": "polygon", "all_points_x": across, "all_points_y": down}})
        document[str(frame)] = {"filename": f"frame_{frame:06d}.jpg", "regions": regions}
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document))
    (note,) = check(capsys, path, masks(1, 2, names=(1, 1)), "--frames", str(frames))
    assert "several regions of object 1" in note


def test_yolo_with_a_byte_order_mark_and_names_that_begin_alike(capsys: Any, tmp_path: Path) -> None:
    root = tmp_path / "set"
    for video in ("a", "ab"):
        (root / "labels" / video).mkdir(parents=True)
        for frame in range(FRAMES):
            save(root / "images" / video / f"f{frame}.jpg", picture(frame))
            shares = [v / SIZE[1 - place % 2] for place, v in enumerate(outline(1, frame))]
            text = " ".join(["0", *(f"{share:.6f}" for share in shares)])
            if video == "ab" or frame:  # the first picture of a has no objects
                (root / "labels" / video / f"f{frame}.txt").write_text(text, encoding="utf-8-sig")
    assert main([str(root), str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out.count("f0.jpg: empty") == 1


def test_objects_that_only_some_annotations_say_are_refused(capsys: Any, tmp_path: Path, frames: Path) -> None:
    document = coco()
    del document["annotations"][3]["attributes"]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document))
    assert main([str(path), str(tmp_path / "out"), "--frames", str(frames)]) == 2
    assert "annotations[0] says its object, annotations[3] only its category" in capsys.readouterr().err


@pytest.mark.parametrize("said", [1.5, True, "one", None])
def test_an_object_has_a_whole_number(said: Any) -> None:
    assert object_id(2.0) == object_id("2") == 2
    with pytest.raises(ValueError, match="is no (whole )?number"):
        object_id(said)


def test_a_folder_that_is_there_is_refused_before_anything_is_read(capsys: Any, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    (tmp_path / "broken.json").write_text("{")
    assert main([str(tmp_path / "broken.json"), str(tmp_path / "out"), "--frames", str(tmp_path)]) == 2
    assert "out is there already" in capsys.readouterr().err
