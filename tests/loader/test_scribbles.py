"""Scribble files in and out, their errors, and strokes as labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paddlevideo.loader.scribbles import (
    Stroke,
    clicked,
    draw_label,
    read_rounds,
    region_distance,
    region_of_interest,
    split_by_frame,
    write_rounds,
)
from paddlevideo.utils.errors import InputError

FRAMES = 4
LINE = [[0.1, 0.1], [0.9, 0.9]]


def document(*strokes: tuple[int, Any, Any], frames: int = FRAMES, **more: Any) -> dict[str, Any]:
    """Return a round of (frame, object_id, path) strokes."""
    by_frame: list[list[dict[str, Any]]] = [[] for _ in range(frames)]
    for frame, object_id, path in strokes:
        by_frame[frame].append({"path": path, "object_id": object_id})
    return {"sequence": "s", "scribbles": by_frame, **more}


def read(tmp_path: Path, content: Any, **more: Any) -> list[list[Stroke]]:
    path = tmp_path / "strokes.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return read_rounds(path, FRAMES, **more)


def test_one_round(tmp_path: Path) -> None:
    rounds = read(tmp_path, document((2, 1, LINE), (2, 0, [[0, 1], [1, 0]]), annotated_frame=2))
    assert rounds == [[Stroke(1, 2, ((0.1, 0.1), (0.9, 0.9))), Stroke(0, 2, ((0.0, 1.0), (1.0, 0.0)))]]


def test_rounds_and_frames_of_a_round(tmp_path: Path) -> None:
    rounds = read(tmp_path, [document((3, 1, LINE), (0, 2, LINE), (3, 2, LINE)), document((1, 0, LINE))])
    assert [[stroke.frame for stroke in strokes] for strokes in rounds] == [[0, 3, 3], [1]]
    parts = split_by_frame(rounds[0])
    assert [[(stroke.frame, stroke.object_id) for stroke in part] for part in parts] == [[(0, 2)], [(3, 1), (3, 2)]]


def test_rounding_errors_at_the_border_are_on_the_border(tmp_path: Path) -> None:
    rounds = read(tmp_path, document((0, 1, [[-5e-7, 0.5], [1 + 5e-7, 1]])))
    assert rounds[0][0].points == ((0.0, 0.5), (1.0, 1.0))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("3", "round 1: expected a JSON object"),
        ([], "an empty list"),
        ({"strokes": []}, "round 1: the key 'scribbles' is missing"),
        ({"scribbles": {}}, "round 1: 'scribbles' must be a list"),
        (document((0, 1, LINE), frames=3), "round 1: 'scribbles' has 3 frames but the video has 4"),
        (document((0, 1, LINE), frames=9), "has 9 frames but the video has 4"),
        ([document((0, 1, LINE)), document()], "round 2: no stroke on any frame"),
        ({"scribbles": [[], 5, [], []]}, "round 1, frame 1: expected a list of strokes"),
        ({"scribbles": [[], [7], [], []]}, "frame 1, stroke 1: expected a JSON object"),
        ({"scribbles": [[{"path": LINE}], [], [], []]}, "frame 0, stroke 1: the key 'object_id' is missing"),
        ({"scribbles": [[{"object_id": 1}], [], [], []]}, "the key 'path' is missing"),
        (document((0, 1, LINE), (0, 1, [[0.5, 1.2]])), r"frame 0, stroke 2, point 1: \[0.5, 1.2\] is outside"),
        (document((0, 1, [[0.5, 0.5], [-0.01, 0]])), "stroke 1, point 2: .* is outside the picture"),
        (document((0, 1, [[0.5, float("nan")]])), "is outside the picture"),
        (document((0, 1, [[10**400, 0]])), "is outside the picture"),
        (document((0, 1, [["0.5", 0]])), "expected two numbers"),
        (document((0, 1, [[True, 0]])), "expected two numbers"),
        (document((0, 1, [[0.5]])), r"expected \[x, y\]"),
        (document((0, 1, [])), "at least one point"),
        (document((0, -1, LINE)), "object_id -1 must be"),
        (document((0, 255, LINE)), "object_id 255 must be"),
        (document((0, 1.0, LINE)), "object_id 1.0 must be"),
        (document((0, "1", LINE)), "object_id '1' must be"),
        (document((0, True, LINE)), "object_id True must be"),
        (document((0, 1, LINE), (0, 3, LINE)), "object_id 3 is used but 2 is not"),
        (document((0, 0, LINE)), "only background strokes"),
        (document((0, 1, LINE), annotated_frame=4), "annotated_frame 4 is out of range; the video has frames 0 to 3"),
        (document((0, 1, LINE), annotated_frame=-1), "annotated_frame -1 is out of range"),
        (document((0, 1, LINE), annotated_frame="0"), "annotated_frame '0' is out of range"),
        (document((0, 1, LINE), annotated_frame=1), "annotated_frame is 1 but frame 0 has strokes"),
    ],
)
def test_bad_files(tmp_path: Path, content: Any, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read(tmp_path, content)
    assert str(caught.value).startswith(str(tmp_path / "strokes.json"))
    assert "\n" not in str(caught.value)


def test_unknown_object(tmp_path: Path) -> None:
    content = document((1, 3, LINE))
    assert read(tmp_path, content, objects=3)[0][0].object_id == 3  # gaps are allowed when the count is given
    with pytest.raises(InputError, match="round 1, frame 1, stroke 1: unknown object_id 3; there are objects 1 to 2"):
        read(tmp_path, content, objects=2)


def test_no_file_and_no_text(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.json: cannot read"):
        read_rounds(tmp_path / "gone.json", FRAMES)
    with pytest.raises(InputError, match="cannot read"):
        read_rounds(tmp_path, FRAMES)
    (tmp_path / "bytes.json").write_bytes(b"\xff\x80\x00")
    with pytest.raises(InputError, match="not a text file"):
        read_rounds(tmp_path / "bytes.json", FRAMES)


unit = st.floats(0, 1)
points = st.lists(st.tuples(unit, unit), min_size=1, max_size=5).map(tuple)
strokes = st.builds(Stroke, st.integers(0, 254), st.integers(0, FRAMES - 1), points)
one_round = st.lists(strokes, min_size=1, max_size=5).map(lambda found: sorted(found, key=lambda stroke: stroke.frame))


@given(rounds=st.lists(one_round, min_size=1, max_size=3))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_round_trip_is_exact(tmp_path: Path, rounds: list[list[Stroke]]) -> None:
    write_rounds(tmp_path / "out.json", rounds, FRAMES, "clip")
    assert read_rounds(tmp_path / "out.json", FRAMES, objects=254) == rounds


def test_human_files_of_davis(davis_root: Path) -> None:
    files = sorted(davis_root.glob("Scribbles/*/*.json"))
    assert files
    for file in files:
        frames = len(list((davis_root / "JPEGImages" / "480p" / file.parent.name).iterdir()))
        (strokes,) = read_rounds(file, frames)
        assert {stroke.object_id for stroke in strokes} == {1}
        assert len({stroke.frame for stroke in strokes}) == 1
        assert (draw_label(strokes, (120, 214)) == 1).sum() > 50


# ------------------------------------------------------------------------------------------------------- labels


def test_label_scales_truncates_and_joins() -> None:
    label = draw_label([Stroke(1, 0, ((0.0, 0.0), (1.0, 1.0))), Stroke(0, 0, ((0.5, 0.999),))], (5, 5))
    expected = np.full((5, 5), -1)
    np.fill_diagonal(expected, 1)
    expected[3, 2] = 0  # 0.999 * 4 truncated
    assert np.array_equal(label, expected)
    assert label.dtype.kind == "i"


def test_later_strokes_overwrite_and_large_ids_fit() -> None:
    row = ((0.0, 0.0), (1.0, 0.0))
    assert (draw_label([Stroke(1, 0, row), Stroke(254, 0, row)], (3, 4))[0] == 254).all()


def test_strokes_are_drawn_at_the_asked_size() -> None:
    label = draw_label([Stroke(2, 0, ((0.2, 0.1), (0.8, 0.1), (0.8, 0.9)))], (120, 214))
    assert np.array_equal(np.nonzero(label[11] == 2)[0], np.arange(42, 171))  # one cell wide, no gaps
    assert np.array_equal(np.nonzero(label[:, 170] == 2)[0], np.arange(11, 108))


def test_a_broad_stroke_has_all_within_its_radius() -> None:
    for size in ((60, 100), (480, 854)):
        label = draw_label([Stroke(3, 0, ((0.3, 0.5), (0.6, 0.5)), radius=0.05)], size)
        line = draw_label([Stroke(3, 0, ((0.3, 0.5), (0.6, 0.5)))], size)
        rows, columns = np.nonzero(line == 3)
        y, x = np.mgrid[: size[0], : size[1]]
        away = np.hypot(y - rows[0], np.maximum(0, np.maximum(columns.min() - x, x - columns.max())))
        assert np.array_equal(label == 3, away <= 0.05 * size[1])
    corner = draw_label([Stroke(1, 0, ((0.0, 0.0),), radius=0.5), Stroke(0, 0, ((1.0, 1.0),), radius=0.001)], (40, 60))
    assert (corner == 1).sum() > 600 and (corner == 0).sum() == 1


def test_a_misspelt_key_is_refused_and_others_are_left_alone(tmp_path: Path) -> None:
    stroke = {"path": [[0.5, 0.5]], "object_id": 1}
    path = tmp_path / "s.json"
    for entry, round_keys, message in (
        ({"radious": 0.1}, {}, "stroke 1: the key 'radious' is not known; did you mean 'radius'"),
        ({}, {"anotated_frame": 1}, "round 1: the key 'anotated_frame' is not known; did you mean 'annotated_frame'"),
    ):
        path.write_text(json.dumps({"scribbles": [[stroke | entry], []], **round_keys}))
        with pytest.raises(InputError, match=message):
            read_rounds(path, 2)
    path.write_text(json.dumps({"scribbles": [[stroke | {"colour": "red", "radius_px": 4}], []], "unlocked": [1]}))
    assert read_rounds(path, 2)[0][0].points == ((0.5, 0.5),)


def test_radius_in_and_out(tmp_path: Path) -> None:
    strokes = [Stroke(1, 1, ((0.1, 0.2), (0.3, 0.4)), 0.0125), Stroke(1, 1, ((0.5, 0.5),))]
    write_rounds(tmp_path / "out.json", [strokes], FRAMES)
    assert read_rounds(tmp_path / "out.json", FRAMES) == [strokes]
    assert (tmp_path / "out.json").read_text().count("radius") == 1
    for radius in (-0.1, 1.5, "3", None, True, float("nan")):
        faulty = document()
        faulty["scribbles"][1] = [{"path": LINE, "object_id": 1, "radius": radius}]
        with pytest.raises(InputError, match="stroke 1: radius .* must be a number from 0 to 1"):
            read(tmp_path, faulty)


def test_a_guess_in_and_out(tmp_path: Path) -> None:
    strokes = [Stroke(1, 1, ((0.1, 0.2), (0.3, 0.4)), counts=False), Stroke(1, 1, ((0.5, 0.5),))]
    write_rounds(tmp_path / "out.json", [strokes], FRAMES)
    assert read_rounds(tmp_path / "out.json", FRAMES) == [strokes]
    assert (tmp_path / "out.json").read_text().count("counts") == 1
    for counts in ("no", 0, None):
        faulty = document()
        faulty["scribbles"][1] = [{"path": LINE, "object_id": 1, "counts": counts}]
        with pytest.raises(InputError, match="stroke 1: counts .* must be true or false"):
            read(tmp_path, faulty)


def test_region_of_interest() -> None:
    label = np.full((100, 100), -1, np.int16)
    label[50, 40:61] = 1
    filled = region_of_interest(label, distance=5)
    expected = np.zeros_like(label)
    expected[45:55, 35:65] = label[45:55, 35:65]  # exclusive ends: 50 + 5 and 60 + 5
    assert np.array_equal(filled, expected)
    assert label[0, 0] == -1  # the given label is left alone


def test_an_object_may_reach_far_from_a_click_alone() -> None:
    label = np.full((120, 200), -1)
    label[50:57, 60:67] = 1
    assert region_distance(label) == region_distance(label, 20) == 20
    assert region_distance(label, click_region=0.7) == 84
    assert region_distance(label, 90, click_region=0.7) == 90
    stroke = label.copy()
    stroke[50:53, 60:69] = 1  # longer than a click
    assert region_distance(stroke, click_region=0.7) == 20
    stroke[90, 90] = 0  # a click on the background changes nothing
    assert region_distance(stroke, click_region=0.7) == 20
    stroke[90, 90] = 2  # on another object it does
    assert region_distance(stroke, click_region=0.7) == 84
    assert clicked(label) == [1] and clicked(stroke) == [2] and clicked(np.zeros((4, 4), int)) == []


def test_region_of_interest_always_loses_the_last_row_and_column() -> None:
    label = np.full((10, 12), -1, np.int16)
    label[0, 0] = label[9, 11] = 3
    filled = region_of_interest(label)
    assert (filled[9] == 0).all() and (filled[:, 11] == 0).all()
    assert filled[0, 0] == 3 and (filled[1:9, :11] == -1).all()


def test_region_of_interest_of_nothing() -> None:
    with pytest.raises(ValueError, match="no labelled pixel"):
        region_of_interest(np.full((4, 4), -1))
