"""Own data to DAVIS's layout: every form gives the same masks, and what is wrong is said file by file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from paddlevideo.loader.davis import DavisFolder
from paddlevideo.loader.preprocess import Preprocess
from paddlevideo.loader.samples import DAVISDataset, TrainingFolder
from paddlevideo.writers.rle import encode_mask, write_rle
from tools.prepare_dataset import main

FRAMES = 4
BOX = {1: (10, 12, 30, 40), 2: (50, 20, 80, 44)}  # left, top, right, bottom


def truth(frame: int) -> np.ndarray:
    mask = np.zeros((64, 96), np.uint8)
    for number, (left, top, right, bottom) in BOX.items():
        mask[top : bottom + 1, left + frame : right + 1 + frame] = number
    return mask


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Two videos of PNG and JPEG frames with palette masks, as ``frames/`` and ``masks/``."""
    for name, suffix in (("cat", "png"), ("dog", "jpg")):
        for frame in range(FRAMES):
            picture = np.random.default_rng(frame).integers(0, 255, (64, 96, 3)).astype(np.uint8)
            picture[truth(frame) > 0] = (200, 30, 30)
            _save(tmp_path / "own" / "frames" / name / f"shot{frame + 7}.{suffix}", Image.fromarray(picture))
            mask = Image.fromarray(truth(frame))
            mask.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
            _save(tmp_path / "own" / "masks" / name / f"shot{frame + 7}.png", mask)
    return tmp_path / "own"


def _save(path: Path, picture: Image.Image) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)


def check_masks(root: Path, names: set[str], split: str | None = None) -> None:
    sequences = DavisFolder(root, split).sequences
    assert {sequence.name for sequence in sequences} == names
    for sequence in sequences:
        assert len(sequence) == FRAMES and sequence.objects == 2
        for frame in range(FRAMES):
            assert (sequence.mask(frame) == truth(frame)).all()


def test_folders_become_a_data_set_to_train_on(own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert main([str(own), str(out), "--val", "0.5"]) == 0
    check_masks(out, {"cat", "dog"})
    splits = [{each.name for each in DavisFolder(out, split).sequences} for split in ("train", "val")]
    assert sorted(map(len, splits)) == [1, 1] and splits[0] | splits[1] == {"cat", "dog"}
    jpeg = own / "frames" / "dog" / "shot7.jpg"
    assert (out / "JPEGImages" / "480p" / "dog" / "00000.jpg").read_bytes() == jpeg.read_bytes()
    assert (out / "preview.png").stat().st_size > 1000
    assert "cat" in capsys.readouterr().out
    data = DAVISDataset(TrainingFolder(str(out), sequences=["cat"]), preprocess=Preprocess(size=None))
    assert data.sample(0, 0, 0)[1]["objects"] == 2


def test_a_davis_folder_with_scribbles_is_taken_as_it_is(tiny_davis: Path, tmp_path: Path) -> None:
    assert main([str(tiny_davis), str(tmp_path / "out")]) == 0
    (disc,) = DavisFolder(tmp_path / "out", sequences=["disc"]).sequences
    assert len(disc.scribbles()) == 1 and len(disc) == 6


def _coco(own: Path, polygons: bool) -> dict[str, Any]:
    images, annotations = [], []
    for number in range(FRAMES):
        images.append({"id": number, "file_name": f"cat/shot{number + 7}.png", "width": 96, "height": 64})
        for object_id, (left, top, right, bottom) in BOX.items():
            west, east, south = left + number, right + number + 1, bottom + 1  # the pixels' outer edges
            outline = [west, top, east, top, east, south, west, south]
            rle = encode_mask(truth(number), number, "", 2)[object_id - 1]["rle"]
            annotations.append(
                {
                    **{"image_id": number, "category_id": 9, "track_id": object_id},
                    "segmentation": [outline] if polygons else rle,
                }
            )
    return {"images": images, "annotations": annotations, "categories": []}


def _via(own: Path) -> dict[str, Any]:
    pictures = {}
    for number in range(FRAMES):
        regions = [
            {
                "shape_attributes": {
                    "name": "polygon",
                    "all_points_x": [left + number, right + number, right + number, left + number],
                    "all_points_y": [top, top, bottom, bottom],
                },
                "region_attributes": {"object_id": str(object_id)},
            }
            for object_id, (left, top, right, bottom) in BOX.items()
        ]
        pictures[f"key{number}"] = {"filename": f"shot{number + 7}.png", "size": 1, "regions": regions}
    return {"_via_img_metadata": pictures}


@pytest.mark.parametrize("form", ["coco polygons", "coco rle", "via", "infer"])
def test_json_annotations_give_the_same_masks(own: Path, tmp_path: Path, form: str) -> None:
    shutil.rmtree(own / "frames" / "dog")
    path = tmp_path / "annotation.json"
    if form == "infer":
        records = [r for n in range(FRAMES) for r in encode_mask(truth(n), n, f"shot{n + 7}", 2)]
        write_rle(path, records, (64, 96), FRAMES)
    else:
        path.write_text(json.dumps(_via(own) if form == "via" else _coco(own, form == "coco polygons")))
    assert main([str(path), str(tmp_path / "out"), "--frames", str(own / "frames")]) == 0
    check_masks(tmp_path / "out", {"cat"}, "train")


def _coco_of_no_image(document: dict[str, Any]) -> str:
    document["annotations"][3]["image_id"] = 77
    return "annotations[3]: image_id 77 is the id of no image"


def _coco_without_file_name(document: dict[str, Any]) -> str:
    del document["images"][2]["file_name"]
    return "images[2]: it has no 'file_name'"


def _coco_without_segmentation(document: dict[str, Any]) -> str:
    del document["annotations"][1]["segmentation"]
    return "annotations[1]: it has no 'segmentation'"


def _coco_with_text_for_a_number(document: dict[str, Any]) -> str:
    document["annotations"][0]["track_id"] = "cat"
    return "annotations[0]: object 'cat' is no number"


def _coco_entry_that_is_none(document: dict[str, Any]) -> str:
    document["annotations"][2] = None
    return "annotations[2]: "


def _coco_images_that_are_none(document: dict[str, Any]) -> str:
    document["images"] = None
    return "images: "


def _via_without_outline(document: dict[str, Any]) -> str:
    del document["_via_img_metadata"]["key1"]["regions"][0]["shape_attributes"]
    return "shot8.png: it has no 'shape_attributes'"


def _via_with_half_a_point(document: dict[str, Any]) -> str:
    document["_via_img_metadata"]["key2"]["regions"][1]["shape_attributes"]["all_points_x"].pop()
    return "shot9.png: "


def _via_without_file_name(document: dict[str, Any]) -> str:
    del document["_via_img_metadata"]["key3"]["filename"]
    return "key3: it has no 'filename'"


@pytest.mark.parametrize(
    "spoil",
    [
        _coco_of_no_image,
        _coco_without_file_name,
        _coco_without_segmentation,
        _coco_with_text_for_a_number,
        _coco_entry_that_is_none,
        _coco_images_that_are_none,
        _via_without_outline,
        _via_with_half_a_point,
        _via_without_file_name,
    ],
)
def test_a_malformed_json_entry_is_named_in_one_line(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], spoil: Any
) -> None:
    document = _via(own) if spoil.__name__.startswith("_via") else _coco(own, polygons=True)
    expected = spoil(document)
    path = tmp_path / "annotation.json"
    path.write_text(json.dumps(document))
    assert main([str(path), str(tmp_path / "out"), "--frames", str(own / "frames")]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: {path}: {expected}") and said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_shape_that_cannot_be_drawn_is_told_with_its_picture(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(own / "frames" / "dog")
    document = _coco(own, polygons=True)
    document["annotations"][0]["segmentation"][0].pop()  # an x without its y
    document["annotations"][2]["segmentation"] = {"counts": [1, 2]}
    path = tmp_path / "annotation.json"
    path.write_text(json.dumps(document))
    assert main([str(path), "--check", "--frames", str(own / "frames")]) == 2
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("mend: ")]
    assert len(lines) == 2 and "shot7.png: object 1: " in lines[0]
    assert "shot8.png: object 1: it has no 'size'" in lines[1]


