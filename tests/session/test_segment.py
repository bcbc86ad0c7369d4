"""From Python: masks of frames in memory by one call, and masks that are arrays."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

import paddlevideo
from paddlevideo import Segmenter, Stroke, segment
from paddlevideo.loader.preprocess import Preprocess
from paddlevideo.session.options import SessionOptions
from paddlevideo.utils.errors import InputError
from tests.app.toy import FRAMES, SIZE, Colours, frame_picture

ROOT = Path(__file__).resolve().parents[2]
CLIP = np.stack([frame_picture(t) for t in range(FRAMES)])


def truth(t: int, ids: tuple[int, int] = (1, 2)) -> np.ndarray:
    mask = np.zeros(SIZE, np.uint8)
    mask[8:24, 3 * t : 3 * t + 16] = ids[0]
    mask[28:44, 3 * t + 8 : 3 * t + 24] = ids[1]
    return mask


def stroke(object_id: int, t: int) -> Stroke:
    left, middle = {0: (3 * t, 46), 1: (3 * t, 16), 2: (3 * t + 8, 36)}[object_id]
    return Stroke(object_id, t, tuple(((left + step) / SIZE[1], middle / SIZE[0]) for step in (4, 12)))


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())


@pytest.fixture
def toy() -> Segmenter:
    return Segmenter(cast(Any, Colours(sharpness=20)), Preprocess("rgb", size=None), SessionOptions())


@pytest.fixture(autouse=True)
def loaded(toy: Segmenter, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What `Segmenter.load` was called with; the stand-in is what it gives."""
    calls: list[Any] = []
    monkeypatch.setattr(Segmenter, "load", lambda *given: calls.append(given) or toy)
    return calls


def test_strokes_on_several_frames_give_the_masks_of_all(loaded: list[Any]) -> None:
    masks = segment(CLIP, [stroke(each, t) for t in (5, 2) for each in (0, 1, 2)], engine="plain")
    assert (masks.shape, masks.dtype) == ((FRAMES, *SIZE), np.uint8)
    for t in range(FRAMES):
        assert min(overlap(masks[t] == each, truth(t) == each) for each in (1, 2)) > 0.6, t
    assert loaded == [(None, None, "plain")]


@pytest.mark.parametrize("frame", [0, 4])
@pytest.mark.parametrize("of", [np.uint8, np.int64, np.float32, bool], ids=lambda kind: kind.__name__)
def test_a_mask_is_an_array_of_any_frame(frame: int, of: type) -> None:
    given = (truth(frame) == 1).astype(of)
    masks = segment(list(CLIP), masks={frame: given})
    assert np.array_equal(masks[frame], truth(frame) == 1)
    assert overlap(masks[7] == 1, truth(7) == 1) > 0.6 and masks.max() == 1


def test_white_on_black_is_one_object_and_edges_may_be_soft(caplog: pytest.LogCaptureFixture) -> None:
    inside = truth(3) == 1
    white = np.where(inside, 255, 0).astype(np.uint8)
    soft = white.copy()
    soft[7, 9:25] = np.linspace(30, 90, 16)
    for given in (white, soft):
        assert np.array_equal(segment(CLIP, masks={3: given})[3], inside)
    assert "masks with soft edges, cut at half of their white: mask of frame 3" in caplog.text


