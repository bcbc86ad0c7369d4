"""Single pictures of the kinds: cut-outs, mattes, binary masks."""

from __future__ import annotations

import cv2
import numpy as np

from paddlevideo.writers.formats.binary import encode_binary
from paddlevideo.writers.formats.cutout import cut_out, encode_cutout, premultiply
from paddlevideo.writers.formats.matte import matte

FRAME = np.full((33, 47, 3), (200, 120, 40), np.uint8)
MASK = np.zeros((33, 47), np.uint8)
MASK[8:24, 10:30], MASK[25:30, 5:20] = 1, 3


def _decoded(png: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)


def test_colours_stay_beneath_what_is_transparent() -> None:
    picture = cut_out(FRAME, MASK)
    assert np.array_equal(picture[..., 3], np.where(MASK > 0, 255, 0)) and np.array_equal(picture[..., :3], FRAME)
    assert np.array_equal(_decoded(encode_cutout(picture))[..., [2, 1, 0, 3]], picture)


def test_only_the_objects_are_left() -> None:
    picture = premultiply(cut_out(FRAME, MASK))
    assert np.array_equal(picture[..., 3], np.where(MASK > 0, 255, 0))
    assert np.array_equal(picture[MASK > 0][:, :3], FRAME[MASK > 0]) and not picture[MASK == 0].any()
    assert np.array_equal(_decoded(encode_cutout(picture))[..., [2, 1, 0, 3]], picture)


def test_mattes_and_binary_masks() -> None:
    assert np.array_equal(matte(MASK)[..., 1], np.where(MASK > 0, 255, 0))
    assert np.array_equal(_decoded(encode_binary(MASK, 3)), np.where(MASK == 3, 255, 0))
