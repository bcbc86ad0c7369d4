"""Outputs are whole or not there."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from paddlevideo.utils.errors import InputError
from paddlevideo.utils.files import atomic_folder, atomic_path, remove_leftovers


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_path_is_renamed_into_place(tmp_path: Path) -> None:
    target = tmp_path / "new" / "clip.mp4"
    with atomic_path(target) as temporary:
        assert temporary.parent == target.parent and temporary.suffix == ".mp4"
        temporary.write_text("video")
        assert not target.exists()
    assert target.read_text() == "video"
    assert names(tmp_path) == ["new/clip.mp4"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_leaves_the_old_file(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(error), atomic_path(target) as temporary:
        temporary.write_text("half")
        raise error
    assert target.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_folder_replaces_what_it_writes_and_keeps_the_rest(tmp_path: Path) -> None:
    target = tmp_path / "out"
    with atomic_folder(target) as temporary:
        (temporary / "masks").mkdir()
        (temporary / "masks" / "0.png").write_text("0")
        (temporary / "masks" / "1.png").write_text("1")
        assert not target.exists()
    (target / "masks" / "notes.txt").write_text("mine")
    with atomic_folder(target) as temporary:
        (temporary / "masks").mkdir()
        (temporary / "masks" / "0.png").write_text("new")
    assert names(tmp_path) == ["out/masks/0.png", "out/masks/1.png", "out/masks/notes.txt"]
    assert (target / "masks" / "0.png").read_text() == "new"


def test_an_error_leaves_the_old_folder(tmp_path: Path) -> None:
    target = tmp_path / "out"
    with pytest.raises(ValueError), atomic_folder(target) as temporary:
        (temporary / "0.png").write_text("half")
        raise ValueError
    assert list(tmp_path.iterdir()) == []
    target.mkdir()
    with pytest.raises(ValueError), atomic_folder(target) as temporary:
        raise ValueError
    assert list(target.iterdir()) == []


def test_a_place_that_cannot_be_written_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot make this folder"), atomic_path(tmp_path / "file" / "a.txt"):
        pass
    with pytest.raises(InputError, match="cannot make this folder"), atomic_folder(tmp_path / "file" / "out"):
        pass
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="cannot write here"), atomic_path(tmp_path / "folder") as temporary:
        temporary.write_text("")


@pytest.mark.parametrize("kind", [atomic_path, atomic_folder])
def test_a_full_disk_is_one_line_and_leaves_the_old(tmp_path: Path, kind) -> None:
    target = tmp_path / "out"
    with kind(target) as temporary:
        (temporary / "a.txt" if kind is atomic_folder else temporary).write_text("old")
    with pytest.raises(InputError, match=r"out: cannot be written \(No space.*MiB are free"), kind(target):
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(PermissionError), kind(target):
        raise PermissionError(errno.EACCES, "not this one")
    assert names(tmp_path) == (["out/a.txt"] if kind is atomic_folder else ["out"])


def test_what_a_killed_process_left_half_written_is_removed(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("whole")
    with atomic_path(tmp_path / "a.txt") as file, atomic_folder(tmp_path / "b") as folder:
        file.write_text("half")
        (folder / "c.txt").write_text("half")
        remove_leftovers(tmp_path)
        assert names(tmp_path) == ["kept.txt"] and not folder.exists()
        file.write_text(""), folder.mkdir()  # for the blocks to end well
