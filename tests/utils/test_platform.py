"""Everything starts where a system lacks modules that only POSIX has; they are hidden, as they are on Windows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from paddlevideo.loader.mask_file import read_mask

ROOT = Path(__file__).resolve().parents[2]
HIDDEN = "import sys; sys.modules.update(fcntl=None, resource=None); "


def _run(code: str, *arguments: str, before: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-B", "-c", before + HIDDEN + code, *arguments]
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


def test_many_videos_are_segmented_in_full(tiny_davis, tmp_path):
    strokes = tmp_path / "strokes"
    strokes.mkdir()
    (tiny_davis / "Scribbles" / "disc" / "001.json").rename(strokes / "disc.json")
    arguments = ["--infer", "-c", "configs/segmentation/manet_lite.yaml", "-w", "data/weights/manet_lite.pdparams"]
    arguments += ["-o", "PIPELINE.input.size=null", "--engine", "plain", "--export", "palette", "--threads", "1"]
    arguments += ["--input", f"{tiny_davis}/JPEGImages/480p/d*", "--scribbles", str(strokes)]
    arguments += ["--output", str(tmp_path / "out")]
    done = _run("import main; sys.exit(main.main(sys.argv[1:]))", *arguments)
    assert done.returncode == 0, done.stderr
    truth, masks = tiny_davis / "Annotations" / "480p" / "disc", tmp_path / "out" / "disc" / "masks"
    for file in truth.iterdir():
        one, other = read_mask(file) == 1, read_mask(masks / file.name) == 1
        assert (one & other).sum() > 0.5 * (one | other).sum(), file.name


def test_memory_is_a_number_there_too():
    code = "from paddlevideo.utils.runtime import peak_memory_gib; print(peak_memory_gib())"
    done = _run(code, before="import psutil; ")  # which itself needs the modules here, and not on Windows
    assert done.returncode == 0, done.stderr
    assert 0.01 < float(done.stdout) < 1000


def test_a_video_is_looked_into_without_limits(tmp_path):
    code = "from paddlevideo.app.projects.probe import main; main()"
    done = _run(code, str(tmp_path / "none.mp4"), "10", "1000")
    assert done.returncode == 0, done.stderr
    assert "no such file" in done.stdout
