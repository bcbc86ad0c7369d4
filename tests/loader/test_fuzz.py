"""Readers under made-up input: an `InputError` of one line, or a right result; nothing else, and nothing left behind.

FUZZ_EXAMPLES sets how many examples each test tries.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from paddlevideo.loader.davis import DavisFolder
from paddlevideo.loader.first_masks import read_first_masks
from paddlevideo.loader.listing import composed, is_system
from paddlevideo.loader.mask_file import MaskReader
from paddlevideo.loader.replay_file import read_settings
from paddlevideo.loader.scribbles import read_rounds
from paddlevideo.loader.video import open_frames
from paddlevideo.loader.video_collection import pair_clips
from paddlevideo.utils.errors import InputError
from tools.prepare_dataset import main as prepare

from .drawn import SIZE, picture, save, save_film, save_mask, truth

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "25"))
fuzz = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="FUZZ_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
    database=None,
)


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as place:
        yield Path(place)


def refused_or(read: Callable[[], Any]) -> Any:
    """What ``read`` returns, or None where it refuses in one line."""
    try:
        return read()
    except InputError as error:
        assert str(error) and len(str(error).splitlines()) == 1
        return None


# ------------------------------------------------------------------------------------------------------- names

NAMES = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="/\0"), min_size=1, max_size=20).filter(
    lambda name: name not in (".", "..") and len(name.encode()) < 100
)
SUFFIXES = st.sampled_from([".png", ".bmp", ".PNG", ".webp", ".txt", ".mp4", "", ".tif"])


@fuzz
@given(st.lists(st.tuples(NAMES, SUFFIXES), min_size=1, max_size=6, unique=True))
def test_any_file_names(names: list[tuple[str, str]]) -> None:
    with folder() as place:
        for name, suffix in names:
            with contextlib.suppress(OSError):  # of the system
                Image.fromarray(picture(0)).save(place / f"{name}{suffix}", "PNG")
        written = sorted(entry.name for entry in place.iterdir())
        frames = refused_or(lambda: open_frames(place))
        if frames is not None:
            assert len(set(map(composed, frames.names))) == len(frames) >= 1
            used = {file.name for file in frames.files}
            told = {item for each in frames.notices.document() for item in each["items"]}  # type: ignore[attr-defined]
            assert all(name in used or name in told or is_system(Path(name)) for name in written)
            assert all(np.array_equal(frame, picture(0)) for frame in frames)
        for name in written:
            refused_or(lambda name=name: open_frames(place / name))  # type: ignore[misc]
        refused_or(lambda: pair_clips(str(place), str(place), None))
        assert sorted(entry.name for entry in place.iterdir()) == written


# ------------------------------------------------------------------------------------------------------- pictures

MODES = ["1", "L", "P", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "I", "F"]
FORMATS = {"png": "PNG", "tif": "TIFF", "bmp": "BMP", "jpg": "JPEG", "webp": "WEBP"}


@st.composite
def pictures(draw: st.DrawFn) -> tuple[str, bytes, str, int]:
    """A small picture of any mode, orientation and format: (suffix, file, mode, orientation)."""
    mode = draw(st.sampled_from(MODES))
    size = draw(st.tuples(st.integers(1, 12), st.integers(1, 12)))
    most = draw(st.sampled_from([1, 2, 20, 255, 4095, 65535]))
    values = np.random.default_rng(draw(st.integers(0, 1 << 30))).integers(0, most + 1, size)
    if mode == "I;16":
        made = Image.fromarray(values.astype(np.uint16))
    elif mode in ("I", "F"):
        made = Image.fromarray(values.astype(np.int32 if mode == "I" else np.float32))
    else:
        made = Image.fromarray((values % 256).astype(np.uint8)).convert(mode)
    orientation = draw(st.integers(0, 9))
    exif = made.getexif()
    exif[274] = orientation
    for suffix in draw(st.permutations(sorted(FORMATS))):
        data = io.BytesIO()
        with contextlib.suppress(OSError, KeyError, ValueError):  # not every format has every mode
            made.save(data, FORMATS[suffix], exif=exif)
            return suffix, data.getvalue(), mode, orientation
    return "png", b"", mode, orientation


@fuzz
@given(pictures())
def test_any_picture_as_a_frame_and_as_a_mask(made: tuple[str, bytes, str, int]) -> None:
    suffix, data, mode, _ = made
    with folder() as place:
        file = place / f"a.{suffix}"
        file.write_bytes(data)
        frames = refused_or(lambda: open_frames(file))
        frame = refused_or(lambda: frames[0]) if frames is not None else None
        assert data == b"" or mode == "F" or frame is not None
        if frame is not None:
            assert frame.dtype == np.uint8 and frame.shape == (*frames.size, 3)
        mask = refused_or(lambda: MaskReader([file]).read(file))
        if mask is not None:
            assert mask.dtype == np.uint8 and mask.ndim == 2
            assert frame is None or suffix == "bmp" or mask.shape == frame.shape[:2]


@fuzz
@given(st.lists(st.integers(0, 70000), min_size=1, max_size=6, unique=True), st.booleans(), st.integers(0, 99))
def test_any_mask_values_keep_their_areas_apart_or_are_refused(values: list[int], deep: bool, seed: int) -> None:
    kind, values = (np.uint16, [v % 65536 for v in values]) if deep else (np.uint8, [v % 256 for v in values])
    areas = np.random.default_rng(seed).integers(0, len(values), (16, 16)).repeat(2, 0).repeat(2, 1)
    pixels = np.array(values, kind)[areas]
    with folder() as place:
        mask = refused_or(lambda: MaskReader([place / "m.png"]).read(save(place / "m.png", pixels)))
    if mask is not None:
        pairs = set(zip(pixels.ravel().tolist(), mask.ravel().tolist(), strict=True))
        background = {value for value, number in pairs if number == 0}
        assert len(pairs) == len(set(pixels.ravel().tolist()))  # a value is one object
        assert background <= {0} and len({number for _, number in pairs}) == len(pairs)


FILES: dict[str, Callable[[Path], Path]] = {
    "a.png": lambda path: save(path, picture(0)),
    "a.jpg": lambda path: save(path, picture(0)),
    "a.tif": lambda path: save(path, picture(0)),
    "a.webp": lambda path: save(path, picture(0)),
    "b.png": lambda path: save_mask(path, truth(0)),
    "c.png": lambda path: save(path, np.full(SIZE, 4000, np.uint16)),
    "v.mp4": lambda path: save_film(path, 8, options={"g": "3", "bf": "1"}),
    "v.mkv": lambda path: save_film(path, 8, options={"g": "3", "bf": "1"}),
    "v.avi": lambda path: save_film(path, 8, "mjpeg", "yuvj420p"),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    place = tmp_path_factory.mktemp("whole")
    return {name: make(place / name).read_bytes() for name, make in FILES.items()}


@pytest.mark.parametrize("name", FILES)
def test_truncated_and_spoiled_files(whole: dict[str, bytes], name: str) -> None:
    @settings(fuzz, max_examples=max(4, EXAMPLES // 2))
    @given(st.floats(0, 1), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 7)), max_size=12), st.booleans())
    def attempt(keep: float, flips: list[tuple[float, int]], lenient: bool) -> None:
        data = bytearray(whole[name])
        if not flips:
            del data[int(len(data) * keep) :]
        for where, bit in flips:
            data[int((len(data) - 1) * where)] ^= 1 << bit
        with folder() as place:
            file = place / name
            file.write_bytes(data)
            frames = refused_or(lambda: open_frames(file, lenient=lenient))
            for index in range(min(len(frames), 20)) if frames is not None else ():
                frame = refused_or(lambda index=index: frames[index])  # type: ignore[misc]
                assert frame is None or frame.shape == (*frames.size, 3)
            if not name.startswith("v"):
                mask = refused_or(lambda: MaskReader([file]).read(file))
                assert mask is None or mask.ndim == 2
            assert [entry.name for entry in place.iterdir()] == [name]

    attempt()


# ------------------------------------------------------------------------------------------------------- JSON

LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-(1 << 70), 1 << 70), st.floats(), st.text(max_size=5), st.integers(-1, 3)
)
KEYS = ["images", "annotations", "id", "image_id", "file_name", "segmentation", "category_id", "track_id", "attributes"]
KEYS += ["size", "counts", "shapes", "imagePath", "label", "points", "shape_type", "regions", "filename", "name", "rle"]
KEYS += ["scribbles", "path", "object_id", "annotated_frame", "objects", "propagations", "span", "frames", "mask"]
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)
)


def swapped(document: Any, place: list[int], leaf: Any) -> Any:
    """Return the document with what lies at ``place`` (a path of places, taken modulo) replaced by ``leaf``."""
    if not place or not isinstance(document, (dict, list)) or not document:
        return leaf
    keys = list(document) if isinstance(document, dict) else list(range(len(document)))
    key = keys[place[0] % len(keys)]
    changed = document.copy()
    changed[key] = swapped(document[key], place[1:], leaf)
    return changed


OUTLINE = [2.0, 2.0, 30.0, 2.0, 30.0, 20.0]
RLE = {"size": list(SIZE), "counts": [10, 20, SIZE[0] * SIZE[1] - 30]}
GOOD: list[Any] = [
    {
        "images": [{"id": 1, "file_name": "0.png"}, {"id": 2, "file_name": "1.png"}],
        "annotations": [
            {"image_id": 1, "category_id": 1, "segmentation": [OUTLINE], "attributes": {"track_id": 1}},
            {"image_id": 2, "category_id": 2, "segmentation": RLE},
        ],
    },
    {"annotations": [{"name": "0", "object_id": 1, "rle": {"size": list(SIZE), "counts": "0180000"}}]},
    {
        "version": "5",
        "imagePath": "0.png",
        "shapes": [{"label": "a", "points": [[1, 1], [9, 1], [9, 9]], "group_id": 1}],
    },
    {
        "k": {
            "filename": "0.png",
            "regions": [
                {
                    "shape_attributes": {"name": "polygon", "all_points_x": [1, 9, 9], "all_points_y": [1, 1, 9]},
                    "region_attributes": {"object_id": "1"},
                }
            ],
        }
    },
]
ROUND = {"scribbles": [[{"path": [[0.1, 0.2], [0.3, 0.4]], "object_id": 1}], []], "annotated_frame": 0}
ROUND |= {"propagations": [{"objects": [1], "span": [0, 1], "frames": 2}]}
DOCUMENTS = st.one_of(
    JSON, st.builds(swapped, st.sampled_from(GOOD), st.lists(st.integers(0, 9), min_size=1, max_size=6), JSON)
)


@fuzz
@given(DOCUMENTS)
def test_any_annotation(document: Any) -> None:
    with folder() as place:
        for frame in range(3):
            save(place / "frames" / f"{frame}.png", picture(frame))
        (place / "a.json").write_text(json.dumps(document))
        said = io.StringIO()
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            code = prepare([str(place / "a.json"), str(place / "out"), "--frames", str(place / "frames")])
        lines = [line for line in said.getvalue().splitlines() if line.startswith("error: ")]
        assert (code, len(lines)) in ((0, 0), (2, 1))
        names = sorted(entry.name for entry in place.iterdir())
        assert names == (["a.json", "frames", "out"] if code == 0 else ["a.json", "frames"])
        if code == 0:
            assert all(len(each.mask(0).shape) == 2 for each in DavisFolder(place / "out").sequences)


@fuzz
@given(st.one_of(JSON, st.builds(swapped, st.just(ROUND), st.lists(st.integers(0, 9), min_size=1, max_size=6), JSON)))
def test_any_strokes(document: Any) -> None:
    with folder() as place:
        (place / "s.json").write_text(json.dumps(document))
        rounds = refused_or(lambda: read_rounds(place / "s.json", 2))
        if rounds is not None:
            strokes = [stroke for each in rounds for stroke in each]
            assert all(0 <= value <= 1 for stroke in strokes for point in stroke.points for value in point)
            refused_or(lambda: read_settings(place / "s.json", 2))


@fuzz
@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    with folder() as place:
        save(place / "frames" / "0.png", picture(0))
        for name in ("a.json", "a.xml", "a.png", "a.mp4", "a"):
            (place / name).write_bytes(data)
            refused_or(lambda name=name: open_frames(place / name))  # type: ignore[misc]
        frames = open_frames(place / "frames")
        refused_or(lambda: read_first_masks(place / "a.png", frames))
        refused_or(lambda: read_rounds(place / "a.json", 1))
        for name in ("a.json", "a.xml"):
            with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
                assert prepare([str(place / name), "--check", "--frames", str(place / "frames")]) == 2


@fuzz
@given(st.text("<>/ \"='&;abox,.0123456789annotationspolygontrackimagemasklabelframe", max_size=120))
def test_any_xml(text: str) -> None:
    with folder() as place:
        save(place / "frames" / "0.png", picture(0))
        (place / "a.xml").write_text(f"<annotations>{text}</annotations>")
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            assert prepare([str(place / "a.xml"), "--check", "--frames", str(place / "frames")]) in (0, 2)
