"""One rule for masks in every form that tools save them in."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter

from paddlevideo.loader.mask_file import MaskReader, check_size, read_mask
from paddlevideo.loader.notices import Notices
from paddlevideo.loader.palette import PALETTE
from paddlevideo.utils.errors import InputError

from .drawn import save, save_mask, truth

IDS = truth(0)
ONE = IDS == 1
RED_GREEN = np.array([(0, 0, 0), (255, 0, 0), (0, 255, 0)], np.uint8)


def read(*paths: Path, max_objects: int = 20) -> tuple[list[np.ndarray], list[str]]:
    notices = Notices()
    reader = MaskReader(paths, max_objects, notices)
    return [reader.read(path) for path in paths], notices.lines()


def grey(one: int, two: int = 0) -> np.ndarray:
    return np.array([0, one, two], np.uint8)[IDS]


def with_palette(pixels: np.ndarray, palette: list[int]) -> Image.Image:
    mask = Image.fromarray(pixels)
    mask.putpalette(palette)
    return mask


def transparent() -> Image.Image:
    return Image.fromarray(np.dstack([np.full((*IDS.shape, 3), 255, np.uint8), ONE.astype(np.uint8) * 255]))


QUIET: dict[str, tuple[Callable[[], Image.Image], np.ndarray]] = {
    "palette ids": (lambda: with_palette(IDS, [0, 0, 0, 9, 9, 200, 200, 9, 9]), IDS),
    "grey ids": (lambda: Image.fromarray(IDS), IDS),
    "grey ids with void": (lambda: Image.fromarray(grey(1, 255)), np.where(IDS == 2, 255, IDS)),
    "16-bit ids": (lambda: Image.fromarray(IDS.astype(np.uint16)), IDS),
    "black and white": (lambda: Image.fromarray(grey(255)), ONE),
    "all white": (lambda: Image.fromarray(np.full(IDS.shape, 255, np.uint8)), np.ones(IDS.shape)),
    "1 bit": (lambda: Image.fromarray(ONE), ONE),
    "16-bit white": (lambda: Image.fromarray(ONE.astype(np.uint16) * 65535), ONE),
    "white of a palette": (lambda: with_palette(grey(255), [0, 0, 0] + [255] * 765), ONE),
    "grey with alpha": (lambda: Image.fromarray(grey(255)).convert("LA"), ONE),
    "white in RGB": (lambda: Image.fromarray(grey(255)).convert("RGB"), ONE),
    "white in RGBA": (lambda: Image.fromarray(grey(255)).convert("RGBA"), ONE),
    "painted on transparent": (transparent, ONE),
    "ids in RGB": (lambda: Image.fromarray(IDS).convert("RGB"), IDS),
    "DAVIS's colours": (lambda: Image.fromarray(PALETTE[IDS]), IDS),
    "DAVIS's colours, quantized": (lambda: Image.fromarray(PALETTE[IDS]).quantize(3), IDS),
    "void in DAVIS's colours": (lambda: Image.fromarray(PALETTE[grey(1, 255)]), np.where(IDS == 2, 255, IDS)),
    "nothing": (lambda: Image.fromarray(np.zeros_like(IDS)), np.zeros_like(IDS)),
}


@pytest.mark.parametrize("form", QUIET)
def test_what_is_plain_is_read_without_a_word(tmp_path: Path, form: str) -> None:
    make, expected = QUIET[form]
    make().save(tmp_path / "m.png")
    (ids,), told = read(tmp_path / "m.png")
    assert ids.dtype == np.uint8 and np.array_equal(ids, expected) and told == []


@pytest.mark.parametrize(
    ("pixels", "expected", "said"),
    [
        (grey(128), ONE, "128 is object 1"),
        (grey(254), ONE, "254 is object 1"),
        (grey(127, 255), IDS, "127 is object 1, 255 is object 2"),
        (RED_GREEN[IDS], IDS, "(255, 0, 0) is object 1, (0, 255, 0) is object 2"),
    ],
)
def test_levels_and_colours_become_objects_in_order_and_it_is_said(
    tmp_path: Path, pixels: np.ndarray, expected: np.ndarray, said: str
) -> None:
    (ids,), (told,) = read(save(tmp_path / "m.png", pixels))
    assert np.array_equal(ids, expected) and said in told and "m.png" in told


def test_the_order_is_one_over_all_masks_of_a_clip(tmp_path: Path) -> None:
    both, first, second = (
        save(tmp_path / f"{name}.png", pixels)
        for name, pixels in (("a", RED_GREEN[IDS]), ("b", RED_GREEN[IDS * ONE]), ("c", RED_GREEN[IDS * (IDS == 2)]))
    )
    masks, _ = read(second, first, both)
    assert [np.unique(mask).tolist() for mask in masks] == [[0, 2], [0, 1], [0, 1, 2]]
    levels = [save(tmp_path / f"g{n}.png", grey(*each)) for n, each in enumerate(((127, 255), (0, 255)))]
    masks, _ = read(*levels)
    assert [np.unique(mask).tolist() for mask in masks] == [[0, 1, 2], [0, 2]]
    with pytest.raises(InputError, match=r"white alone is object 1"):
        read(*levels[::-1])


@pytest.mark.parametrize("name", ["m.png", "m.jpg"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_soft_edges_are_cut_at_half_and_it_is_said(tmp_path: Path, name: str, mode: str) -> None:
    Image.fromarray(grey(255)).filter(ImageFilter.GaussianBlur(1.2)).convert(mode).save(tmp_path / name, quality=90)
    (ids,), (told,) = read(tmp_path / name)
    assert (ids != ONE).mean() < 0.002 and "soft edges" in told


REFUSED: dict[str, tuple[Callable[[], Image.Image], str]] = {
    "id 300": (lambda: Image.fromarray(IDS.astype(np.uint16) * 150), "id 300"),
    "id 256": (lambda: Image.fromarray(IDS.astype(np.uint16) * 128), "id 256"),
    "id 255 in 16 bits": (lambda: Image.fromarray(np.array([0, 1, 255], np.uint16)[IDS]), "id 255"),
    "a photograph": (
        lambda: Image.fromarray(np.random.default_rng(0).integers(0, 256, IDS.shape).astype(np.uint8)),
        "levels of grey",
    ),
    "a coloured photograph": (
        lambda: Image.fromarray(np.random.default_rng(0).integers(0, 256, (*IDS.shape, 3)).astype(np.uint8)),
        "colour picture of",
    ),
    "colours close to each other": (lambda: Image.fromarray(np.dstack([IDS, IDS * 2, IDS])), "colour picture"),
    "wholly transparent": (lambda: Image.fromarray(np.zeros((*IDS.shape, 4), np.uint8)), "wholly transparent"),
}


@pytest.mark.parametrize("form", REFUSED)
def test_what_is_no_mask_is_refused_in_a_line(tmp_path: Path, form: str) -> None:
    make, message = REFUSED[form]
    make().save(tmp_path / "m.png")
    with pytest.raises(InputError, match=message) as caught:
        read(tmp_path / "m.png")
    assert str(tmp_path / "m.png") in str(caught.value) and "\n" not in str(caught.value)


def test_a_stack_is_no_mask_and_floats_are_ids_only_when_whole(tmp_path: Path) -> None:
    pages = [Image.fromarray(IDS)] * 2
    pages[0].save(tmp_path / "m.tif", save_all=True, append_images=pages[1:])
    with pytest.raises(InputError, match="2 pages"):
        read(tmp_path / "m.tif")
    for kind in (np.float32, np.int32):
        Image.fromarray(IDS.astype(kind)).save(tmp_path / "f.tif")
        assert np.array_equal(read(tmp_path / "f.tif")[0][0], IDS)
    assert np.array_equal(read(tmp_path / "f.tif")[0][0], IDS)
    Image.fromarray(IDS / np.float32(3)).save(tmp_path / "f.tif")
    with pytest.raises(InputError, match="no whole numbers"):
        read(tmp_path / "f.tif")


def test_many_ids_are_read_where_they_are_asked_for(tmp_path: Path) -> None:
    path = save(tmp_path / "m.png", grey(57, 90))
    assert np.unique(read(path, max_objects=100)[0][0]).tolist() == [0, 57, 90]
    assert np.unique(read(path)[0][0]).tolist() == [0, 1, 2]
    through = save(tmp_path / "n.png", (np.arange(30 * 40) % 30).astype(np.uint8).reshape(30, 40))
    assert read(through)[0][0].max() == 29


def test_masks_of_turned_frames(tmp_path: Path) -> None:
    path = save_mask(tmp_path / "m.png", IDS)
    reader = MaskReader([path])
    assert np.array_equal(reader.read(path, orientation=6), IDS)  # its size tells
    for orientation in (2, 3, 4):
        with pytest.raises(InputError, match="fits it either way"):
            reader.read(path, orientation)
    marked = Image.fromarray(IDS)
    exif = marked.getexif()
    exif[274] = 3
    marked.save(tmp_path / "t.png", exif=exif)
    assert np.array_equal(reader.read(tmp_path / "t.png", 3), IDS[::-1, ::-1])
    with pytest.raises(InputError, match="as stored, lying"):
        check_size(path, IDS, IDS.shape[::-1], 6, "the video")
    shutil.copy(path, tmp_path / "m2.png")
    check_size(path, IDS, IDS.shape, 6, "the video")


@pytest.mark.parametrize(
    ("name", "options", "lossy"),
    [("a.webp", {"quality": 80}, True), ("a.webp", {"lossless": True}, False), ("b.tif", {"compression": "jpeg"}, True),
     ("b.tif", {"compression": "tiff_lzw"}, False)],
)  # fmt: skip
def test_ids_in_a_lossy_picture_are_refused(tmp_path: Path, name: str, options: dict[str, Any], lossy: bool) -> None:
    path = save(tmp_path / name, truth(0), **options)
    if not lossy:
        assert np.array_equal(read_mask(path), truth(0))
        return
    with pytest.raises(InputError, match="is no mask|colour picture"):
        read_mask(path)