def test_strokes_correct_masks_and_objects_may_come_in_later() -> None:
    given = {4: truth(4, (0, 2)), 0: truth(0, (1, 0))}
    masks = segment(CLIP, masks=given)
    assert not (masks[:4] == 2).any() and np.array_equal(masks[4] == 2, truth(4) == 2)
    corrected = segment(CLIP, [stroke(1, 6)], masks=given)
    assert overlap(corrected[7] == 2, truth(7) == 2) > 0.6
    assert overlap(corrected[6] == 1, truth(6) == 1) > 0.6 and not np.array_equal(corrected, masks)


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, "no object is shown; give strokes"),
    "background alone": ({"strokes": [stroke(0, 0)]}, "no object is shown"),
    "empty mask": ({"masks": {0: np.zeros(SIZE, bool)}}, "no object is shown"),
    "too few objects": ({"strokes": [stroke(2, 0)], "objects": 1}, "object 2 is shown, but objects says"),
    "frame of a stroke": ({"strokes": [stroke(1, 9)]}, "frame 9 is out of range; clip has frames 0 to 7"),
    "frame of a mask": ({"masks": {8: truth(0)}}, "mask of frame 8: clip has frames 0 to 7"),
    "a name as frame": ({"masks": {"00003": truth(0)}}, "mask of frame 00003: clip has frames 0 to 7"),
    "no dict": ({"masks": truth(0)}, "masks: a ndarray; give a dict"),
    "size of a mask": ({"masks": {0: truth(0)[:9]}}, "mask of frame 0: the mask is 64x9, the video 64x48"),
    "probabilities": ({"masks": {0: truth(0) / 3}}, "mask of frame 0: values that are no whole numbers from 0"),
    "negative": ({"masks": {0: truth(0).astype(int) - 1}}, "no whole numbers from 0"),
    "grey levels": ({"masks": {0: truth(0, (90, 200))}}, "mask of frame 0: grey levels 90, 200 are no ids; give ids 1"),
    "large ids": ({"masks": {0: truth(0).astype(int) * 300}}, "mask of frame 0: id 600"),
    "text": ({"masks": {0: "first.png"}}, r"mask of frame 0: <U9 of shape \(\); give ids \(H,W\)"),
    "float frames": ({"video": CLIP / 255}, "frames: number 0 is float64"),
    "an option": ({"strokes": [stroke(1, 0)], "max_leep": 1}, "max_leap"),
}


@pytest.mark.parametrize(("given", "message"), BAD.values(), ids=BAD)
def test_what_cannot_be_used_is_refused_in_one_line(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        segment(**{"video": CLIP, **given})
    assert "\n" not in str(caught.value)


def test_a_sessions_masks_are_read_by_the_same_rule(toy: Segmenter) -> None:
    session = toy.open(CLIP, objects=2)
    for given in (truth(5) == 1, (truth(5) == 1) * np.uint8(255), (truth(5) == 1) * 1.0):
        assert np.array_equal(session.add_mask(5, given).mask, truth(5) == 1)
    with pytest.raises(InputError, match="mask of frame 5: values that are no whole numbers"):
        session.add_mask(5, truth(5) * 0.5)
    with pytest.raises(InputError, match="mask of frame 5: object 3 is not there"):
        session.add_mask(5, truth(5, (1, 3)))


def test_another_mask_of_a_frame_replaces_the_one_that_waits(toy: Segmenter) -> None:
    wrong, right = toy.open(CLIP, objects=2), toy.open(CLIP, objects=2)
    wrong.add_mask(3, truth(7, (2, 1)))
    for session in (wrong, right):
        session.add_mask(3, truth(3))
        list(session.propagate())
    assert len(wrong.rounds) == 1
    assert all(np.array_equal(wrong.mask(t), right.mask(t)) for t in range(FRAMES))
    wrong.add_mask(3, truth(3))  # the one before was propagated
    assert len(wrong.rounds) == 2


def test_a_config_needs_its_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with pytest.raises(InputError, match=r"other\.yaml: needs weights of its own"):
        Segmenter.load("other.yaml")


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_the_documents_example_runs(language: str, toy: Segmenter) -> None:
    text = (ROOT / "docs" / language / "manet.md").read_text(encoding="utf-8")
    examples: list[str] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (example,) = [each for each in examples if "import Stroke, segment" in each]
    found: dict[str, Any] = {}
    exec(example, found)
    assert found["masks"].shape == found["frames"].shape[:3] and (found["masks"] == 1).any()


def test_the_package_offers_what_a_user_needs_and_imports_nothing_for_it() -> None:
    assert all(getattr(paddlevideo, name) is not None for name in paddlevideo.__all__)
    assert set(paddlevideo.__all__) <= set(dir(paddlevideo))
    with pytest.raises(AttributeError, match="segmnt"):
        _ = paddlevideo.segmnt
    # -S leaves out site-packages: NumPy cannot be imported.
    command = "import paddlevideo; print(paddlevideo.open_session.__name__, paddlevideo.InputError.__name__)"
    done = subprocess.run([sys.executable, "-S", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "open_session InputError\n", done.stderr
