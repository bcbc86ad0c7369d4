"""What stands in the files of each kind."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from paddlevideo.loader.mask_file import read_mask
from paddlevideo.loader.scribbles import read_rounds
from paddlevideo.writers.exporter import find_exporters, write_clip
from paddlevideo.writers.rle import decode_record
from tests.writers.clip import FRAMES, SIZE, STROKES, Frames, clip, mask, write
from tests.writers.test_sound import film


def written(folder: Path, kind: str, show_strokes: bool = False) -> Path:
    """Export this kind and return where it is."""
    [exporter] = find_exporters([kind])
    path = folder / exporter.name
    for _ in write_clip([exporter(clip(show_strokes), path)], Frames(), mask):
        pass
    return path


def pictures(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24")[: SIZE[0], : SIZE[1]] for frame in container.decode(video=0)]


def test_palette(tmp_path: Path) -> None:
    folder = written(tmp_path, "palette")
    assert sorted(path.name for path in folder.iterdir()) == [f"shot{t}.png" for t in range(FRAMES)]
    assert all(np.array_equal(read_mask(folder / f"shot{t}.png"), mask(t)) for t in range(FRAMES))


def test_binary(tmp_path: Path) -> None:
    folder = written(tmp_path, "binary")
    assert sorted(path.name for path in folder.iterdir()) == ["object_1", "object_3_dog"]
    found = cv2.imread(str(folder / "object_3_dog" / "shot2.png"), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(found, (mask(2) == 3) * np.uint8(255))


def test_overlay_has_the_objects_colours_and_strokes_where_they_are_shown(tmp_path: Path) -> None:
    plain, drawn = (pictures(written(tmp_path / str(shown), "overlay", shown)) for shown in (False, True))
    assert len(plain) == len(drawn) == FRAMES
    red, green, blue = plain[2][23:27, 11:17].mean(axis=(0, 1))
    assert red > blue + 60 and green > blue + 60  # yellow, of its own
    changes = [np.abs(one.astype(int) - other)[27:31, 22:40].mean() for one, other in zip(plain, drawn, strict=True)]
    assert changes[2] > 30 and max(changes[0], changes[1]) < 6


def test_contact_sheet(tmp_path: Path) -> None:
    with Image.open(written(tmp_path, "contact_sheet")) as sheet:
        picture = np.array(sheet)
    yellow = (picture == (255, 200, 0)).all(-1)
    assert picture.shape[1] == 4 * 326 + 6 and yellow[:, 650:980].sum() > 500 and not yellow[:, :640].any()  # frame 2


def test_matte(tmp_path: Path) -> None:
    found = pictures(written(tmp_path, "matte"))
    assert all(((found[t][..., 0] > 127) == (mask(t) > 0)).mean() > 0.97 for t in range(FRAMES))


def test_cutout(tmp_path: Path) -> None:
    found = cv2.imread(str(written(tmp_path, "cutout") / "shot3.png"), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(found[..., 3], (mask(3) > 0) * np.uint8(255)) and (found[mask(3) > 0][:, 0] == 120).all()


def test_cutout_webm(tmp_path: Path) -> None:
    with av.open(str(written(tmp_path, "cutout_webm"))) as container:
        assert container.streams.video[0].metadata.get("alpha_mode") == "1"
        assert sum(1 for _ in container.decode(video=0)) == FRAMES


def test_rle_is_what_json_makes_of_all_at_once(tmp_path: Path) -> None:
    text = written(tmp_path, "rle").read_text()
    document = json.loads(text)
    assert json.dumps(document) == text
    assert (document["size"], document["frames"]) == (list(SIZE), FRAMES)
    keys = [(each["frame"], each["name"], each["object_id"]) for each in document["annotations"]]
    assert keys == [(t, f"shot{t}", number) for t in range(FRAMES) for number in (1, 3)]
    assert all(np.array_equal(decode_record(r), mask(r["frame"]) == r["object_id"]) for r in document["annotations"])


def test_scribbles(tmp_path: Path) -> None:
    path = written(tmp_path, "scribbles")
    assert read_rounds(path, FRAMES, 1) == [STROKES]
    assert json.loads(path.read_text())["sequence"] == "cat"


def test_videos_have_the_films_sound_times_and_pixel_aspect(tmp_path: Path) -> None:
    times = [0, 0.1, 1.5, 1.6]
    described = replace(
        clip(), source=film(tmp_path / "cat.mp4", "aac"), times=times, pixel_aspect=Fraction(4, 3), rate=2.5
    )
    for kind, sounds in (("overlay", 1), ("matte", 0), ("prores", 0)):
        with av.open(str(write(tmp_path, kind, described))) as container:
            stream = container.streams.video[0]
            assert len(container.streams.audio) == sounds and stream.sample_aspect_ratio == Fraction(4, 3)
            assert [frame.time for frame in container.decode(stream)] == pytest.approx(times, abs=1e-3)
            assert container.duration / av.time_base == pytest.approx(2.0, abs=0.05)
