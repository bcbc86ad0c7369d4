"""What compositors get: transparency, the colours beneath, a matte an object."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import OpenEXR
import pytest
from PIL import Image

from paddlevideo.writers.clip_info import ObjectInfo
from tests.writers.clip import FRAMES, SIZE, Frames, clip, palette_masks, twins, write


def decoded(path: Path, decoder: str = "") -> list[np.ndarray]:
    """Return a video's pictures as (H, W, 4) uint8 RGBA."""
    with av.open(str(path)) as container:
        context = av.CodecContext.create(decoder, "r") if decoder else container.streams.video[0].codec_context
        packets = container.demux(video=0)
        frames = [frame.to_ndarray(format="rgba") for packet in packets for frame in context.decode(packet)]
    return [frame[: SIZE[0], : SIZE[1]] for frame in frames]


@pytest.mark.parametrize("kind", ["cutout", "cutout_premultiplied"])
def test_png(kind: str, tmp_path: Path) -> None:
    folder, masks = write(tmp_path, kind), palette_masks(tmp_path)
    for t, frame in enumerate(Frames()):
        inside = masks[t] > 0
        with Image.open(folder / f"shot{t}.png") as image:
            picture = np.array(image)
        assert image.mode == "RGBA" and np.array_equal(picture[..., 3], inside * np.uint8(255))
        beneath = frame if kind == "cutout" else frame * inside[..., None]
        assert np.array_equal(picture[..., :3], beneath)


@pytest.mark.parametrize("kind", ["exr", "exr_premultiplied"])
def test_exr(kind: str, tmp_path: Path) -> None:
    folder = write(tmp_path, kind, replace(clip(), pixel_aspect=Fraction(4, 3)))
    masks = palette_masks(tmp_path)
    for t in range(FRAMES):
        with OpenEXR.File(str(folder / f"shot{t}.exr")) as file:
            picture, aspect = file.channels()["RGBA"].pixels, file.header()["pixelAspectRatio"]
        inside = masks[t] > 0
        light = (((60 + 20 * t) / 255 + 0.055) / 1.055) ** 2.4  # of sRGB's grey
        beneath = np.full(SIZE, light) if kind == "exr" else light * inside
        assert picture.dtype == np.float16 and np.array_equal(picture[..., 3], inside)
        np.testing.assert_allclose(picture[..., :3], beneath[..., None].repeat(3, 2), atol=1e-3)
        assert aspect == pytest.approx(4 / 3)


@pytest.mark.parametrize(("kind", "decoder"), [("prores", ""), ("cutout_webm", "libvpx-vp9")])
def test_videos_with_alpha(kind: str, decoder: str, tmp_path: Path) -> None:
    path, masks = write(tmp_path, kind), palette_masks(tmp_path)
    pictures = decoded(path, decoder)
    assert len(pictures) == FRAMES
    for picture, mask, frame in zip(pictures, masks, Frames(), strict=True):
        wrong = (picture[..., 3] > 127) != (mask > 0)
        assert wrong.mean() <= (0 if kind == "prores" else 0.02)
        assert np.abs(picture[..., :3].astype(int) - frame).max() <= 6  # beneath what is transparent, too


def test_prores_is_4444_with_alpha(tmp_path: Path) -> None:
    path, masks = write(tmp_path, "prores"), palette_masks(tmp_path)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.profile, stream.width, stream.height) == (
            "prores",
            "4444",
            *SIZE[::-1],
        )
        assert stream.pix_fmt.startswith("yuva444p")
    for picture, mask in zip(decoded(path), masks, strict=True):
        assert np.array_equal(picture[..., 3], (mask > 0) * np.uint8(255))


def test_a_matte_for_each_object(tmp_path: Path) -> None:
    folder, masks = write(tmp_path, "mattes"), palette_masks(tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == ["object_1.mp4", "object_3_dog.mp4"]
    for name, number in (("object_1.mp4", 1), ("object_3_dog.mp4", 3)):
        video = cv2.VideoCapture(str(folder / name))
        shown = [video.read()[1][: SIZE[0], : SIZE[1], 0] > 127 for _ in range(FRAMES)]
        assert all(np.array_equal(inside, mask == number) for inside, mask in zip(shown, masks, strict=True))
    names = [path.name for path in write(tmp_path / "twins", "mattes", twins()).iterdir()]
    assert sorted(names) == ["object_1_the__dog____co.mp4", "object_3_the__dog____co.mp4"]


@pytest.mark.parametrize(
    ("name", "file"),
    [("", "object_7"), ("../..", "object_7"), ("a/b:c*", "object_7_a_b_c_"), ("狗", "object_7_狗"), ("x" * 300, None)],
)
def test_names_of_files(name: str, file: str | None) -> None:
    assert ObjectInfo(7, name).file_name == (file or f"object_7_{'x' * 60}")
