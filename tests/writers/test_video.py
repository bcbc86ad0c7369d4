"""Videos, without and with transparency."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from paddlevideo.writers.formats.cutout import cut_out
from paddlevideo.writers.video import AlphaVideoWriter, VideoWriter

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
