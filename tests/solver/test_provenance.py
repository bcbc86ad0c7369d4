"""What is written beside a checkpoint about where it comes from."""

from __future__ import annotations

import json
import re
import subprocess
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest

import paddlevideo
from paddlevideo.config.loading import load_config
from paddlevideo.solver.provenance import config_text, git_state, write_provenance
from paddlevideo.utils.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = sorted(path for path in (ROOT / "configs").rglob("*.yaml") if "base" not in path.stem)
ARGS = Namespace(seed=7)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_the_config_comes_back_as_it_was(path: Path, tmp_path: Path) -> None:
    config = load_config(path, ["OPTIMIZER.learning_rate.base=1e-7", "model_name='1e3'", "output_dir='出/a b'"])
    write_provenance(tmp_path, config, ARGS)
    assert load_config(tmp_path / "config.yaml") == config
    assert "&id" not in (tmp_path / "config.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["", "1e3", ".5", "+1", "-2", "2020-01-02", "null", "yes", "a: b", "# c", "= d", "ü"])
def test_any_text_comes_back_as_text(text: str, tmp_path: Path) -> None:
    from paddlevideo.config.yaml_file import read_config

    (tmp_path / "c.yaml").write_text(config_text({"MODEL": {"name": text, "list": [text]}}), encoding="utf-8")
    assert read_config(tmp_path / "c.yaml")[0] == {"MODEL": {"name": text, "list": [text]}}


def test_every_start_is_an_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["/somewhere/main.py", "-c", "my config.yaml", "--resume"])
    monkeypatch.setenv("PADDLE_TRAINERS_NUM", "2")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    write_provenance(tmp_path, {"seed": 1}, ARGS)
    monkeypatch.setattr("sys.argv", ["/usr/lib/notebook.py", "-f", "/home/somebody/kernel.json"])
    write_provenance(tmp_path, {"seed": 2}, ARGS)
    text = (tmp_path / "run.json").read_text()
    first, second = json.loads(text)
    assert first["command"] == "main.py -c 'my config.yaml' --resume"
    assert second["command"] is None
    assert (first["seed"], first["device"], first["processes"], first["threads"]) == (7, "cpu", 2, 3)
    assert first["versions"]["numpy"] == np.__version__
    assert first["versions"]["paddlevideo"] == paddlevideo.__version__
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", first["started"])
    assert "somebody" not in text and str(ROOT) not in text
    assert (tmp_path / "config.yaml").read_text().endswith("seed: 2\n")  # that of the last start


def test_the_revision_and_whether_the_source_differs_from_it(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false"]
        command = ["git", "-C", str(tmp_path), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    assert git_state(tmp_path) == {}
    git("init", "-q")
    assert git_state(tmp_path) == {}  # no commit yet
    (tmp_path / "a").write_text("1")
    git("add", "a")
    git("commit", "-q", "-m", "a")
    (tmp_path / "output").mkdir()
    assert git_state(tmp_path) == {"revision": git("rev-parse", "HEAD"), "modified": False}
    (tmp_path / "a").write_text("2")
    assert git_state(tmp_path)["modified"] is True
    assert git_state(tmp_path / "output") == {}  # below a checkout that is not the package's


def test_a_damaged_list_is_begun_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "run.json").write_text("[{")
    write_provenance(tmp_path, {}, ARGS)
    assert len(json.loads((tmp_path / "run.json").read_text())) == 1


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file"):
        write_provenance(tmp_path / "file", {}, ARGS)
