"""Annotations as tools write them, each compared with the drawn masks."""

from __future__ import annotations

import base64
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as pycocotools

from paddlevideo.loader.davis import DavisFolder
from paddlevideo.prepare.shapes import counts_of, runs_to_mask
from tests.loader.drawn import SIZE, picture, save, save_clip, save_film, save_mask, truth
from tools.prepare_dataset import main

FRAMES = 4


def box(number: int, frame: int) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of an object, the last included."""
    left = 8 + 40 * (number - 1) + 2 * frame
    return left, 10, left + 20, 40


def outline(number: int, frame: int) -> list[float]:
    left, top, right, bottom = box(number, frame)
    return [left, top, right, top, right, bottom, left, bottom]


def masks(*numbers: int, names: tuple[int, ...] | None = None) -> list[np.ndarray]:
    """The masks of ``FRAMES`` frames with these objects, called ``names``."""
    found = []
    for frame in range(FRAMES):
        mask = np.zeros(SIZE, np.uint8)
        for number, name in zip(numbers, names or numbers, strict=True):
            left, top, right, bottom = box(number, frame)
            mask[top : bottom + 1, left : right + 1] = name
        found.append(mask)
    return found


def edges(number: int, frame: int) -> list[float]:
    """The outline along the edges of pixels, as COCO has it."""
    left, top, right, bottom = box(number, frame)
    return [left, top, right + 1, top, right + 1, bottom + 1, left, bottom + 1]


def coco(name: str = "frame_{:06d}.jpg", track: bool = True, category: Callable[[int], int] = int) -> dict[str, Any]:
    annotations: list[dict[str, Any]] = []
    for frame in range(FRAMES):
        for number in (1, 2):
            annotation = {"id": len(annotations) + 1, "image_id": frame + 1, "category_id": category(number)}
            annotation |= {"iscrowd": 0, "segmentation": [edges(number, frame)]}
            annotations.append(annotation | ({"attributes": {"track_id": number}} if track else {}))
    images = [{"id": frame + 1, "file_name": name.format(frame)} for frame in range(FRAMES)]
    return {"images": images, "annotations": annotations, "categories": [{"id": 1}, {"id": 2}]}


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    return save_clip(tmp_path / "frames", FRAMES, "frame_{:06d}.jpg")


def prepared(capsys: pytest.CaptureFixture[str], source: Path, *more: str) -> tuple[list[np.ndarray], list[str]]:
    """Prepare and return the masks of the one sequence, and the notes."""
    out = source.parent / "out"
    assert main([str(source), str(out), *more]) == 0, capsys.readouterr()
    (sequence,) = DavisFolder(out).sequences
    said = capsys.readouterr().out.splitlines()
    return [sequence.mask(index) for index in range(len(sequence))], [line for line in said if line[:5] == "note:"]


def check(capsys: Any, source: Path, expected: list[np.ndarray], *more: str) -> list[str]:
    found, notes = prepared(capsys, source, *more)
    assert len(found) == len(expected) and all(map(np.array_equal, found, expected))
    return notes


@pytest.mark.parametrize(
    "name", ["frame_{:06d}.jpg", "frame_{:06d}.PNG", "images/train/frame_{:06d}.jpg", "images\\frame_{:06d}.jpg"]
)
def test_coco_file_names(capsys: Any, tmp_path: Path, frames: Path, name: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(coco(name)))
    assert check(capsys, path, masks(1, 2), "--frames", str(frames)) == []


def test_coco_on_a_film(capsys: Any, tmp_path: Path) -> None:
    film = save_film(tmp_path / "film.mp4", FRAMES)
    path = tmp_path / "a.json"
    path.write_text(json.dumps(coco()))
    assert check(capsys, path, masks(1, 2), "--frames", str(film)) == []
    shifted = coco()
    for image in shifted["images"]:
        image["file_name"] = f"frame_{image['id']:06d}.jpg"
    path.write_text(json.dumps(shifted))
    assert main([str(path), "--check", "--frames", str(film)]) == 2
    assert "counted from 1" in capsys.readouterr().err


def test_coco_of_several_videos(capsys: Any, tmp_path: Path, frames: Path) -> None:
    for name in ("cat", "dog"):
        shutil.copytree(frames, tmp_path / "all" / name)
    path = tmp_path / "a.json"
    path.write_text(json.dumps(coco()))
    assert main([str(path), str(tmp_path / "out"), "--frames", str(tmp_path / "all")]) == 0  # both have these names
    document = coco("cat/frame_{:06d}.jpg")
    document["images"] += [{**image, "id": 10 + image["id"]} for image in coco("dog/frame_{:06d}.jpg")["images"]]
    path.write_text(json.dumps(document))
    assert main([str(path), str(tmp_path / "two"), "--frames", str(tmp_path / "all"), "--check"]) == 2
    assert "no object in any mask" in capsys.readouterr().out  # dog's pictures have no annotation
    del document["images"][-1]
    path.write_text(json.dumps(document))
    assert main([str(path), "--check", "--frames", str(frames)]) == 2
    assert "could both be frame_000000" in capsys.readouterr().err


def test_names_as_label_studio_changes_them(capsys: Any, tmp_path: Path, frames: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(coco("images/3f2a1b9c-frame_{:06d}.jpg")))
    assert check(capsys, path, masks(1, 2), "--frames", str(frames)) == []


def test_an_annotation_of_another_size_is_refused(capsys: Any, tmp_path: Path, frames: Path) -> None:
    document = coco()
    for image in document["images"]:
        image |= {"width": 2 * SIZE[1], "height": 2 * SIZE[0]}
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document))
    assert main([str(path), "--check", "--frames", str(frames)]) == 2
    assert "frame_000000.jpg: annotated at 192x144, its frame is 96x72" in capsys.readouterr().out
    for image in document["images"]:
        image |= {"width": 0, "height": None}  # says nothing
    path.write_text(json.dumps(document))
    check(capsys, path, masks(1, 2), "--frames", str(frames))


def test_crowds_and_shapes_outside_are_told(capsys: Any, tmp_path: Path, frames: Path) -> None:
    document = coco()
    document["annotations"][0]["iscrowd"] = 1
    outside = {**document["annotations"][0], "id": 99, "iscrowd": 0, "track_id": 2}
    document["annotations"].append({**outside, "segmentation": [[200.0, 5, 220, 5, 220, 30]]})
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document))
    notes = check(capsys, path, masks(1, 2), "--frames", str(frames))
    assert any("crowds (iscrowd 1), each read as one object: annotations[0]" in note for note in notes)
    assert any("shapes outside of their picture, not used: frame_00000" in note for note in notes)


def test_an_image_without_annotations_is_empty(capsys: Any, tmp_path: Path, frames: Path) -> None:
    document = coco()
    document["annotations"] = [each for each in document["annotations"] if each["image_id"] != 3]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document))
    expected = masks(1, 2)
    expected[2] = np.zeros(SIZE, np.uint8)
    (note,) = check(capsys, path, expected, "--frames", str(frames))
    assert "frame_000002.jpg: empty" in note


def test_coco_says_what_it_takes_for_granted(capsys: Any, tmp_path: Path, frames: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(coco(track=False, category=lambda number: number - 1)))
    (note,) = check(capsys, path, masks(1, 2), "--frames", str(frames))
    assert "count from 0" in note
    document = coco(track=False, category=lambda number: 1)
    document["annotations"][0]["segmentation"] = []
    document["images"].append({"id": 99, "file_name": "elsewhere.jpg"})
    path.write_text(json.dumps(document))
    shutil.rmtree(tmp_path / "out")
    expected = masks(1, 2, names=(1, 1))
    expected[0][expected[0] != masks(2, names=(1,))[0]] = 0
    notes = check(capsys, path, expected, "--frames", str(frames))
    assert len(notes) == 3 and "several annotations of object 1" in notes[0]
    assert "without a shape, not used: annotations[0]" in notes[1] and "not used: elsewhere.jpg" in notes[2]


def test_parts_that_overlap_leave_no_hole_and_runs_may_have_one(capsys: Any, tmp_path: Path, frames: Path) -> None:
    ring = masks(1)[0]
    ring[20:25, 15:20] = 0
    runs = [int(count) for count in np.diff(np.flatnonzero(np.diff(ring.T.ravel(), prepend=2, append=2)))]
    document = coco()
    document["annotations"][0]["segmentation"] = [edges(1, 0), [10, 12, 20, 12, 20, 20, 10, 20]]
    document["annotations"][2]["segmentation"] = {"size": list(SIZE), "counts": runs}
    document["annotations"][4]["segmentation"] = {
        "size": list(SIZE),
        "counts": pycocotools.encode(np.asfortranarray(ring))["counts"].decode(),
    }
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document))
    expected = masks(1, 2)
    for frame in (1, 2):
        expected[frame] = np.where(ring == 1, 1, np.where(expected[frame] == 2, 2, 0)).astype(np.uint8)
    check(capsys, path, expected, "--frames", str(frames))


def test_run_lengths_are_those_of_pycocotools_and_checked() -> None:
    for seed in range(20):
        mask = (np.random.default_rng(seed).random((7, 9)) < 0.4).astype(np.uint8)
        counts = counts_of(pycocotools.encode(np.asfortranarray(mask))["counts"])
        assert np.array_equal(runs_to_mask(counts, mask.size).reshape(9, 7).T, mask)
    for bad in ("00", "", "zz\x7f", "o" * 20):
        with pytest.raises(ValueError):
            runs_to_mask(counts_of(bad), 63)


def labelme(folder: Path, kind: str) -> None:
    for frame in range(FRAMES):
        save(folder / f"f{frame}.jpg", picture(frame))
        shapes = []
        for number, label in ((1, "disc"), (2, "box")):
            left, top, right, bottom = box(number, frame)
            shape: dict[str, Any] = {"label": label, "group_id": None, "shape_type": kind}
            if kind == "polygon":
                shape["points"] = np.reshape(outline(number, frame), (-1, 2)).tolist()
            else:
                shape["points"] = [[left, top], [right, bottom]]
            if kind == "mask":
                png = io.BytesIO()
                Image.fromarray(np.full((bottom - top + 1, right - left + 1), 255, np.uint8)).save(png, "PNG")
                shape["mask"] = base64.b64encode(png.getvalue()).decode()
            shapes.append(shape)
        shapes.append({"label": "x", "shape_type": "point", "points": [[1, 1]]})
        document = {"version": "5.2.1", "shapes": shapes, "imagePath": f"..\\old\\f{frame}.jpg"}
        (folder / f"f{frame}.json").write_text(json.dumps(document))


@pytest.mark.parametrize("kind", ["polygon", "rectangle", "mask"])
def test_labelme(capsys: Any, tmp_path: Path, kind: str) -> None:
    labelme(tmp_path / "clip", kind)
    notes = check(capsys, tmp_path / "clip", masks(1, 2))
    assert "disc is 1, box is 2" in notes[0] and "no areas (point), not used: f0.json" in notes[1]


def cvat_video(mask: bool) -> str:
    tracks = ""
    for number, label in ((1, "disc"), (2, "box")):
        shapes = ""
        for frame in range(FRAMES):
            left, top, right, bottom = box(number, frame)
            outside = int(number == 2 and frame == 3)
            points = ";".join(f"{x},{y}" for x, y in np.reshape(outline(number, frame), (-1, 2)))
            if mask:
                size = f'left="{left}" top="{top}" width="{right - left + 1}" height="{bottom - top + 1}"'
                shapes += f'<mask frame="{frame}" outside="{outside}" rle="0, {21 * 31}" {size}/>'
            else:
                shapes += f'<polygon frame="{frame}" keyframe="1" outside="{outside}" points="{points}"/>'
        tracks += f'<track id="{number - 1}" label="{label}">{shapes}</track>'
    return f"<annotations><version>1.1</version><meta><task><size>{FRAMES}</size></task></meta>{tracks}</annotations>"


@pytest.mark.parametrize("mask", [False, True])
@pytest.mark.parametrize("film", [False, True])
def test_cvat_for_video(capsys: Any, tmp_path: Path, frames: Path, mask: bool, film: bool) -> None:
    path = tmp_path / "annotations.xml"
    path.write_text(cvat_video(mask))
    place = save_film(tmp_path / "film.mp4", FRAMES) if film else frames
    expected = masks(1, 2)
    expected[3] = masks(1)[3]
    (note,) = check(capsys, path, expected, "--frames", str(place))
    assert "track 0 (disc) is 1, track 1 (box) is 2" in note


def test_cvat_for_images(capsys: Any, tmp_path: Path, frames: Path) -> None:
    images = ""
    for frame in range(FRAMES):
        left, top, right, bottom = box(1, frame)
        points = ";".join(f"{x},{y}" for x, y in np.reshape(outline(2, frame), (-1, 2)))
        inside = f'<box label="disc" xtl="{left}" ytl="{top}" xbr="{right}" ybr="{bottom}"/>'
        inside += f'<polygon label="thing" points="{points}"><attribute name="track_id">2</attribute></polygon>'
        images += f'<image id="{frame}" name="train/frame_{frame:06d}.png" width="96" height="72">{inside}</image>'
    path = tmp_path / "annotations.xml"
    path.write_text(f"<annotations>{images}</annotations>")
    (note,) = check(capsys, path, masks(1, 2), "--frames", str(frames))
    assert "disc is 1" in note


def test_yolo_segmentation(capsys: Any, tmp_path: Path) -> None:
    root = tmp_path / "set"
    (root / "labels").mkdir(parents=True)
    for frame in range(FRAMES):
        save(root / "images" / f"f{frame}.jpg", picture(frame))
        lines = []
        for number in (1, 2):
            shares = [v / SIZE[1 - place % 2] for place, v in enumerate(outline(number, frame))]
            lines.append(" ".join([str(number - 1), *(f"{share:.6f}" for share in shares)]))
        if frame != 2:
            (root / "labels" / f"f{frame}.txt").write_text("\n".join([*lines, "0 0.5 0.5 0.1 0.1"]))
    (root / "labels" / "classes.txt").write_text("disc\nbox\n")
    expected = masks(1, 2)
    expected[2] = np.zeros(SIZE, np.uint8)
    notes = check(capsys, root, expected)
    assert any("class 0 is object 1" in note for note in notes) and any("boxes" in note for note in notes)
    assert any("lists of classes, not used: labels/classes.txt" in note for note in notes)
    (root / "labels" / "f2.txt").write_text("0 10 10 40 10 40 40\n")  # pixels
    assert main([str(root), "--check"]) == 2
    assert "f2.txt: line 1: a point at 40; points are shares" in capsys.readouterr().err
    (root / "data.yaml").write_text("path: .\n")  # as `--export yolo` writes it
    (root / "images").rename(tmp_path / "images")
    assert main([str(root), "--check"]) == 2
    assert "labels of YOLO without their pictures; put these into" in capsys.readouterr().err


def test_one_video_of_frames_and_masks_and_the_commands_for_it(capsys: Any, tmp_path: Path) -> None:
    save_clip(tmp_path / "cat" / "frames", 11)
    for frame in (0, 5, 10):
        save_mask(tmp_path / "cat" / "masks" / f"{frame:05d}.png", truth(frame))
    save_mask(tmp_path / "cat" / "masks" / "00050.png", truth(0))
    assert main([str(tmp_path / "cat"), str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "masks on 3 of 11 frames" in said and "fit no frame, not used: masks/00050.png" in said
    assert "--validate" not in said and "DATASET.test.split=train" in said
    (sequence,) = DavisFolder(tmp_path / "out", "train").sequences
    assert sequence.name == "cat"
    assert [np.array_equal(sequence.mask(place), truth(5 * place)) for place in range(3)] == [True] * 3


def test_films_among_the_videos(capsys: Any, tmp_path: Path) -> None:
    save_film(tmp_path / "own" / "frames" / "cat.mp4", FRAMES)
    save_clip(tmp_path / "own" / "frames" / "dog", FRAMES)
    for name in ("cat", "dog", "nobody"):
        for frame in range(FRAMES):
            save_mask(tmp_path / "own" / "masks" / name / f"{frame:05d}.png", truth(frame))
    assert main([str(tmp_path / "own"), str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "masks of no video, not used: nobody" in said and "--validate" in said
    (tmp_path / "own" / "masks" / "cat" / "00000.png").rename(tmp_path / "own" / "masks" / "cat" / f"{FRAMES:05d}.png")
    assert main([str(tmp_path / "own"), "--check"]) == 2
    assert "its masks are counted from 1" in capsys.readouterr().err
    assert {each.name for each in DavisFolder(tmp_path / "out").sequences} == {"cat", "dog"}


@pytest.mark.parametrize("orientation", [3, 6])
def test_turned_pictures_are_written_upright_or_refused(capsys: Any, tmp_path: Path, orientation: int) -> None:
    for frame in range(3):
        stored = Image.fromarray(np.ascontiguousarray(np.rot90(picture(frame), 2 if orientation == 3 else 1)))
        exif = stored.getexif()
        exif[274] = orientation
        (tmp_path / "own" / "frames").mkdir(parents=True, exist_ok=True)
        stored.save(tmp_path / "own" / "frames" / f"{frame}.jpg", exif=exif, quality=95)
        save_mask(tmp_path / "own" / "masks" / f"{frame}.png", truth(frame))
    code = main([str(tmp_path / "own"), str(tmp_path / "out")])
    if orientation == 3:
        assert code == 2 and "fits it either way" in capsys.readouterr().out
        return
    file = tmp_path / "out" / "JPEGImages" / "480p" / "own" / "00001.jpg"
    with Image.open(file) as written:
        assert written.size == SIZE[::-1] and 274 not in written.getexif()
        assert np.abs(np.asarray(written).astype(int) - picture(1)).mean() < 12
