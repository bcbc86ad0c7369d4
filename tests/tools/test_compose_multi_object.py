"""The command that composes a data set: its flags, and one line for what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddlevideo.loader.davis import DavisFolder
from tools.compose_multi_object import main


def test_flags(tiny_davis: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    flags = ["--split", "train", "--objects", "2", "--frames", "4", "--count", "1", "--seed", "3"]
    assert main([str(out), "--data", str(tiny_davis), *flags]) == 0
    (sequence,) = DavisFolder(out, "val").sequences
    assert sequence.name == "disc+pair" and len(sequence) == 4 and sequence.objects == 2
    assert "1 sequences" in capsys.readouterr().out
    assert sorted(path.name for path in out.iterdir()) == ["Annotations", "ImageSets", "JPEGImages", "preview.png"]


def refusal(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What is said on standard error, after a check that it is one line."""
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and said.count("\n") == 1
    return said


def test_bad_input_is_one_line_and_nothing_is_written(
    tiny_davis: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, data = tmp_path / "out", str(tiny_davis)
    assert "no frames at" in refusal([str(out), "--data", str(tmp_path / "none")], capsys)
    assert "no split 'vall'" in refusal([str(out), "--data", data, "--split", "vall"], capsys)
    (tiny_davis / "ImageSets" / "2017" / "val.txt").write_text("\n")
    assert "for the split 'val'" in refusal([str(out), "--data", data], capsys)
    assert "3 objects need as many" in refusal([str(out), "--data", data, "--split", "train"], capsys)
    (tiny_davis / "JPEGImages" / "480p" / "pair" / "00003.jpg").write_bytes(b"no picture")
    broken = [str(out), "--data", data, "--split", "train", "--objects", "2"]
    assert "00003.jpg" in refusal(broken, capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["DAVIS"]


def test_a_folder_that_is_there_is_left_alone(
    tiny_davis: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    arguments = [str(out), "--data", str(tiny_davis), "--split", "train", "--objects", "2"]
    assert str(out) in refusal(arguments, capsys)
    assert [path.name for path in out.iterdir()] == ["mine.txt"]
    (out / "mine.txt").unlink()
    assert main(arguments) == 0 and len(DavisFolder(out, "val")) == 2
