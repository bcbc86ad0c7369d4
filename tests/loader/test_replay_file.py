"""What a scribble file says besides strokes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from paddlevideo.loader.replay_file import Propagation, RoundSettings, read_settings, settings_document
from paddlevideo.loader.scribbles import Stroke, read_rounds, write_rounds
from paddlevideo.utils.errors import InputError

ROUNDS = [[Stroke(2, 1, ((0.1, 0.2), (0.3, 0.4)))], [Stroke(0, 3, ((0.5, 0.5),))]]
SETTINGS = [
    RoundSettings((2, 4), (4,), (Propagation(None, None, (1, 3), 2), Propagation((2,), ()))),
    RoundSettings(None, None, ()),
]


def test_settings_come_back_and_strokes_are_as_ever(tmp_path: Path) -> None:
    path = tmp_path / "strokes.json"
    write_rounds(path, ROUNDS, 4, settings=[settings_document(each) for each in SETTINGS])
    assert read_settings(path, 4) == SETTINGS
    assert read_rounds(path, 4) == ROUNDS  # object 1 may be missing where the objects are told
    assert SETTINGS[0].ids == {2, 4}


def test_a_plain_file_has_plain_settings(tmp_path: Path) -> None:
    path = tmp_path / "strokes.json"
    write_rounds(path, ROUNDS, 4)
    assert read_settings(path, 4) == [RoundSettings(), RoundSettings()]
    assert settings_document(RoundSettings()) == {}


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"objects": [0]}, "'objects' must be a list of objects from 1 to 254"),
        ({"locked": "1"}, "'locked' must be"),
        ({"propagations": 3}, "'propagations' must be a list"),
        ({"propagations": [{"span": [2, 1]}]}, r"span \[2, 1\] must be the first and the last of frames 0 to 3"),
        ({"propagations": [{"span": [0, 4]}]}, "frames 0 to 3"),
        ({"propagations": [{"frames": 9}]}, "frames 9 must be a number of frames, 0 to 4"),
        ({"propagations": [{"frames": True}]}, "frames True must be"),
    ],
)
def test_bad_settings_are_told(tmp_path: Path, keys: dict[str, Any], message: str) -> None:
    path = tmp_path / "strokes.json"
    path.write_text(json.dumps({"scribbles": [[], [], [], []], **keys}))
    with pytest.raises(InputError, match=message):
        read_settings(path, 4)
