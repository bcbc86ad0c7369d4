"""The composed data set: as DAVIS lays it out, objects counted right, the same for the same seed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from paddlevideo.loader.davis import DavisFolder
from paddlevideo.metrics.round_metric import RoundMetric
from paddlevideo.prepare.composed_davis import Composing, write_composed_davis
from paddlevideo.prepare.toy_davis import ToyWorld, write_toy_davis
from paddlevideo.tasks.test import read_sequences
from paddlevideo.utils.errors import InputError

FRAMES = 5


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> DavisFolder:
    """Four sequences of five frames."""
    root = tmp_path_factory.mktemp("composed") / "toy"
    write_toy_davis(root, ToyWorld(sequences=4, frames=FRAMES, size=(96, 160)))
    return DavisFolder(root, "train")


def digest(root: Path) -> str:
    """One hash of all names and bytes below ``root``."""
    parts = [path.relative_to(root).as_posix().encode() + path.read_bytes() for path in sorted(root.rglob("*.*"))]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def test_it_reads_as_a_davis_folder_that_the_test_takes(toy: DavisFolder, tmp_path: Path) -> None:
    out = tmp_path / "out"
    names = write_composed_davis(out, toy, Composing())
    sequences = read_sequences({"test": {"file_path": str(out), "split": "val"}}, metric := RoundMetric())
    assert [sequence.name for sequence in sequences] == names and len(set(names)) == 8
    assert [sequence.objects for sequence in sequences] == [2, 3] * 4
    known = {sequence.name: sequence for sequence in toy.sequences}
    for sequence in sequences:
        parts = sequence.name.split("+")
        assert len(parts) == len(set(parts)) == sequence.objects and set(parts) <= set(known)
        assert len(sequence) == FRAMES and sequence.size == (96, 160)
        strokes = metric.first_scribble(sequence).strokes
        assert {stroke.object_id for stroke in strokes} == set(range(1, sequence.objects + 1))
        shown = sequence.areas[0, 1 : sequence.objects + 1] / sequence.mask(0).size
        assert (shown >= 0.005).all()
        base = known[parts[0]]
        own = (sequence.mask(2) == 1) & (base.mask(2) > 0)
        assert own.sum() == (sequence.mask(2) == 1).sum() >= 20
        assert np.abs(sequence.frame(2)[own].astype(int) - base.frame(2)[own]).mean() < 12
    for two, three in zip(sequences[::2], sequences[1::2], strict=True):
        assert three.name.startswith(two.name + "+")
        before, after = two.mask(3), three.mask(3)
        assert (after[after < 3] == before[after < 3]).all()
    assert (out / "preview.png").stat().st_size > 1000


def test_the_same_seed_gives_the_same_bytes(toy: DavisFolder, tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_composed_davis(tmp_path / name, toy, Composing((2,), 3, 2, seed))
    assert digest(tmp_path / "a") == digest(tmp_path / "b") != digest(tmp_path / "c")


def test_fewer_bases_and_frames_are_the_first_ones(toy: DavisFolder, tmp_path: Path) -> None:
    all_ = write_composed_davis(tmp_path / "all", toy, Composing((2,)))
    some = write_composed_davis(tmp_path / "some", toy, Composing((2,), count=2))
    assert some == all_[:2] and [name.split("+")[0] for name in some] == [x.name for x in toy.sequences[:2]]
    short = write_composed_davis(tmp_path / "short", toy, Composing((1, 3), frames=2, count=1))
    assert short[0] == toy.sequences[0].name  # its own object alone
    assert [len(sequence) for sequence in DavisFolder(tmp_path / "short", "val").sequences] == [2, 2]


def test_look_alikes_are_background_and_ropes_are_thin(toy: DavisFolder, tmp_path: Path) -> None:
    names = write_composed_davis(tmp_path / "hard", toy, Composing((1,), count=2, hard=True))
    first = toy.sequences[0].name
    assert names[:3] == [first, f"{first}+copy", f"{first}+rope"] and len(names) == 6
    plain, copy, rope = DavisFolder(tmp_path / "hard", "val").sequences[:3]
    for t in range(FRAMES):
        assert set(np.unique(copy.mask(t))) <= {0, 1}
        beside = np.abs(copy.frame(t).astype(int) - plain.frame(t)).max(axis=2) > 60  # JPEG's own errors are smaller
        assert beside.sum() > 50 and not (copy.mask(t) == 1)[beside].any()
        thin = rope.mask(t) == 2
        assert 20 < thin.sum() < 0.05 * thin.size and cv2.erode(thin.astype(np.uint8), np.ones((3, 3))).sum() == 0
        assert np.abs(rope.frame(t).astype(int) - plain.frame(t)).max(axis=2)[thin].mean() > 10


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (Composing(objects=()), "numbers from 1"),
        (Composing(objects=(2, 0)), "numbers from 1"),
        (Composing(objects=(2, 5)), "5 objects need as many sequences, the split has 4"),
        (Composing(frames=0), "frames is 0"),
        (Composing(count=0), "count is 0"),
        (Composing(seed=-1), "seed is -1"),
    ],
)
def test_numbers_out_of_range_are_refused(toy: DavisFolder, tmp_path: Path, wanted: Composing, words: str) -> None:
    with pytest.raises(InputError, match=words):
        write_composed_davis(tmp_path / "out", toy, wanted)
    assert not list(tmp_path.iterdir())


def test_the_real_one(davis_root: Path, tmp_path: Path) -> None:
    write_composed_davis(tmp_path / "out", DavisFolder(davis_root, "val"), Composing(frames=3, count=2))
    sequences = DavisFolder(tmp_path / "out", "val").sequences
    assert [sequence.objects for sequence in sequences] == [2, 3, 2, 3]
    for sequence in sequences:
        assert sequence.size == (480, 854) and len(sequence) == 3
        assert (sequence.areas[0, 1 : sequence.objects + 1] >= 0.005 * 480 * 854).all()
