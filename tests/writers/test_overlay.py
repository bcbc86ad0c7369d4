"""Overlay pictures and the video of them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from paddlevideo.loader.scribbles import Stroke
from paddlevideo.writers.masks import PALETTE
from paddlevideo.writers.overlay import OverlayWriter, draw_overlay, draw_strokes

FRAME = np.full((60, 80, 3), 100, np.uint8)


def test_overlay_colours_objects_and_leaves_the_rest() -> None:
    mask = np.zeros((60, 80), np.uint8)
    mask[10:50, 10:40], mask[10:50, 40:70] = 1, 2
    picture = draw_overlay(FRAME, mask, alpha=0.25)
    assert (picture[mask == 0] == 100).all()
    assert picture[30, 25].tolist() == np.rint(100 * 0.75 + PALETTE[1] * 0.25).tolist()
    assert picture[30, 55].tolist() == np.rint(100 * 0.75 + PALETTE[2] * 0.25).tolist()
    assert picture[10, 25].tolist() == [191, 127, 127]  # outline
    assert (FRAME == 100).all()


def test_empty_mask_is_the_frame() -> None:
    frame = FRAME.copy()
    frame.flags.writeable = False
    assert np.array_equal(draw_overlay(frame, np.zeros((60, 80), np.uint8)), FRAME)


def test_strokes_show_where_they_are() -> None:
    strokes = [Stroke(1, 0, ((0.1, 0.5), (0.9, 0.5))), Stroke(0, 0, ((0.5, 0.1),))]
    drawn = draw_strokes(FRAME, strokes)
    assert drawn[30, 40].tolist() == [191, 127, 127]
    assert drawn[6, 40].tolist() == [255, 255, 255]
    assert (drawn[50:] == 100).all() and (FRAME == 100).all()


@pytest.mark.parametrize("size", [(60, 80), (61, 81)])
def test_video(tmp_path: Path, size: tuple[int, int]) -> None:
    colours = [(200, 40, 40), (40, 200, 40), (40, 40, 200), (90, 90, 90)]
    path = tmp_path / "o.mp4"
    with OverlayWriter(path, 24000 / 1001, size) as writer:
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
    with pytest.raises(ValueError, match="shape"), OverlayWriter(tmp_path / "o.mp4", 25, (60, 80)) as writer:
        writer.write(FRAME)
        writer.write(FRAME[:30])
    assert list(tmp_path.iterdir()) == []
