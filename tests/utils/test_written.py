"""The record of what runs wrote: what is replaced, what stays, and what a kill leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from paddlevideo.utils.errors import InputError
from paddlevideo.utils.written import RECORD, Written

PLACES = ("masks", "a.txt")


def write(folder: Path, **files: str) -> None:
    """Write ``a`` to ``a.txt`` and others to ``masks/NAME.png``, as a run does."""
    with Written(folder).replacing(*PLACES) as temporary:
        (temporary / "masks").mkdir()
        for name, text in files.items():
            (temporary / ("a.txt" if name == "a" else f"masks/{name}.png")).write_text(text)


def found(folder: Path) -> dict[str, str]:
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name != RECORD]
    return {path.relative_to(folder).as_posix(): path.read_text() for path in paths}


def test_a_run_replaces_what_earlier_ones_wrote_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"
    write(out, a="1", x="1", y="1")
    (out / "notes.txt").write_text("mine")
    write(out, x="2", z="2")
    assert found(out) == {"masks/x.png": "2", "masks/z.png": "2", "notes.txt": "mine"}
    write(out, a="1", x="1", y="1")
    lines = (out / RECORD).read_text().split()
    write(out, a="1", x="1", y="1")
    assert (out / RECORD).read_text().split() == lines  # what is known is not written again


def _edit(out: Path) -> Path:
    path = out / "masks" / "x.png"
    path.write_text("edited")
    return path


def _paint(out: Path) -> Path:
    path = out / "masks" / "mine.png"
    path.write_text("1")  # what a run wrote under another name
    return path


def _link(out: Path) -> Path:
    path = out / "a.txt"
    path.rename(out / "elsewhere")
    path.symlink_to(out / "elsewhere")
    return path


def _link_folder(out: Path) -> Path:
    path = out / "masks"
    path.rename(out / "elsewhere")
    path.symlink_to(out / "elsewhere")
    return path


def _queue(out: Path) -> Path:
    os.mkfifo(out / "masks" / "queue")  # reading it would never end
    return out / "masks" / "queue"


def _forget(out: Path) -> Path:
    (out / RECORD).unlink()
    return out / "masks" / "x.png"


def _other_record(out: Path) -> Path:
    (out / RECORD).write_text('not JSON\n["x"]\n7\n{"file": []}\n')
    return out / "masks" / "x.png"


@pytest.mark.parametrize("change", [_edit, _paint, _link, _link_folder, _queue, _forget, _other_record])
def test_what_no_run_is_known_to_have_written_stays(tmp_path: Path, change: Callable[[Path], Path]) -> None:
    write(tmp_path, a="1", x="1")
    path = change(tmp_path)
    before = found(tmp_path), (tmp_path / RECORD).exists()
    for attempt in (lambda: Written(tmp_path).check(*PLACES), lambda: write(tmp_path, a="2", x="2")):
        with pytest.raises(InputError) as caught:
            attempt()
        assert str(caught.value).startswith(f"{path}: would be lost, and ") and "\n" not in str(caught.value)
        assert (found(tmp_path), (tmp_path / RECORD).exists()) == before
        assert not list(tmp_path.rglob("*.partial-*"))


def test_a_file_made_meanwhile_stays(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="b.txt: would be lost"), Written(tmp_path).path("b.txt") as temporary:
        temporary.write_text("2")
        (tmp_path / "b.txt").write_text("mine")
    with pytest.raises(InputError, match="c.txt: would be lost"), Written(tmp_path).replacing() as folder:
        (folder / "c.txt").write_text("2")
        (tmp_path / "c.txt").write_text("mine")
    assert found(tmp_path) == {"b.txt": "mine", "c.txt": "mine"}


def test_an_input_stays(tmp_path: Path) -> None:
    write(tmp_path, x="1")
    (tmp_path / "link").symlink_to(tmp_path / "masks")
    for name in ("masks/x.png", "link/x.png", "masks/../masks/x.png"):
        with pytest.raises(InputError, match=r"masks/x\.png: is an input"):
            Written(tmp_path, [tmp_path / name]).check(*PLACES)
    Written(tmp_path, [tmp_path / "masks" / "gone.png"]).check(*PLACES)


def test_single_files(tmp_path: Path) -> None:
    for text in "12":
        with Written(tmp_path).path("sub/b.txt") as temporary:
            temporary.write_text(text)
    assert found(tmp_path) == {"sub/b.txt": "2"}


def test_a_line_that_was_cut_short_costs_no_other(tmp_path: Path) -> None:
    write(tmp_path, x="1")
    with (tmp_path / RECORD).open("a") as file:
        file.write('{"file": "masks/y.p')
    write(tmp_path, x="2")
    write(tmp_path, x="3")
    assert found(tmp_path) == {"masks/x.png": "3"}


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[3])
from pathlib import Path
from paddlevideo.utils.written import Written

left = int(sys.argv[2])

def counted(honest):
    def run(*arguments, **keys):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return honest(*arguments, **keys)
    return run

for name in ("replace", "fsync", "unlink"):
    setattr(os, name, counted(getattr(os, name)))
Path.unlink = counted(Path.unlink)
with Written(sys.argv[1]).replacing("masks", "a.txt") as folder:
    (folder / "masks").mkdir()
    for name in ("a.txt", "masks/x.png", "masks/y.png"):
        (folder / name).write_text("2")
"""


def test_after_a_kill_at_any_moment_the_next_run_goes_through(tmp_path: Path) -> None:
    states = []
    for moment in range(20):
        out = tmp_path / str(moment)
        write(out, a="1", x="1", z="1")
        command = [sys.executable, "-c", KILLED, str(out), str(moment), str(Path(__file__).parents[2])]
        code = subprocess.run(command, check=False, timeout=60).returncode
        kept = {name: text for name, text in found(out).items() if ".partial-" not in name}
        Written(out).check(*PLACES)
        write(out, a="3", x="3")
        assert {k: v for k, v in found(out).items() if ".partial-" not in k} == {"a.txt": "3", "masks/x.png": "3"}
        if code == 0:
            break
        assert code == -signal.SIGKILL
        states.append(kept)
    else:
        pytest.fail("the run was never whole")
    assert states[0] == {"a.txt": "1", "masks/x.png": "1", "masks/z.png": "1"}
    assert any("2" in state.values() for state in states) and len(states) > 5
    assert kept == {"a.txt": "2", "masks/x.png": "2", "masks/y.png": "2"}
