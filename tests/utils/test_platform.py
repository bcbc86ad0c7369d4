"""Everything starts where a system lacks modules that only POSIX has; they are hidden, as they are on Windows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HIDDEN = "import sys; sys.modules.update(fcntl=None, resource=None); "


def _run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-B", "-c", HIDDEN + code, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_every_task_starts_without_posix_modules():
    modules = [f"paddlevideo.tasks.{task}" for task in ("infer", "infer_many", "serve", "test", "train")]
    done = _run(f"import importlib; [importlib.import_module(each) for each in {modules}]")
    assert done.returncode == 0, done.stderr


def test_a_folder_is_said_to_be_unlocked(tmp_path):
    code = "from paddlevideo.utils.run_lock import RunLock\nwith RunLock(sys.argv[1]): print('inside')"
    done = _run(code, str(tmp_path))
    assert (done.returncode, done.stdout) == (0, "inside\n")
    assert "not locked on this system" in done.stderr


def test_a_video_is_looked_into_without_limits(tmp_path):
    code = "from paddlevideo.app.projects.probe import main; main()"
    done = _run(code, str(tmp_path / "none.mp4"), "10", "1000")
    assert done.returncode == 0, done.stderr
    assert "no such file" in done.stdout
