"""Cut-out objects: transparency, mattes, binary masks."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np

from paddlevideo.writers.cutout import CutoutWriter, cut_out, encode_binary, encode_cutout, matte

FRAME = np.full((33, 47, 3), (200, 120, 40), np.uint8)
MASK = np.zeros((33, 47), np.uint8)
MASK[8:24, 10:30], MASK[25:30, 5:20] = 1, 3


def _decoded(png: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)


def test_only_the_objects_are_left() -> None:
    picture = cut_out(FRAME, MASK)
    assert np.array_equal(picture[..., 3], np.where(MASK > 0, 255, 0))
    assert np.array_equal(picture[MASK > 0][:, :3], FRAME[MASK > 0]) and not picture[MASK == 0].any()
    assert np.array_equal(_decoded(encode_cutout(picture))[..., [2, 1, 0, 3]], picture)


def test_mattes_and_binary_masks() -> None:
    assert np.array_equal(matte(MASK)[..., 1], np.where(MASK > 0, 255, 0))
    assert np.array_equal(_decoded(encode_binary(MASK, 3)), np.where(MASK == 3, 255, 0))


def test_a_video_keeps_its_transparency(tmp_path: Path) -> None:
    path = tmp_path / "cutout.webm"
    with CutoutWriter(path, 25.0, MASK.shape) as video:
        for _ in range(5):
            video.write(cut_out(FRAME, MASK))
    decoder = av.CodecContext.create("libvpx-vp9", "r")  # FFmpeg's own decoder knows no transparency
    with av.open(str(path)) as container:
        assert container.streams.video[0].metadata.get("alpha_mode") == "1"
        frames = [frame for packet in container.demux(video=0) for frame in decoder.decode(packet)]
    assert len(frames) == 5
    shown = frames[3].to_ndarray(format="rgba")[:33, :47]
    assert ((shown[..., 3] > 127) == (MASK > 0)).mean() > 0.98
    assert abs(shown[12:20, 14:26, :3].astype(int) - FRAME[12:20, 14:26]).mean() < 6
