"""Frames in memory as a clip: what is taken, what is refused, and that the caller's own stay as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from paddlevideo.loader.video import open_frames
from paddlevideo.utils.errors import InputError

FRAMES = np.random.default_rng(0).integers(0, 256, (4, 6, 9, 3), np.uint8)


class Lazy:
    """Pictures that are made when they are asked for."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def __len__(self) -> int:
        return len(FRAMES)

    def __getitem__(self, index: int) -> np.ndarray:
        self.asked.append(index)
        return FRAMES[index]


GOOD: dict[str, Any] = {
    "array": FRAMES,
    "list": list(FRAMES),
    "tuple": tuple(FRAMES),
    "not contiguous": FRAMES[::-1][::-1],
    "pictures": [Image.fromarray(frame) for frame in FRAMES],
    "lazy": Lazy(),
}


@pytest.mark.parametrize("given", GOOD.values(), ids=GOOD)
def test_frames_in_memory_are_a_clip(given: Any) -> None:
    clip = open_frames(given)
    assert (len(clip), clip.size, clip.rate) == (4, (6, 9), 25.0)
    assert clip.names == ["00000", "00001", "00002", "00003"] and clip.files == []
    assert all(np.array_equal(clip[index], FRAMES[index]) for index in (3, 0, -1, 2))
    assert open_frames(clip) is clip


@pytest.mark.parametrize("given", [FRAMES.copy(), list(FRAMES.copy())], ids=["array", "list"])
def test_the_callers_own_stay_writeable_and_the_clips_are_not(given: Any) -> None:
    clip = open_frames(given)
    with pytest.raises(ValueError, match="read-only"):
        clip[1][0, 0] = 0
    given[1][0, 0] = 7


def test_frames_are_made_when_they_are_asked_for() -> None:
    lazy = Lazy()
    clip = open_frames(lazy)
    assert lazy.asked == [0]
    _ = clip[2]
    assert lazy.asked == [0, 2]


def ragged() -> list[np.ndarray]:
    return [FRAMES[0], FRAMES[1][:, :5]]


BAD: dict[str, tuple[Any, str]] = {
    "floats": (FRAMES / 255, r"number 0 is float64 of shape \(6, 9, 3\); give an array \(T,H,W,3\)"),
    "floats later in a list": ([FRAMES[0], FRAMES[1] / 255], "number 1 is float64"),
    "channels first": (FRAMES.transpose(0, 3, 1, 2), r"number 0 is uint8 of shape \(3, 6, 9\)"),
    "one frame": (FRAMES[0], r"number 0 is uint8 of shape \(9, 3\)"),
    "grey": (FRAMES[..., 0], r"number 0 is uint8 of shape \(6, 9\)"),
    "alpha": (np.concatenate([FRAMES, FRAMES[..., :1]], axis=3), r"of shape \(6, 9, 4\)"),
    "no pixels": (FRAMES[:, :0], r"of shape \(0, 9, 3\)"),
    "ragged": (ragged(), "number 1 is 5x6, the first is 9x6; bring all to one size"),
    "ragged lists": ([[[1, 2], [3]]], "number 0 is no picture"),
    "names": (["a.png", "b.png"], "number 0 is <U5"),
    "none": (FRAMES[:0], "there are none"),
    "empty list": ([], "there are none"),
    "a generator": ((frame for frame in FRAMES), "a generator is not read"),
    "a dict": ({0: FRAMES[0]}, "a dict is not read"),
    "nothing": (None, "a NoneType is not read"),
}


@pytest.mark.parametrize(("given", "message"), BAD.values(), ids=BAD)
def test_what_is_no_clip_is_refused_in_one_line(given: Any, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        open_frames(given)
    assert str(caught.value).startswith("frames: ") and "\n" not in str(caught.value)


def test_a_lazy_frame_of_another_size_is_refused_when_it_is_read() -> None:
    class Growing(Lazy):
        def __getitem__(self, index: int) -> np.ndarray:
            return np.zeros((6 + index, 9, 3), np.uint8)

    clip = open_frames(Growing())  # type: ignore[arg-type]
    with pytest.raises(InputError, match="number 2 is 9x8, the first is 9x6"):
        _ = clip[2]


def test_a_path_may_begin_with_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    Image.fromarray(FRAMES[0]).save(tmp_path / "frame.png")
    for path in ("~/frame.png", Path("~/frame.png")):
        assert np.array_equal(open_frames(path)[0], FRAMES[0])
