"""The drawn data set: as DAVIS lays it out, the same for the same seed, objects that move and cross."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from paddlevideo.loader.davis import DavisFolder
from paddlevideo.prepare.toy_davis import ToyWorld, draw_sequence, write_toy_davis
from paddlevideo.utils.errors import InputError
from tools.make_toy_davis import main

SMALL = ToyWorld(sequences=3, frames=4, size=(72, 112))


def digest(root: Path) -> str:
    """One hash of all names and bytes below ``root``."""
    parts = [path.relative_to(root).as_posix().encode() + path.read_bytes() for path in sorted(root.rglob("*.*"))]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def test_it_reads_as_a_davis_folder(tmp_path: Path) -> None:
    names = write_toy_davis(tmp_path / "toy", SMALL)
    train, val = (DavisFolder(tmp_path / "toy", split).sequences for split in ("train", "val"))
    assert [sequence.name for sequence in (*train, *val)] == names and len(train) == 3 and len(val) == 2
    assert [sequence.objects for sequence in train] == [1, 2, 3]
    for sequence in train:
        assert len(sequence) == 4 and sequence.size == (72, 112)
        assert sequence.mask(3).shape == sequence.frame(3).shape[:2] == (72, 112)
        assert 0 in sequence.complete_frames
    assert [len(sequence.scribbles()) for sequence in train] == [1, 1, 0]
    strokes = train[1].scribbles()[0]
    assert {(stroke.frame, stroke.object_id) for stroke in strokes} == {(2, 1), (2, 2)}


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_toy_davis(tmp_path / name, ToyWorld(2, 3, (64, 96), seed))
    assert digest(tmp_path / "a") == digest(tmp_path / "b") != digest(tmp_path / "c")


def test_objects_move_and_hide_each_other() -> None:
    hidden = 0
    for seed in range(4):
        _, masks = draw_sequence(3, 30, (96, 160), np.random.default_rng(seed))
        areas = np.array([[(mask == number).sum() for number in (1, 2, 3)] for mask in masks])
        assert (areas[0] > 50).all()
        hidden += int((areas.min(axis=0) < 0.6 * areas.max(axis=0)).any())
        moved = [(masks[0] == number) != (masks[15] == number) for number in (1, 2, 3)]
        assert all(each.sum() > 30 for each in moved)
    assert hidden >= 2


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert main([str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and said.count("\n") == 1 and str(tmp_path) in said
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_world_too_small_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="64 pixels"):
        write_toy_davis(tmp_path / "toy", ToyWorld(size=(32, 32)))
    assert not (tmp_path / "toy").exists()
