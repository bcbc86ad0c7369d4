"""What the network is fed: sizes, channel order, statistics."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from paddlevideo.loader.preprocess import Preprocess
from paddlevideo.utils.errors import InputError

FRAME = np.random.default_rng(0).integers(0, 256, (36, 64, 3), dtype=np.uint8)


def test_default_is_the_reference() -> None:
    pixels = cv2.resize(FRAME[..., ::-1].astype(np.float32), (854, 480), interpolation=cv2.INTER_CUBIC)
    assert pixels.min() < 0 and pixels.max() > 255  # cubic overshoot is kept
    expected = (pixels / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
    fed = Preprocess()(FRAME)
    assert fed.shape == (3, 480, 854) and fed.dtype == np.float32 and fed.flags.c_contiguous
    np.testing.assert_allclose(fed, expected.transpose(2, 0, 1), atol=2e-6)


def test_native_size_is_not_resampled() -> None:
    fed = Preprocess(color="rgb", mean=[0, 0, 0], std=[1, 1, 1], size=None)(FRAME)
    np.testing.assert_allclose(fed, FRAME.transpose(2, 0, 1) / 255, atol=1e-7)


def test_statistics_belong_to_the_fed_channels() -> None:
    red = np.zeros((4, 4, 3), np.uint8)
    red[..., 0] = 255
    fed = Preprocess(color="bgr", mean=[0.1, 0.2, 0.3], std=[1, 2, 4], size=None)(red)
    np.testing.assert_allclose(fed[:, 0, 0], [-0.1, -0.1, 0.175], atol=1e-6)


def test_read_only_frames_are_left_alone() -> None:
    frame = FRAME.copy()
    frame.flags.writeable = False
    Preprocess(size=16)(frame)
    assert np.array_equal(frame, FRAME)


@pytest.mark.parametrize(
    ("size", "stride", "given", "expected"),
    [
        (None, 1, (720, 1280), (720, 1280)),
        ((480, 854), 1, (720, 1280), (480, 854)),
        (480, 1, (720, 1280), (480, 853)),
        (480, 1, (1280, 720), (853, 480)),
        (480, 1, (270, 480), (270, 480)),  # never enlarged
        (480, 1, (480, 854), (480, 854)),
        (1, 1, (2, 3), (1, 2)),
        (480, 16, (720, 1280), (481, 849)),
        (480, 16, (270, 480), (273, 481)),
        (480, 16, (481, 849), (481, 849)),
        (None, 4, (3, 7), (5, 9)),
    ],
)
def test_input_size(size: Any, stride: int, given: tuple[int, int], expected: tuple[int, int]) -> None:
    preprocess = Preprocess(size=size, stride=stride, interpolation="area")
    assert preprocess.input_size(*given) == expected
    assert preprocess(np.zeros((*given, 3), np.uint8)).shape == (3, *expected)


@pytest.mark.parametrize(
    "bad",
    [
        {"color": "gbr"},
        {"interpolation": "linear"},
        {"size": 0},
        {"stride": 0},
        {"stride": 1.5},
        {"stride": 6},
        {"size": True},
        {"size": [480]},
        {"size": "48"},
        {"size": [480, 854.0]},
        {"mean": [0.5, 0.5]},
        {"mean": 0.5},
        {"std": [1, 0, 1]},
        {"std": ["1", "1", "1"]},
        {"mean": [0.1, float("nan"), 0.1]},
    ],
)
def test_bad_settings_name_their_key(bad: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=rf"PIPELINE\.input\.{next(iter(bad))}: "):
        Preprocess(**bad)
