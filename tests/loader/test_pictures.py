"""Pictures as people have them: turned, stacked, deep, in any order, with what systems leave beside them."""

from __future__ import annotations

import logging
import os
import struct
import unicodedata
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from paddlevideo.loader.davis import DavisFolder
from paddlevideo.loader.listing import existing, missing_numbers
from paddlevideo.loader.pictures import PictureFrames
from paddlevideo.loader.video import open_frames
from paddlevideo.utils.errors import InputError

from .drawn import SIZE, picture, save, save_clip, save_mask, truth

FRAMES = 6
STORED = {1: lambda p: p, 3: lambda p: np.rot90(p, 2), 6: lambda p: np.rot90(p, 1), 8: lambda p: np.rot90(p, -1)}


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("suffix", ["png", "tif", "webp"])
def test_turned_pictures_are_upright(tmp_path: Path, suffix: str, orientation: int) -> None:
    for frame in range(2):
        stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](picture(frame))))
        exif = stored.getexif()
        exif[274] = orientation
        options = {"lossless": True} if suffix == "webp" else {}
        stored.save(tmp_path / f"{frame}.{suffix}", exif=exif, **options)
    frames = open_frames(tmp_path)
    assert frames.size == SIZE and frames.orientation(1) == orientation
    assert all(np.array_equal(frames[frame], picture(frame)) for frame in range(2))


def stack(path: Path) -> Path:
    pages = [Image.fromarray(picture(frame)) for frame in range(FRAMES)]
    options = {"lossless": True} if path.suffix == ".webp" else {}
    pages[0].save(path, save_all=True, append_images=pages[1:], duration=200, **options)
    return path


@pytest.mark.parametrize("name", ["a.tif", "a.webp", "a.png"])
def test_pages_are_frames(tmp_path: Path, name: str) -> None:
    path = stack(tmp_path / name)
    for place in (path, tmp_path):
        frames = open_frames(place)
        assert frames.names == [f"{frame:05d}" for frame in range(FRAMES)]
        for frame in (3, 5, 0, 4, 2, 1):
            assert np.array_equal(frames[frame], picture(frame))
    if not name.endswith("tif"):
        assert frames.rate == 5.0 and frames.times == pytest.approx([0.2 * frame for frame in range(FRAMES)])
    save(tmp_path / "b.bmp", picture(0))
    assert open_frames(tmp_path).names == [*(f"a_{frame:05d}" for frame in range(FRAMES)), "b"]


def test_smaller_copies_in_a_tiff_are_no_frames(tmp_path: Path) -> None:
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    info = ImageFileDirectory_v2()
    info[254] = 1
    small = Image.fromarray(picture(0)).resize((48, 36))
    small.encoderinfo = {"tiffinfo": info}
    Image.fromarray(picture(0)).save(tmp_path / "a.tif", save_all=True, append_images=[small])
    frames = open_frames(tmp_path / "a.tif")
    assert len(frames) == 1 and "smaller copies" in frames.notices.lines()[0]


@pytest.mark.parametrize("bits", [10, 12, 16])
def test_deep_pictures_have_one_scale_for_the_clip(tmp_path: Path, bits: int) -> None:
    grey = [np.asarray(Image.fromarray(picture(frame)).convert("L")) for frame in range(3)]
    grey[0] = grey[0] // 4  # darker than the others, and it stays so
    grey[2] = np.maximum(grey[2], np.uint8(255) * (truth(2) == 1))
    for frame, values in enumerate(grey):
        scaled = values.astype(np.uint16) * (257 if bits == 16 else 1 << bits - 8)
        save(tmp_path / "grey" / f"{frame}.png", scaled)
        colour = np.repeat((values.astype(np.uint16) << bits - 8)[..., None], 3, 2)
        (tmp_path / "colour").mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / "colour" / f"{frame}.tif"), colour)
    for kind in ("grey", "colour"):
        frames = open_frames(tmp_path / kind)
        for frame, values in enumerate(grey):
            assert np.array_equal(frames[frame], np.repeat(values[..., None], 3, 2)), kind


