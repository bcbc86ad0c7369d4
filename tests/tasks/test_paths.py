"""Names that shells, patterns, addresses and encodings trip over: for every input and for the output."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unicodedata
from argparse import Namespace
from pathlib import Path
from typing import Any, cast
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from paddlevideo.loader.preprocess import Preprocess
from paddlevideo.loader.scribbles import Stroke, write_rounds
from paddlevideo.loader.video import open_frames
from paddlevideo.session.options import SessionOptions
from paddlevideo.session.segmenter import Segmenter
from paddlevideo.tasks import infer as task
from paddlevideo.tasks import infer_many as many
from paddlevideo.utils.errors import InputError
from paddlevideo.writers.exporter import all_exporters
from paddlevideo.writers.masks import write_mask
from tests.app.toy import SIZE, Colours, frame_picture, points, write_clip

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "configs" / "segmentation" / "manet_lite.yaml"
KINDS = [each.key for each in all_exporters()]
FRAMES = 3
NAMES = {
    "colon": "10:30",
    "address": "cam1:front",
    "scheme": "file:clip",
    "brackets": "my clip (1) [final] 100%",
    "pattern": "what?*[a-z]",
    "Chinese": "测试 视频",
    "decomposed": unicodedata.normalize("NFD", "Café"),
    "quotes": 'it\'s "so" `$HOME`',
    "dash": "-dash",
    "tilde": "~clip",
    "spaces": " two  spaces ",
    "line break": "a\nb",
    "backslash": "a\\b",
    "GBK": os.fsdecode("录像".encode("gbk")),
}


@pytest.fixture(params=NAMES.values(), ids=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that everything is in: relative paths begin there, and it is the home folder. A toy is the network."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    toy = Segmenter(cast(Any, Colours(sharpness=20)), Preprocess("rgb", size=None), SessionOptions())
    monkeypatch.setattr(Segmenter, "from_config", lambda cfg, weights, engine: toy)
    monkeypatch.setattr(Segmenter, "check", lambda cfg: None)
    (tmp_path / "w").write_bytes(b"")
    return tmp_path


def arguments(**given: Any) -> Namespace:
    nothing = {"scribbles": None, "masks": None, "mask_frame": None, "names": None, "objects": None}
    nothing |= {"grow": 0.0, "feather": 0.0}
    return Namespace(**{**nothing, "export": ["palette"], "weights": "w", "engine": "plain", **given})


def picture_folder(folder: Path, name: str) -> Path:
    folder.mkdir()
    for t in range(FRAMES):
        Image.fromarray(frame_picture(t)).save(folder / f"{name} {t}.png")
    return folder


def scribbles(path: Path) -> Path:
    strokes = [Stroke(each, 0, tuple((x, y) for x, y in points(each, 0))) for each in (0, 1)]
    write_rounds(path, [strokes], FRAMES)
    return path


def mask() -> np.ndarray:
    found = np.zeros(SIZE, np.uint8)
    found[8:24, :16] = 1
    return found


def masks_in(folder: Path) -> list[str]:
    return sorted(file.name for file in (folder / "masks").iterdir())


def test_a_film_and_an_output_of_any_name(name: str, home: Path) -> None:
    write_clip(home / f"{name}.mp4", FRAMES)
    scribbles(home / f"{name}.json")
    for output, place in ((f"{name} out", ""), (str(home / name), f"{home}/")):
        task.infer(
            {}, arguments(input=f"{place}{name}.mp4", scribbles=f"{place}{name}.json", output=output, export=KINDS)
        )
        assert masks_in(home / output) == ["00000.png", "00001.png", "00002.png"]
        assert all((home / output / each.name).exists() for each in all_exporters())


def test_pictures_and_masks_of_any_name(name: str, home: Path) -> None:
    folder = picture_folder(home / f"{name} frames", name)
    write_mask(home / f"{name} 1.png", mask())
    kinds = [each for each in KINDS if each != "scribbles"]
    task.infer({}, arguments(input=folder.name, masks=f"{name} 1.png", output=f"{name} out", export=kinds))
    assert masks_in(home / f"{name} out") == [f"{name} {t}.png" for t in range(FRAMES)]
    images = json.loads((home / f"{name} out" / "coco.json").read_text())["images"]
    assert [each["file_name"] for each in images] == [f"{name} {t}.png" for t in range(FRAMES)]
    found = ElementTree.parse(home / f"{name} out" / "cvat.xml").findall("image")
    held = name.replace("\udccf\udcf1", r"\xcf\xf1")  # XML cannot hold what is no UTF-8
    assert [each.get("name") for each in found] == [f"{held} {t}.png" for t in range(FRAMES)]


def test_a_pattern_below_a_folder_of_any_name(name: str, home: Path) -> None:
    picture_folder(home / f"{name} frames", "frame")
    assert open_frames(f"{name} frames/*2.png").names == ["frame 2"]


def test_many_videos_of_any_name(name: str, home: Path) -> None:
    for place in ("videos", "strokes"):
        (home / place).mkdir()
    write_clip(home / "videos" / f"{name}.mp4", FRAMES)
    picture_folder(home / "videos" / f"{name} frames", name)
    for stem in (name, f"{name} frames"):
        scribbles(home / "strokes" / f"{stem}.json")
    for _ in range(2):
        given = arguments(input="videos", scribbles="strokes", output=f"{name} out")
        many.infer_many({"MODEL": {}, "PIPELINE": {}}, given)
    found = json.loads((home / f"{name} out" / "summary.json").read_text())["videos"]
    done = {each: "already done" for each in (name, f"{name} frames")}
    assert {each: entry["status"] for each, entry in found.items()} == done


def test_the_home_folder_stands_for_a_tilde_everywhere(home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    write_clip(home / "clip.mp4", FRAMES)
    scribbles(home / "strokes.json")
    os.chdir(tmp_path_factory.mktemp("elsewhere"))
    task.infer({}, arguments(input="~/clip.mp4", scribbles="~/strokes.json", output="~/out"))
    assert len(masks_in(home / "out")) == FRAMES and not list(Path.cwd().iterdir())


def test_links_are_followed(home: Path) -> None:
    (home / "real").mkdir()
    write_clip(home / "real" / "film.mp4", FRAMES)
    scribbles(home / "real" / "strokes.json")
    picture_folder(home / "real" / "frames", "frame")
    for link, target in (("clip.mp4", "film.mp4"), ("s.json", "strokes.json"), ("folder", "frames"), ("out", "")):
        (home / link).symlink_to(home / "real" / target)
    task.infer({}, arguments(input="clip.mp4", scribbles="s.json", output="out"))
    assert len(masks_in(home / "real")) == FRAMES
    task.infer({}, arguments(input="folder", scribbles="s.json", output="of pictures"))
    assert masks_in(home / "of pictures") == [f"frame {t}.png" for t in range(FRAMES)]
    with pytest.raises(InputError, match="is the folder of the input pictures"):
        task.infer({}, arguments(input="folder", scribbles="s.json", output="real/frames"))


@pytest.mark.parametrize("name", ["GBK", "dash"])
def test_what_is_not_there_is_one_line_on_the_command_line(name: str, home: Path) -> None:
    command = [sys.executable, str(ROOT / "main.py"), "--infer", "-c", str(CONFIG), "-w", "w"]
    given = [f"--input={NAMES[name]}.mp4", f"--scribbles={NAMES[name]}.json", f"--output={NAMES[name]}"]
    done = subprocess.run([*command, *given], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"error: ") and done.stderr.count(b"\n") == 1, done.stderr
    assert b".mp4: no such file or folder; give a video, a folder of pictures or a quoted glob" in done.stderr
