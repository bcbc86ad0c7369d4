"""Pairing of many videos with their strokes and first masks: names only, nothing is opened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from paddlevideo.loader.notices import Notices
from paddlevideo.loader.video_collection import Clip, listed, one_video, pair_clips
from paddlevideo.utils.errors import InputError


@pytest.fixture
def place(tmp_path: Path) -> Callable[..., Path]:
    """Make empty files below the folder, and return it."""

    def make(*names: str) -> Path:
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        return tmp_path

    return make


def test_files_and_folders_are_paired_in_natural_order(place: Callable[..., Path]) -> None:
    root = place(
        *("v/a10.MP4", "v/a2.mov", "v/bear/00001.jpg", "v/bear/00000.jpg", "v/notes.txt", "v/.hidden.mp4"),
        *("s/a2.json", "s/a10.json", "s/bear/002.json", "s/bear/001.json"),
        *("m/a2.png", "m/a10/first.png", "m/bear/00001.png", "m/bear/00000.png"),
    )
    videos, strokes, masks = (root / name for name in "vsm")
    notices = Notices()
    clips, unused = pair_clips(str(videos), str(strokes), str(masks), notices=notices)
    assert clips == [
        Clip("a2", videos / "a2.mov", strokes / "a2.json", masks / "a2.png"),
        Clip("a10", videos / "a10.MP4", strokes / "a10.json", masks / "a10/first.png"),
        Clip("bear", videos / "bear", strokes / "bear/001.json", masks / "bear"),
    ]
    assert [file.name for file in clips[2].masks()] == ["00000.png", "00001.png"]
    assert unused == []
    assert [line.split(": ", 1)[1] for line in notices.lines()] == [
        "no videos, not used: notes.txt",
        "not used: bear/002.json",
    ]
    assert [[file.name for file in clip.files()] for clip in clips[1:]] == [["a10.MP4"], ["00000.jpg", "00001.jpg"]]


def test_a_glob_chooses_and_what_is_left_is_told(place: Callable[..., Path]) -> None:
    root = place("v/a.mp4", "v/b.mp4", "v/c/1.png", "s/a.json", "s/b.json", "s/c.json", "s/d.json")
    clips, unused = pair_clips(f"{root}/v/*.mp4", str(root / "s"), None)
    assert [(clip.name, clip.mask) for clip in clips] == [("a", None), ("b", None)]
    assert unused == ["c", "d"]


def test_strokes_masks_and_output_beside_the_videos_are_no_videos(place: Callable[..., Path]) -> None:
    root = place("a.mp4", "strokes/a.json", "first/a.png", "out/a/overlay.mp4")
    clips, _ = pair_clips(str(root), str(root / "strokes"), str(root / "first"), root / "out")
    assert [clip.path for clip in clips] == [root / "a.mp4"]


def test_stacks_and_animations_are_videos_and_folders_without_pictures_are_not(place: Callable[..., Path]) -> None:
    root = place("v/a.mp4", "v/notes/readme.txt", "v/wanted/readme.txt", "v/cover.png", "v/__MACOSX/._a.mp4", "v/b.ogv")
    (root / "v" / "empty").mkdir()
    pages = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    for name in ("stack.tif", "anim.webp", "moving.png"):
        pages[0].save(root / "v" / name, save_all=True, append_images=pages[1:])
    names = ["a", "anim", "b", "moving", "stack", "wanted"]
    strokes = place(*(f"s/{name}.json" for name in names)) / "s"
    notices = Notices()
    clips, unused = pair_clips(str(root / "v"), str(strokes), None, notices=notices)
    assert [clip.name for clip in clips] == names and not unused
    assert notices.document() == [{"what": f"{root / 'v'}: no videos, not used", "items": ["cover.png", "notes"]}]
    for name in ("00000", "00001"):
        place(f"m/{name}.png")
    pages[0].save(root / "v" / "00000.png")
    assert one_video(str(root / "v" / "stack.tif"), None, str(root / "m"))
    place("n/stack.png")
    assert not one_video(str(root / "v" / "stack.tif"), None, str(root / "n"))


@pytest.mark.parametrize(
    ("files", "given", "message"),
    [
        (["v/a.mp4", "v/a/1.png", "s/a.json"], {}, r"two videos of one name: \S+ and \S+; rename"),
        (["v/a.mp4", "v/b.mp4", "v/c.mp4", "s/b.json"], {}, "nothing for 2 of 3 videos: a, c; add a.json"),
        (["v/a.mp4", "s/a.json", "m/b.png"], {"masks": "m"}, "--masks .*nothing for 1 of 1 videos: a; add a.png"),
        (["v/a.mp4", "s/a.json", "a.png"], {"masks": "a.png"}, "--masks .*a.png: is not a folder"),
        (["v/notes.txt", "s/a.json"], {}, "no videos; looked for folders of pictures and files with .3g2"),
        (["v/0.png", "v/1.png", "s/a.json"], {}, "pictures of one video"),
        (["s/a.json"], {}, "no such file or folder"),
        (["s/a.json"], {"source": "v/*.mp4"}, "no videos"),
    ],
)
def test_what_does_not_pair_up_is_one_line(
    place: Callable[..., Path], files: list[str], given: dict[str, str], message: str
) -> None:
    root = place(*files)
    source, scribbles = str(root / given.get("source", "v")), str(root / "s")
    with pytest.raises(InputError, match=message) as caught:
        pair_clips(source, scribbles, str(root / given["masks"]) if "masks" in given else None)
    assert "\n" not in str(caught.value)


def test_long_lists_are_cut() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed(list("abcdefgh")) == "a, b, c, d, e and 3 more"