def leave_behind(folder: Path, *names: str) -> None:
    for name in (".DS_Store", "Thumbs.db", "desktop.ini", *(f"._{name}" for name in names)):
        (folder / name).write_bytes(b"\0\5\26\7")
    (folder / "__MACOSX").mkdir(exist_ok=True)


def test_what_systems_leave_is_passed_over_and_the_rest_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    save_clip(tmp_path / "clip", 8, "{:03d}.jpg")
    clip = tmp_path / "clip"
    leave_behind(clip, "000.jpg")
    (clip / "001.jpg").rename(clip / "001.jfif")
    (clip / "003.jpg").rename(clip / "003.heic")
    (clip / "005.jpg").unlink()
    os.symlink(tmp_path / "nowhere.jpg", clip / "005.jpg")
    (clip / "notes.txt").write_text("mine")
    with caplog.at_level(logging.WARNING):
        frames = open_frames(clip)
    assert frames.names == ["000", "001", "002", "004", "006", "007"]
    told = [line.split(": ", 1)[1] for line in frames.notices.lines()]
    assert told == [
        "numbers left out among the names of the pictures: 3, 5",
        "links that lead nowhere: 005.jpg",
        "not read as pictures and not used: 003.heic, notes.txt",
    ]
    assert all(line in caplog.text for line in told)


def test_missing_numbers() -> None:
    assert missing_numbers(["a1", "a2", "a4", "a5"]) == [3]
    assert missing_numbers([f"{5 * n:05d}" for n in range(4)]) == []
    assert missing_numbers(["00000", "00005", "00010", "00020"]) == [15]
    assert missing_numbers(["17", "930", "88211"]) == [] and missing_numbers(["a", "b", "c"]) == []


def test_paths_as_people_have_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_clip(tmp_path / "my [x] clip 100%", 2, "画面 {}.png")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for path in ("my [x] clip 100%", "my [x] clip 100%/*.png", "~/my [x] clip 100%", "./my*/../my [x] clip 100%/画*"):
        if "my*" not in path:
            assert open_frames(path).names == ["画面 0", "画面 1"]
    decomposed = tmp_path / unicodedata.normalize("NFD", "Café")
    save_clip(decomposed, 2)
    assert existing(tmp_path / unicodedata.normalize("NFC", "Café")) == decomposed
    assert len(open_frames(unicodedata.normalize("NFC", "Café"))) == 2


