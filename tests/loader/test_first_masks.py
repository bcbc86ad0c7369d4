"""Masks to start from: of the frame that they are named after, never of another without a word."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paddlevideo.loader.first_masks import read_first_masks
from paddlevideo.loader.replay_file import Propagation
from paddlevideo.loader.video import open_frames
from paddlevideo.loader.video_collection import one_video
from paddlevideo.session.mask_rounds import run_masks
from paddlevideo.tasks.infer import read_start
from paddlevideo.utils.errors import InputError

from .drawn import SIZE, save_clip, save_film, save_mask, truth


@pytest.mark.parametrize(
    ("name", "mask_frame", "frame"),
    [
        ("00005.png", None, 5),
        ("5.png", None, 5),
        ("frame_000005.png", None, 5),
        ("00005_mask.png", None, 5),
        ("mask-00005.png", None, 5),
        ("clip_00005.png", None, 5),
        ("best.png", None, 0),
        ("mask_000005.png", None, 5),
        ("frame_000005_mask.png", None, 5),
        ("mask_5.png", 2, 2),
        ("clip_mask.png", None, 0),
        ("mask (1).png", None, 0),
        ("mask_2024-05-01.png", None, 0),
        ("best.png", 3, 3),
        ("clip.png", None, 0),
    ],
)
def test_a_mask_is_of_the_frame_that_it_says(tmp_path: Path, name: str, mask_frame: int | None, frame: int) -> None:
    path = save_mask(tmp_path / "m" / name, truth(1))
    for clip in (save_clip(tmp_path / "clip", 8), save_film(tmp_path / "clip.mp4", 8)):
        (found,) = read_first_masks(path, open_frames(clip), mask_frame=mask_frame).items()
        assert found[0] == frame and np.array_equal(found[1], truth(1))


def test_a_mask_with_the_number_of_no_frame_is_asked_about(tmp_path: Path) -> None:
    frames = open_frames(save_clip(tmp_path / "clip", 8))
    for name in ("00009.png", "9.png", "00009_mask.png", "mask_0009.png"):
        with pytest.raises(InputError, match="no frame is called .*--mask_frame N"):
            read_first_masks(save_mask(tmp_path / "m" / name, truth(1)), frames)


@pytest.mark.parametrize(
    ("film", "name"),
    [
        ("00003", "00003_mask"),
        ("00003", "mask_00003"),
        ("shot_00002", "SHOT_00002_mask"),
        ("VID_20240501", "m_VID_20240501"),
    ],
)
def test_the_number_in_a_films_name_is_no_frames(tmp_path: Path, film: str, name: str) -> None:
    frames = open_frames(save_film(tmp_path / f"{film}.mp4", 6))
    assert [*read_first_masks(save_mask(tmp_path / f"{name}.png", truth(0)), frames)] == [0]


def test_a_frames_name_within_that_of_a_mask(tmp_path: Path) -> None:
    frames = open_frames(save_clip(tmp_path / "clip", 5, "IMG_{:04d}.png"))
    for name in ("IMG_0002_mask", "mask_IMG_0002", "IMG_0002"):
        assert [*read_first_masks(save_mask(tmp_path / "m" / f"{name}.png", truth(2)), frames)] == [2]
    with pytest.raises(InputError, match="no frame is called 0009"):
        read_first_masks(save_mask(tmp_path / "m" / "IMG_0009_mask.png", truth(2)), frames)


def test_a_frame_is_no_mask(tmp_path: Path) -> None:
    clip = save_clip(tmp_path / "clip", 3)
    mask = save_mask(clip / "00000_mask.png", truth(0))
    with pytest.raises(InputError, match="00000_mask.png: is itself one of the frames"):
        read_first_masks(mask, open_frames(clip))


def test_a_mask_of_a_frame_that_cannot_be_read_is_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clip = save_clip(tmp_path / "clip", 4)
    (clip / "00002.png").write_bytes((clip / "00002.png").read_bytes()[:300])
    mask = save_mask(tmp_path / "m" / "00002.png", truth(2))
    with pytest.raises(InputError, match=r"00002\.png: is of frame 00002, which cannot be read"):
        read_first_masks(mask, open_frames(clip, lenient=True))
    with caplog.at_level(logging.INFO), pytest.raises(InputError, match="no such file"):
        read_first_masks(tmp_path / "nope.png", open_frames(clip, lenient=True))
    assert "taken for" not in caplog.text


def test_ids_that_nothing_has_are_told(tmp_path: Path) -> None:
    mask = str(save_mask(tmp_path / "m" / "00000.png", truth(0) + (truth(0) == 2)))  # objects 1 and 3
    frames = open_frames(save_clip(tmp_path / "clip", 3))
    assert read_start(frames, None, mask, None).objects == 3
    assert frames.notices.lines()[-1].endswith("those that no mask has stay empty: 2")
    strokes = tmp_path / "s.json"
    strokes.write_text(json.dumps({"scribbles": [[{"path": [[0.5, 0.5]], "object_id": 2}], [], []]}))
    frames = open_frames(tmp_path / "clip")
    read_start(frames, str(strokes), mask, None)
    assert not any("stay empty" in line for line in frames.notices.lines())


def test_masks_of_a_film_that_are_counted_from_1_are_refused(tmp_path: Path) -> None:
    for number in (1, 4, 8):
        save_mask(tmp_path / "m" / f"{number:05d}.png", truth(number - 1))
    film = open_frames(save_film(tmp_path / "clip.mp4", 8))
    with pytest.raises(InputError, match=r"counted from 1 \(the last is 8\), the film's frames from 0 to 7"):
        read_first_masks(tmp_path / "m", film)
    save_mask(tmp_path / "m" / "00000.png", truth(0))
    assert sorted(read_first_masks(tmp_path / "m", film)) == [0, 1, 4]


def test_a_folder_of_masks_is_several_frames_and_what_fits_none_is_told(tmp_path: Path) -> None:
    frames = open_frames(save_clip(tmp_path / "clip", 8))
    for name, frame in (("00002", 2), ("00005", 5), ("00005_draft", 5), ("00077", 7)):
        save_mask(tmp_path / "m" / f"{name}.png", truth(frame))
    (tmp_path / "m" / "notes.txt").write_text("mine")
    (tmp_path / "m" / "Thumbs.db").write_text("")
    masks = read_first_masks(tmp_path / "m", frames)
    assert sorted(masks) == [2, 5] and all(np.array_equal(mask, truth(frame)) for frame, mask in masks.items())
    assert [line.split(": ", 1)[1] for line in frames.notices.lines()] == [
        "masks that fit no frame, not used: m/00005_draft.png, m/00077.png",
        "no masks, not used: m/notes.txt",
    ]


REFUSED: dict[str, tuple[Callable[[Path], Path], dict[str, Any], str]] = {
    "no such frame": (lambda at: save_mask(at / "00099.png", truth(0)), {}, "no frame is called 00099.*--mask_frame"),
    "frame outside": (lambda at: save_mask(at / "a.png", truth(0)), {"mask_frame": 8}, "frames 0 to 7"),
    "folder and frame": (lambda at: save_mask(at / "00001.png", truth(0)).parent, {"mask_frame": 1}, "is a folder"),
    "nothing fits": (lambda at: save_mask(at / "a.png", truth(0)).parent, {}, "named after a frame.*holds a.png"),
    "another size": (lambda at: save_mask(at / "a.png", truth(0)[:50]), {}, "mask is 96x50, the video 96x72"),
    "nothing in it": (lambda at: save_mask(at / "a.png", truth(0) * 0), {}, "no object in the mask"),
    "unknown object": (lambda at: save_mask(at / "a.png", truth(0)), {"objects": 1}, "unknown object 2"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_fits_nowhere_is_refused(tmp_path: Path, case: str) -> None:
    make, options, message = REFUSED[case]
    frames = open_frames(save_clip(tmp_path / "clip", 8))
    with pytest.raises(InputError, match=message) as caught:
        read_first_masks(make(tmp_path / "m"), frames, **options)
    assert "\n" not in str(caught.value)


def test_a_folder_of_masks_is_of_one_video_or_of_many(tmp_path: Path) -> None:
    clip, film = save_clip(tmp_path / "one" / "clip", 3), save_film(tmp_path / "one" / "film.mp4", 3)
    save_mask(tmp_path / "frames" / "00001.png", truth(1))
    save_mask(tmp_path / "names" / "film.png", truth(0))
    frames, names = str(tmp_path / "frames"), str(tmp_path / "names")
    assert one_video(str(clip), None, frames) and one_video(str(film), None, frames)
    assert one_video(f"{clip}/*.png", "strokes.json", frames)
    assert not one_video(str(film), None, names) and not one_video(str(tmp_path / "one"), None, names)
    assert not one_video(str(clip), str(tmp_path), frames) and not one_video(str(clip), None, None)


class StandIn:
    """Notes what is done; every propagation leaves object 1 on the left half of the frame."""

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.given: dict[int, np.ndarray] = {}

    def set_objects(self, ids: Any) -> None:
        self.calls.append(("objects", list(ids)))

    def mask(self, frame: int) -> np.ndarray:
        return np.repeat([[1] * (SIZE[1] // 2) + [0] * (SIZE[1] // 2)], SIZE[0], 0).astype(np.uint8)

    def add_mask(self, frame: int, mask: np.ndarray) -> None:
        self.calls.append(("mask", frame))
        self.given[frame] = mask


def test_objects_come_in_with_their_masks(tmp_path: Path) -> None:
    session = StandIn()
    first, later = np.where(truth(0) == 1, 1, 0).astype(np.uint8), np.where(truth(5) == 2, 2, 0).astype(np.uint8)
    run_masks(session, {5: later, 0: first}, 10, 3, lambda title, how: session.calls.append(how))  # type: ignore[arg-type]
    assert session.calls == [
        *(("objects", [1]), ("mask", 0), Propagation()),
        *(("objects", [1, 2]), ("mask", 5), Propagation(span=(5, 9))),
        ("objects", [1, 2, 3]),
    ]
    expected = np.where(later == 2, 2, session.mask(5))
    assert np.array_equal(session.given[5], expected)


def test_masks_of_the_same_objects_share_the_frames_between_them() -> None:
    session = StandIn()
    masks = {frame: truth(frame) for frame in (2, 5, 8)}
    run_masks(session, masks, 10, 2, lambda title, how: session.calls.append(how))  # type: ignore[arg-type]
    assert [call for call in session.calls if isinstance(call, Propagation)] == [
        Propagation(),
        Propagation(span=(4, 9)),
        Propagation(span=(7, 9)),
    ]
    assert all(np.array_equal(session.given[frame], truth(frame)) for frame in masks)
