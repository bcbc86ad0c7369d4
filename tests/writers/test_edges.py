"""Edges that are moved and soft, compared to what geometry says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from paddlevideo.utils.errors import InputError
from paddlevideo.writers.clip_info import ClipInfo
from paddlevideo.writers.edges import Edge, alpha, coverage, grown, signed_distance
from paddlevideo.writers.overlay import draw_overlay
from tests.writers.clip import FRAMES, SIZE, Frames, clip, mask, write


def half(columns: int, of: int = 40) -> np.ndarray:
    """A mask whose left part is inside."""
    return np.broadcast_to(np.arange(of) < columns, (30, of)).copy()


def disc(radius: float, side: int = 101) -> np.ndarray:
    y, x = np.mgrid[:side, :side] - side // 2
    return np.hypot(x, y) <= radius


def test_the_distance_counts_from_the_border_between_pixels() -> None:
    inside = np.zeros((9, 9), bool)
    inside[4, 4] = True
    distance = signed_distance(inside)
    assert distance[4, 4] == 0.5 and distance[4, 5] == -0.5 and distance[4, 7] == -2.5
    assert distance[1, 0] == pytest.approx(0.5 - 5)  # three and four pixels away
    assert (signed_distance(~inside) == -distance).all()


@pytest.mark.parametrize("grow", [-9, -1, 0, 1, 2, 13])
def test_a_straight_edge_moves_by_so_many_pixels(grow: int) -> None:
    assert np.array_equal(coverage(half(15), Edge(grow)), half(15 + grow))
    assert np.array_equal(grown(half(15) * np.uint8(7), Edge(grow)), half(15 + grow) * np.uint8(7))


@pytest.mark.parametrize("grow", [-12, -3, 4, 15])
def test_a_disc_grows_and_shrinks_to_a_disc(grow: int) -> None:
    found, wanted = coverage(disc(25), Edge(grow)) > 0, disc(25 + grow)
    assert (found != wanted).sum() < 0.04 * wanted.sum()
    assert not (found & ~disc(26 + grow)).any() and not (disc(24 + grow) & ~found).any()


def test_feather_rises_evenly_and_is_a_half_at_the_edge() -> None:
    row = coverage(half(20), Edge(feather=4))[10]
    assert row[17:23].tolist() == [1, 0.875, 0.625, 0.375, 0.125, 0]
    moved = coverage(half(20), Edge(grow=3, feather=4))[10]
    assert np.array_equal(moved[3:], row[:-3])
    assert alpha(half(20), Edge(feather=4))[0, 17:23].tolist() == [255, 223, 159, 96, 32, 0]
    assert np.array_equal(coverage(half(20), Edge(feather=1)), half(20))


def test_no_edge_changes_nothing_and_neither_does_one_of_an_empty_or_full_mask() -> None:
    full = np.ones((5, 6), bool)
    for edge in (Edge(), Edge(3, 8), Edge(-2, 2)):
        assert (coverage(full, edge) == 1).all() and not coverage(~full, edge).any()
    assert np.array_equal(coverage(disc(9)), disc(9))


def test_what_the_picture_cuts_off_has_no_edge_there() -> None:
    assert coverage(half(20), Edge(-5, 4))[:, 0].tolist() == [1] * 30


def test_objects_that_touch_grow_and_shrink_together() -> None:
    ids = np.zeros((30, 40), np.uint8)
    ids[10:20, 10:20], ids[10:20, 20:30] = 4, 2
    wide, narrow = grown(ids, Edge(3)), grown(ids, Edge(-3))
    assert set(np.unique(wide[:, :20])) == {0, 4} and set(np.unique(wide[:, 20:])) == {0, 2}
    assert wide[8, 15] == 4 and wide[8, 25] == 2 and wide[15, 7] == 4 and not wide[15, 6]
    assert narrow[15, 19] == 4 and narrow[15, 20] == 2 and narrow[15, 13] == 4 and not narrow[15, 12]
    apart = np.zeros((3, 9), np.uint8)
    apart[:, 1], apart[:, 7] = 9, 5
    assert grown(apart, Edge(3))[1].tolist() == [9, 9, 9, 9, 5, 5, 5, 5, 5]  # as near: the smaller id


@pytest.mark.parametrize("edge", [{"grow": 101}, {"feather": -1}, {"grow": float("nan")}, {"feather": float("inf")}])
def test_what_is_too_much_is_refused(edge: dict[str, float]) -> None:
    with pytest.raises(InputError, match="--feather from 0 to 100"):
        Edge(**edge)


def test_an_overlay_has_soft_colours_and_then_no_outline() -> None:
    frame, ids = np.full((30, 40, 3), 100, np.uint8), half(20) * np.uint8(1)
    palette = np.full((256, 3), 200, np.uint8)
    soft = draw_overlay(frame, ids, 1.0, palette, Edge(feather=4))
    assert soft[5, 17:23, 0].tolist() == [200, 188, 162, 138, 112, 100]
    assert draw_overlay(frame, ids, 1.0, palette, Edge(2))[5, 22].tolist() == [100] * 3
    assert draw_overlay(frame, ids, 1.0, palette, Edge(2))[5, 21].tolist() != [100] * 3


# ------------------------------------------------------------------------------------------------ all kinds of results


EDGE = Edge(2, 6)


def edged() -> ClipInfo:
    return replace(clip(), edge=EDGE)


def test_soft_results_have_the_edge_in_alpha(tmp_path: Path) -> None:
    wanted = [alpha(mask(t) > 0, EDGE) for t in range(FRAMES)]
    straight, premultiplied = write(tmp_path, "cutout", edged()), write(tmp_path, "cutout_premultiplied", edged())
    for t, frame in enumerate(Frames()):
        assert len(np.unique(wanted[t])) > 6
        picture = np.array(Image.open(straight / f"shot{t}.png"))
        assert np.array_equal(picture[..., 3], wanted[t]) and np.array_equal(picture[..., :3], frame)
        dark = np.array(Image.open(premultiplied / f"shot{t}.png"))
        assert np.array_equal(dark[..., 3], wanted[t])
        assert np.abs(dark[..., 0] - frame[..., 0] * (wanted[t] / 255)).max() <= 0.5001


def test_mattes_have_the_edge_each_by_itself(tmp_path: Path) -> None:
    folder = write(tmp_path, "mattes", edged())
    with av.open(str(folder / "object_3_dog.mp4")) as container:
        pictures = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    for t, picture in enumerate(pictures):
        difference = np.abs(picture[: SIZE[0], : SIZE[1]].astype(int) - alpha(mask(t) == 3, EDGE))
        assert difference.mean() < 3 and difference.max() < 30  # H.264


def test_ids_are_grown_and_hard(tmp_path: Path) -> None:
    wanted = [grown(mask(t), EDGE) for t in range(FRAMES)]
    folder = write(tmp_path, "palette", edged())
    for t in range(FRAMES):
        assert np.array_equal(np.array(Image.open(folder / f"shot{t}.png")), wanted[t])
    binary = write(tmp_path, "binary", edged())
    one = cv2.imread(str(binary / "object_3_dog" / "shot2.png"), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(one, (wanted[2] == 3) * np.uint8(255))
    coco = json.loads(write(tmp_path, "coco", edged()).read_text())
    areas = [each["area"] for each in coco["annotations"] if each["track_id"] == 1]
    assert areas == [(ids == 1).sum() for ids in wanted] and areas[0] > (mask(0) == 1).sum()
