"""A run over a folder with one of everything that people bring: each video is done, or named with its reason."""

from __future__ import annotations

import json
import logging
import unicodedata
from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from av.stream import Disposition
from PIL import Image

from paddlevideo.loader.frame_source import UNREADABLE
from paddlevideo.loader.mask_file import read_mask
from paddlevideo.tasks.infer_many import infer_many
from paddlevideo.utils.errors import DamagedInput, InputError
from tests.loader.drawn import SIZE, picture, save, save_clip, save_film, save_mask, truth
from tests.loader.test_films import damage, join
from tests.tasks.test_infer import CFG, StandIn, built

__all__ = ["built"]
FRAMES = 4
CAFE = unicodedata.normalize("NFD", "Café")  # as a Mac stores it
JPEG = {"codec": "mjpeg", "pixels": "yuvj420p", "options": {"qmin": "2", "qmax": "3"}}


def thumbnail_track(path: Path) -> None:
    parts = [save_film(path.with_name("t.avi"), 1, **JPEG), save_film(path.with_name("f.mp4"), FRAMES)]
    join(path, [(part, Disposition(0)) for part in parts])
    for part in parts:
        part.unlink()


def pages(path: Path) -> None:
    first, *others = [Image.fromarray(picture(frame)) for frame in range(FRAMES)]
    first.save(path, save_all=True, append_images=others, duration=100)


