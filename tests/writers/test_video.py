"""Videos, without and with transparency."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from paddlevideo.writers.formats.cutout import cut_out
from paddlevideo.writers.video import AlphaVideoWriter, Look, ProResWriter, VideoWriter

FRAME = np.full((60, 80, 3), 100, np.uint8)
COLOURED = np.full((33, 47, 3), (200, 120, 40), np.uint8)
MASK = np.zeros((33, 47), np.uint8)
MASK[8:24, 10:30], MASK[25:30, 5:20] = 1, 3


@pytest.mark.parametrize("size", [(60, 80), (61, 81)])
def test_video(tmp_path: Path, size: tuple[int, int]) -> None:
    colours = [(200, 40, 40), (40, 200, 40), (40, 40, 200), (90, 90, 90)]
    path = tmp_path / "o.mp4"
    with VideoWriter(path, 24000 / 1001, size) as writer:
        for colour in colours:
            writer.write(np.full((*size, 3), colour, np.uint8))
        assert not path.exists()
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        assert stream.average_rate == Fraction(24000, 1001)
        assert (stream.height, stream.width) == (60 + size[0] % 2 * 2, 80 + size[1] % 2 * 2)
        shown = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
    assert len(shown) == len(colours)
    for picture, colour in zip(shown, colours, strict=True):
        np.testing.assert_allclose(picture.mean((0, 1)), colour, atol=6)


def test_nothing_is_left_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="shape"), VideoWriter(tmp_path / "o.mp4", 25, (60, 80)) as writer:
        writer.write(FRAME)
        writer.write(FRAME[:30])
    assert list(tmp_path.iterdir()) == []


def test_a_video_keeps_its_transparency(tmp_path: Path) -> None:
    path = tmp_path / "cutout.webm"
    with AlphaVideoWriter(path, 25.0, MASK.shape) as video:
        for _ in range(5):
            video.write(cut_out(COLOURED, MASK))
    decoder = av.CodecContext.create("libvpx-vp9", "r")  # FFmpeg's own decoder knows no transparency
    with av.open(str(path)) as container:
        assert container.streams.video[0].metadata.get("alpha_mode") == "1"
        frames = [frame for packet in container.demux(video=0) for frame in decoder.decode(packet)]
    assert len(frames) == 5
    shown = frames[3].to_ndarray(format="rgba")[:33, :47]
    assert ((shown[..., 3] > 127) == (MASK > 0)).mean() > 0.98
    assert abs(shown[12:20, 14:26, :3].astype(int) - COLOURED[12:20, 14:26]).mean() < 6


def shown_at(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        return [frame.time for frame in container.decode(video=0)]


@pytest.mark.parametrize(
    ("kind", "name"), [(VideoWriter, "o.mp4"), (AlphaVideoWriter, "o.webm"), (ProResWriter, "o.mov")]
)
def test_pictures_are_shown_when_the_film_shows_them(kind: type[VideoWriter], name: str, tmp_path: Path) -> None:
    times = [0, 0.1, 0.2, 0.3, 0.4, 3, 3.033, 3.066, 3.1, 3.133, 3.166, 3.2]
    with kind(tmp_path / name, len(times) / 3.2, (33, 47), Look(times)) as writer:
        for _ in times:
            writer.write(np.zeros((33, 47, 3 if kind is VideoWriter else 4), np.uint8))
    np.testing.assert_allclose(shown_at(tmp_path / name), times, atol=0.0011)
    with av.open(str(tmp_path / name)) as container:
        assert container.duration / av.time_base == pytest.approx(3.2 + 3.2 / len(times), abs=0.002)


def test_times_of_an_even_pace_change_nothing(tmp_path: Path) -> None:
    paths = tmp_path / "plain.mp4", tmp_path / "timed.mp4"
    for path, times in zip(paths, ([], [0, 0.042, 0.083, 0.125]), strict=True):  # in milliseconds
        with VideoWriter(path, 24, (60, 80), Look(times)) as writer:
            for _ in range(4):
                writer.write(FRAME)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_pictures_of_one_time_follow_each_other(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "o.mp4", 10, (60, 80), Look([0, 1, 1, 1.0001, 2])) as writer:
        for _ in range(5):
            writer.write(FRAME)
    np.testing.assert_allclose(shown_at(tmp_path / "o.mp4"), [0, 1, 1.001, 1.002, 2], atol=1e-4)


@pytest.mark.parametrize("aspect", [Fraction(4, 3), Fraction(8, 9)])
def test_pixels_keep_their_shape(aspect: Fraction, tmp_path: Path) -> None:
    for kind, name in ((VideoWriter, "o.mp4"), (ProResWriter, "o.mov")):
        with kind(tmp_path / name, 25, (60, 80), Look(pixel_aspect=aspect)) as writer:
            writer.write(np.zeros((60, 80, 3 if kind is VideoWriter else 4), np.uint8))
        with av.open(str(tmp_path / name)) as container:
            stream = container.streams.video[0]
            assert (stream.sample_aspect_ratio, stream.width, stream.height) == (aspect, 80, 60)


def test_webm_has_square_pixels(tmp_path: Path) -> None:
    for aspect, size in ((Fraction(4, 3), (60, 108)), (Fraction(8, 9), (68, 80))):  # made even
        with AlphaVideoWriter(tmp_path / "o.webm", 25, (60, 80), Look(pixel_aspect=aspect)) as writer:
            writer.write(np.zeros((60, 80, 4), np.uint8))
        with av.open(str(tmp_path / "o.webm")) as container:
            assert (container.streams.video[0].height, container.streams.video[0].width) == size
