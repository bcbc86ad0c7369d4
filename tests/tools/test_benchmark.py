"""The benchmark runs in its tiny size and gives whole figures; how large they are is nobody's business here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools.benchmark import main


def test_train_measures_every_part_of_both_variants(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {"json": tmp_path / "train.json", "picture": tmp_path / "train.png"}
    options = [word for name, path in files.items() for word in (f"--{name}", str(path))]
    assert main(["train", "--tiny", "--steps", "1", *options]) == 0
    (result,) = json.loads(files["json"].read_text()).values()
    for variant in ("eager", "shipped"):
        parts = result["seconds"][variant]
        assert set(parts) == {"data", "forward", "backward", "update"} and all(value > 0 for value in parts.values())
        assert result["samples_per_second"][variant] == pytest.approx(2 / sum(parts.values()))
    assert result["ratio"] > 0 and 0 < result["data_share"] < 1
    assert files["picture"].read_bytes().startswith(b"\x89PNG")
    assert "samples/s" in capsys.readouterr().out