def gap(path: Path) -> None:
    save_clip(path, FRAMES + 1, "{:03d}.jfif")
    (path / "002.jfif").unlink()
    (path / "002.jfif").symlink_to("/nowhere/002.jfif")
    (path / "009.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(64))


def turned(path: Path) -> None:
    for frame in range(FRAMES):
        exif = Image.Exif()
        exif[274] = 6
        save(path / f"{frame}.jpg", np.rot90(picture(frame)).copy(), exif=exif)


def deep(path: Path) -> None:
    for frame in range(FRAMES):
        save(path / f"IMG {frame + 8}.png", picture(frame)[..., 0].astype(np.uint16) * 16)


def cut_short(path: Path) -> None:
    """A film that a camera did not finish: the list of its frames is missing."""
    save_film(path, FRAMES)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


DONE: dict[str, Callable[[Path], object]] = {
    "10:30.mp4": lambda path: save_film(path, FRAMES),
    f"{CAFE}.mp4": lambda path: save_film(path, FRAMES),
    "my [x] frames 100%": lambda path: save_clip(path, FRAMES, "画面 {}.bmp"),
    "drone.mp4": thumbnail_track,
    "times.mkv": lambda path: save_film(path, FRAMES, times=[0, 100, 3000, 3033]),
    "stack.tif": pages,
    "moving.png": pages,
    "moving2.webp": pages,
    "old.gif": pages,
    "gap": gap,
    "turned": turned,
    "deep": deep,
    "damaged.avi": lambda path: damage(save_film(path, FRAMES, **JPEG), range(2, 3)),
}
FAILED: dict[str, tuple[Callable[[Path], object], str]] = {
    "text.mp4": (lambda path: path.write_text("no film\n" * 99), "not a readable video"),
    "zero.mov": (lambda path: path.touch(), "the file is empty"),
    "short.mp4": (cut_short, "not a readable video"),
    "sound.mp4": (lambda path: thumbnail_and_sound(path), "nothing but sound and its cover"),
    "only heic": (lambda path: (path.mkdir(), (path / "1.heic").touch()), "no pictures here"),
}


def thumbnail_and_sound(path: Path) -> None:
    thumbnail = save_film(path.with_name("t.avi"), 1, **JPEG)
    join(path.with_suffix(".mp3"), [(thumbnail, Disposition.attached_pic)], sound=True).rename(path)
    thumbnail.unlink()


PASSED_OVER: dict[str, Callable[[Path], object]] = {
    "cover.png": lambda path: save(path, picture(0)),
    "notes": lambda path: (path.mkdir(), (path / "readme.txt").touch()),
    "readme.txt": lambda path: path.touch(),
    "music.mp3": lambda path: path.write_bytes(b"ID3"),
}


class Session(StandIn):
    """A session that reads every frame and leaves the first mask on each."""

    def add_mask(self, frame: int, mask: np.ndarray) -> None:
        self.first = mask

    def propagate(self, span: tuple[int, int] | None = None) -> Iterator[int]:
        return (index for index, _ in enumerate(self.frames))

    def mask(self, frame: int) -> np.ndarray:
        return self.first


@pytest.fixture
def arguments(tmp_path: Path) -> Namespace:
    videos = tmp_path / "videos"
    videos.mkdir()
    for name, make in {**DONE, **{name: make for name, (make, _) in FAILED.items()}, **PASSED_OVER}.items():
        make(videos / name)
    for name in [*DONE, *FAILED]:
        stem = name if (videos / name).is_dir() else Path(name).stem
        save_mask(tmp_path / "firsts" / f"{unicodedata.normalize('NFC', stem)}.png", truth(0))
    (videos / "New folder").mkdir()
    (videos / "__MACOSX").mkdir()
    for junk in ("__MACOSX/._10:30.mp4", "._drone.mp4", ".DS_Store", "Thumbs.db", "gap/._000.jfif"):
        (videos / junk).write_bytes(b"\0\5\26\7")
    (tmp_path / "w.pdparams").write_text("read by nobody")
    given = {"scribbles": None, "mask_frame": None, "objects": None, "names": None, "export": None}
    places = {"input": "videos", "masks": "firsts", "output": "out", "weights": "w.pdparams"}
    paths = {flag: str(tmp_path / name) for flag, name in places.items()}
    return Namespace(engine="plain", grow=0.0, feather=0.0, **given, **paths)


def test_each_video_is_done_or_named(
    built: list[str],
    arguments: Namespace,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("paddlevideo.session.session.Session", Session)
    with caplog.at_level(logging.WARNING), pytest.raises(InputError, match=f"{len(FAILED)} of .* videos failed"):
        infer_many(CFG, arguments)
    document = json.loads((tmp_path / "out" / "summary.json").read_text())
    videos = document["videos"]
    stems = {name: name if (tmp_path / "videos" / name).is_dir() else Path(name).stem for name in [*DONE, *FAILED]}
    assert set(videos) == set(stems.values())
    for name, (_, reason) in FAILED.items():
        entry = videos[stems[name]]
        assert entry["status"] == "failed" and reason in entry["error"], (name, entry)
        assert not (tmp_path / "out" / stems[name]).exists()
    for name in DONE:
        entry = videos[stems[name]]
        masks = sorted((tmp_path / "out" / stems[name] / "masks").iterdir())
        assert (entry["status"], entry.get("frames"), len(masks)) == ("done", FRAMES, FRAMES), (name, entry)
        assert np.array_equal(read_mask(masks[0]), truth(0)) and read_mask(masks[-1]).shape == SIZE, name
    told = {name: {one["what"]: one["items"] for one in videos[stems[name]].get("notices", [])} for name in DONE}
    assert told["gap"] == {
        "numbers left out among the names of the pictures": ["2"],
        "links that lead nowhere": ["002.jfif"],
        "not read as pictures and not used": ["009.heic"],
    }
    assert told["drone.mp4"] == {
        "stream 1 is the film, other video streams are not used": [f"0 (mjpeg, {SIZE[1]}x{SIZE[0]})"]
    }
    assert told["damaged.avi"][UNREADABLE] == ["00002"] and list(videos["damaged"]["unreadable"]) == ["2"]
    assert [name for name in DONE if told[name]] == ["drone.mp4", "gap", "damaged.avi"]
    assert [sorted(one["items"]) for one in document["notices"]] == [sorted(PASSED_OVER)]
    assert not list((tmp_path / "out").rglob("*.partial-*"))
    for name in FAILED:  # nobody wants these any more: all that is left is the damage
        (tmp_path / "firsts" / f"{stems[name]}.png").unlink()
        place = tmp_path / "videos" / name
        place.rename(tmp_path / name)
    with pytest.raises(DamagedInput, match="1 of 13 videos have frames that cannot be read.*: damaged;"):
        infer_many(CFG, arguments)
    again = json.loads((tmp_path / "out" / "summary.json").read_text())["videos"]
    assert {entry["status"] for entry in again.values()} == {"already done"}