def _no_mask(own: Path) -> str:
    (own / "masks" / "cat" / "shot8.png").unlink()
    return "shot8.png: the frame has no mask"


def _other_size(own: Path) -> str:
    _save(own / "masks" / "cat" / "shot8.png", Image.fromarray(np.ones((32, 96), np.uint8)))
    return "shot8.png: 96x32, its frame is 96x64"


def _soft_edges(own: Path) -> str:
    soft = cv2.GaussianBlur((truth(0) > 0).astype(np.uint8) * 254, (9, 9), 3)
    _save(own / "masks" / "cat" / "shot7.png", Image.fromarray(soft))
    return "soft edges"


def _colours(own: Path) -> str:
    _save(own / "masks" / "cat" / "shot7.png", Image.fromarray(np.dstack([truth(0), truth(0) * 2, truth(0)])))
    return "colour picture"


def _broken_frame(own: Path) -> str:
    (own / "frames" / "cat" / "shot9.png").write_bytes(b"no picture")
    return "shot9.png: not a readable picture"


def _frame_of_another_size(own: Path) -> str:
    _save(own / "frames" / "cat" / "shot9.png", Image.fromarray(np.zeros((48, 96, 3), np.uint8)))
    return "shot9.png: 96x48, the first frame is 96x64"


@pytest.mark.parametrize("spoil", [_no_mask, _other_size, _soft_edges, _colours, _broken_frame, _frame_of_another_size])
def test_what_is_wrong_is_named_and_nothing_is_written(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], spoil: Any
) -> None:
    expected = spoil(own)
    assert main([str(own), str(tmp_path / "out")]) == 2
    said = capsys.readouterr()
    (line,) = [line for line in said.out.splitlines() if line.startswith("mend: ")]
    assert expected in line and "cat" in line
    assert said.err.startswith("error: ") and said.err.count("\n") == 1 and "1 files to mend" in said.err
    assert not (tmp_path / "out").exists()


def test_empty_masks_and_gaps_in_the_ids_are_notes(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for frame in range(FRAMES):
        mask = np.where(truth(frame) == 2, 4, 0).astype(np.uint8) if frame else np.zeros((64, 96), np.uint8)
        _save(own / "masks" / "cat" / f"shot{frame + 7}.png", Image.fromarray(mask))
    assert main([str(own), "--check"]) == 0
    notes = [line for line in capsys.readouterr().out.splitlines() if line.startswith("note: ")]
    assert len(notes) == 2 and "shot7.png: empty" in notes[0] and "[1, 2, 3] in no mask" in notes[1]
    assert {path.name for path in tmp_path.iterdir()} == {"own"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere", "out"], "give a folder with frames/"),
        (["."], "OUT"),
        (["one.json", "out"], "--frames"),
    ],
)
def test_bad_arguments_give_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and message in said and said.count("\n") == 1