def test_a_lenient_clip_goes_on_past_a_broken_picture(tmp_path: Path) -> None:
    save_clip(tmp_path, 5, "{}.png")
    (tmp_path / "0.png").write_bytes(b"")
    whole = (tmp_path / "3.png").read_bytes()
    (tmp_path / "3.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"0\.png"):
        open_frames(tmp_path)
    frames = open_frames(tmp_path, lenient=True)
    expected = [1, 1, 2, 2, 4]
    assert all(np.array_equal(frames[place], picture(frame)) for place, frame in enumerate(expected))
    assert sorted(frames.unreadable) == [0, 3] and "3.png" in frames.unreadable[3]
    for file in tmp_path.iterdir():
        file.write_bytes(b"")
    with pytest.raises(InputError, match="not a readable picture"):
        open_frames(tmp_path, lenient=True)


# -------------------------------------------------------------------------------------------------- DAVIS folders


def davis(root: Path, name: str, count: int, every: int = 1) -> Path:
    for frame in range(count):
        save(root / "JPEGImages" / "480p" / "a" / name.format(frame + 1), picture(frame))
        if frame % every == 0:
            save_mask(root / "Annotations" / "480p" / "a" / f"{Path(name.format(frame + 1)).stem}.png", truth(frame))
    return root


def test_a_davis_folder_is_in_natural_order(tmp_path: Path) -> None:
    (sequence,) = DavisFolder(davis(tmp_path, "frame{}.png", 12)).sequences
    assert [path.stem for path in sequence.frame_paths] == [f"frame{number}" for number in range(1, 13)]
    for frame in (1, 10):
        assert np.array_equal(sequence.frame(frame), picture(frame))
        assert np.array_equal(sequence.mask(frame), truth(frame))
    assert np.array_equal(sequence.clip(2, 5)[1], picture(3))


def test_a_davis_folder_copied_by_a_mac(tmp_path: Path) -> None:
    root = davis(tmp_path, "{:05d}.png", 3)
    for part in ("JPEGImages", "Annotations"):
        leave_behind(root / part / "480p", "a")
        leave_behind(root / part / "480p" / "a", "00001.png", "00002.png")
        (root / part / "480p" / "New folder").mkdir()
    folder = DavisFolder(root)
    assert [len(sequence) for sequence in folder.sequences] == [3] and not folder.notices


def test_masks_on_every_fifth_frame_are_a_clip_and_it_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    root = davis(tmp_path, "{:05d}.png", 11, every=5)
    save_mask(root / "Annotations" / "480p" / "a" / "00099.png", truth(0))
    with caplog.at_level(logging.WARNING):
        (sequence,) = DavisFolder(root).sequences
    assert [path.stem for path in sequence.frame_paths] == ["00001", "00006", "00011"]
    assert np.array_equal(sequence.mask(1), truth(5)) and np.array_equal(sequence.frame(1), picture(5))
    assert "annotated on some frames only" in caplog.text and "fit no frame, not used: a/00099.png" in caplog.text


def test_parts_of_a_deep_clip_have_its_scale(tmp_path: Path) -> None:
    files = [save(tmp_path / f"{n}.png", np.full(SIZE, value, np.uint16)) for n, value in enumerate((100, 4095))]
    whole = PictureFrames("x", files)
    assert PictureFrames("x", files[:1], whole.depth)[0].max() == 100 >> 4


@pytest.mark.parametrize("deep", [False, True])
def test_a_turned_grey_tiff(tmp_path: Path, deep: bool) -> None:
    grey = np.asarray(Image.fromarray(picture(0)).convert("L")).astype(np.uint16 if deep else np.uint8)
    stored = Image.fromarray(np.ascontiguousarray(np.rot90(grey * (257 if deep else 1), 1)))
    exif = stored.getexif()
    exif[274] = 6
    stored.save(tmp_path / "a.tif", exif=exif)
    (frame,) = open_frames(tmp_path / "a.tif")
    assert np.array_equal(frame, np.repeat(grey[..., None], 3, 2).astype(np.uint8)) or deep
    assert frame.shape[:2] == SIZE and np.corrcoef(frame[..., 0].ravel(), grey.ravel())[0, 1] > 0.999


@pytest.mark.parametrize("orientation", STORED)
def test_a_turned_deep_colour_tiff(tmp_path: Path, orientation: int) -> None:
    stored = np.ascontiguousarray(STORED[orientation](picture(0))).astype(np.uint16) * 257
    cv2.imwrite(str(tmp_path / "a.tif"), stored[..., ::-1])
    assert np.array_equal(open_frames(tmp_path / "a.tif")[0], STORED[orientation](picture(0)))
    _add_orientation(tmp_path / "a.tif", orientation)
    frames = open_frames(tmp_path / "a.tif")
    assert frames.size == SIZE and np.array_equal(frames[0], picture(0))


def _add_orientation(file: Path, orientation: int) -> None:
    """Write the tag into a little-endian TIFF: its directory goes to the end, a little longer."""
    data = bytearray(file.read_bytes())
    (place,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, place)
    tags = [bytes(data[place + 2 + 12 * tag : place + 14 + 12 * tag]) for tag in range(count)]
    tags = [tag for tag in tags if tag[:2] != struct.pack("<H", 274)]
    tags = sorted([*tags, struct.pack("<HHIHH", 274, 3, 1, orientation, 0)], key=lambda tag: tag[1] * 256 + tag[0])
    data += bytes(len(data) % 2)
    struct.pack_into("<I", data, 4, len(data))
    file.write_bytes(bytes(data) + struct.pack("<H", len(tags)) + b"".join(tags) + bytes(4))
