"""The one way to a session: what is built once, what a video's session gets, and in which order things go wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from paddlevideo.loader.preprocess import Preprocess
from paddlevideo.loader.video import open_frames
from paddlevideo.session import Segmenter, open_session
from paddlevideo.session.options import SessionOptions
from paddlevideo.utils.errors import InputError
from tests.app.toy import Colours, write_clip

CFG: dict[str, Any] = {"MODEL": {}, "PIPELINE": {"input": {"color": "rgb", "size": None}}}


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Put stand-ins in the place of all that takes long; return the list of what was built."""
    log: list[Any] = []

    class Model:
        def eval(self) -> None:
            log.append("eval")

    monkeypatch.setattr("paddlevideo.modeling.build_model", lambda section: log.append("model") or Model())
    monkeypatch.setattr("paddlevideo.weights.files.load_into", lambda model, path: log.append(str(path)))

    def build_engine(model: Any, kind: str, precision: str) -> Colours:
        log.append((kind, precision))
        return Colours()

    monkeypatch.setattr("paddlevideo.session.engine.build_engine", build_engine)
    return log


def test_the_network_is_built_once_for_all_videos(built: list[Any], tmp_path: Path) -> None:
    video = write_clip(tmp_path / "clip.mp4")
    segmenter = Segmenter.from_config({**CFG, "INFERENCE": {"precision": "bf16"}}, "w.pdparams", "plain")
    sessions = [segmenter.open(video, 2), segmenter.open(open_frames(video), [3, 5])]
    assert built == ["model", "w.pdparams", "eval", ("plain", "bf16")]
    assert [session.objects for session in sessions] == [(1, 2), (3, 5)]


def test_a_sessions_settings_are_the_configs_unless_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[SessionOptions] = []
    monkeypatch.setattr("paddlevideo.session.session.Session", lambda *args: given.append(args[-1]))
    segmenter = Segmenter(cast(Any, Colours()), Preprocess(), SessionOptions(reach="between", max_memory_mib=9))
    frames = open_frames(write_clip(tmp_path / "clip.mp4"))
    segmenter.open(frames)
    segmenter.open(frames, 1, reach="video", undo_depth=1)
    assert given == [
        SessionOptions(reach="between", max_memory_mib=9),
        SessionOptions(reach="video", max_memory_mib=9, undo_depth=1),
    ]
    with pytest.raises(InputError, match="max_leap"):
        segmenter.open(frames, 1, max_leep=0.2)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"PIPELINE": {"input": {"size": -3}}}, r"PIPELINE\.input\.size"),
        ({"INFERENCE": {"max_leap": 0}}, r"INFERENCE\.max_leap"),
    ],
)
def test_a_wrong_setting_is_found_before_the_network_is_built(
    built: list[Any], section: dict[str, Any], message: str
) -> None:
    for begin in (Segmenter.check, lambda cfg: Segmenter.from_config(cfg, "w")):
        with pytest.raises(InputError, match=message):
            begin({**CFG, **section})
    assert built == []


def test_open_session_looks_for_the_video_first_then_the_config_then_the_weights(
    built: list[Any], tmp_path: Path
) -> None:
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "frame.png")
    with pytest.raises(InputError, match="gone.mp4"):
        open_session(tmp_path / "gone.mp4", tmp_path / "gone.yaml", "w")
    with pytest.raises(InputError, match="gone.yaml"):
        open_session(tmp_path / "frame.png", tmp_path / "gone.yaml", "w")
    assert built == []


def test_importing_the_session_needs_no_library() -> None:
    # -S leaves out site-packages: Paddle and NumPy cannot be imported.
    command = "import paddlevideo.session; print(paddlevideo.session.Segmenter.__name__)"
    found = subprocess.run([sys.executable, "-S", "-c", command], capture_output=True, text=True)
    assert found.stdout == "Segmenter\n", found.stderr
