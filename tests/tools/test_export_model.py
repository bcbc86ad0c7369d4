"""The two tools of deployment: one writes a network out, the other segments a video by what was written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tools import export_model, predict


def test_a_video_is_segmented_by_the_files_alone(
    tiny_davis: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert export_model.main(["-o", "exported"]) == 0
    assert "exported/embed.onnx" in capsys.readouterr().out
    video = str(tiny_davis / "JPEGImages" / "480p" / "disc")
    strokes = str(tiny_davis / "Scribbles" / "disc" / "001.json")
    given = ["exported", video, "--scribbles", strokes, "--export", "palette", "--output", "out"]
    assert predict.main([*given, "--runtime", "openvino"]) == 0
    masks = [np.asarray(Image.open(tmp_path / "out" / "masks" / f"{frame:05d}.png")) for frame in range(6)]
    shown = np.asarray(Image.open(tiny_davis / "Annotations" / "480p" / "disc" / "00002.png"))
    assert all(mask.any() for mask in masks)
    assert ((masks[2] > 0) & (shown > 0)).sum() / ((masks[2] > 0) | (shown > 0)).sum() > 0.5


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["none", "clip.mp4", "--scribbles", "s.json", "--output", "out"], "none: no such folder"),
        ([".", "clip.mp4", "--scribbles", "s.json", "--output", "out"], "clip.mp4"),
    ],
)
def test_bad_input_is_one_line(
    argv: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert predict.main(argv) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and message in error and error.count("\n") == 1


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert export_model.main(["-o", "exported"]) == 2
    assert "paddlevideo-manet[export]" in capsys.readouterr().err
