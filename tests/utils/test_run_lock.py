"""One run a folder."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from paddlevideo.utils import run_lock
from paddlevideo.utils.errors import InputError
from paddlevideo.utils.run_lock import RunLock

ROOT = Path(__file__).resolve().parents[2]
HOLD = """
import sys, time
from paddlevideo.utils.run_lock import RunLock
with RunLock(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


def test_another_process_is_refused_by_number_until_it_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "run"
    with subprocess.Popen([sys.executable, "-c", HOLD, folder], stdout=subprocess.PIPE, cwd=ROOT) as holder:
        try:
            assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
            with pytest.raises(InputError, match=rf"{folder}: another run \(process {holder.pid}\) is at work"):
                RunLock(folder).__enter__()
            os.kill(holder.pid, signal.SIGKILL)
            holder.wait()
            with RunLock(folder):
                assert (folder / ".lock").read_text() == f"{os.getpid()}\n"
        finally:
            holder.kill()


def test_the_lock_is_given_back(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(ValueError), RunLock(tmp_path):
            raise ValueError


def test_a_folder_that_cannot_be_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write here"), RunLock(tmp_path / "file" / "run"):
        pass


def test_a_file_that_is_no_lock_stays(tmp_path: Path) -> None:
    (tmp_path / ".lock").write_text("mine")
    with pytest.raises(InputError, match=r"\.lock: is no lock of a run"), RunLock(tmp_path):
        pytest.fail("locked")
    assert (tmp_path / ".lock").read_text() == "mine"


def test_the_number_can_be_read_where_the_first_byte_cannot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_lock, "_START", 1)  # as on Windows
    with RunLock(tmp_path), pytest.raises(InputError, match=rf"another run \(process {os.getpid()}\) is at work"):
        RunLock(tmp_path).__enter__()
    assert (tmp_path / ".lock").read_text() == f" {os.getpid()}\n"


def test_a_folder_whose_system_cannot_lock_is_used_with_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(file: int, blocking: bool) -> bool:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(run_lock, "lock_descriptor", refuse)
    with RunLock(tmp_path):
        assert (tmp_path / ".lock").read_text() == f"{os.getpid()}\n"
    assert f"{tmp_path}: not locked on this system (No locks available); start no second run" in caplog.text
