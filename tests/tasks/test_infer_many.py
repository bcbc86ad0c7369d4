"""``--infer`` over many videos with a small network: what is written, taken again, and told; two processes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest
import yaml

from paddlevideo.loader.mask_file import read_mask
from paddlevideo.loader.scribbles import Stroke, write_rounds
from paddlevideo.modeling import build_model
from paddlevideo.tasks import infer_many as task
from paddlevideo.utils.errors import InputError
from paddlevideo.utils.written import RECORD, Written
from tests import conftest
from tests.tasks.test_processes import alive, environment, kill_when, launch
from tests.tasks.test_test import MODEL

CFG: dict[str, Any] = {"MODEL": MODEL, "PIPELINE": {"input": {"color": "rgb", "size": 48}}}
FRAMES = conftest.FRAMES
LINE = ((0.3, 0.35), (0.4, 0.35))
RESULTS = [RECORD, "contact_sheet.png", "done.json", "masks", "masks.json", "overlay.mp4", "scribbles.json"]


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """A folder with ``videos/`` (disc, pair and third, folders of pictures), ``strokes/``, a DAVIS and weights."""
    root = conftest.write_tiny_davis(tmp_path)
    shutil.copytree(root / "JPEGImages" / "480p", tmp_path / "videos")
    shutil.copytree(tmp_path / "videos" / "disc", tmp_path / "videos" / "third")
    for name in ("disc", "third"):
        write_rounds(tmp_path / "strokes" / f"{name}.json", [[Stroke(1, 2, LINE)]], FRAMES)
    write_rounds(tmp_path / "strokes" / "pair.json", [[Stroke(1, 0, LINE), Stroke(2, 0, ((0.7, 0.7),))]], FRAMES)
    paddle.seed(0)
    paddle.save(build_model(MODEL).state_dict(), str(tmp_path / "w.pdparams"))
    return tmp_path


@pytest.fixture
def arguments(world: Path) -> Callable[..., Namespace]:
    def make(**changes: Any) -> Namespace:
        given = {
            "input": str(world / "videos"),
            "scribbles": str(world / "strokes"),
            "masks": None,
            "mask_frame": None,
            "names": None,
            "objects": None,
            "export": None,
            "grow": 0.0,
            "feather": 0.0,
        }
        given |= {"output": str(world / "out"), "weights": str(world / "w.pdparams"), "engine": "plain"}
        return Namespace(**{**given, **changes})

    return make


@pytest.fixture
def segmented(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the videos that are segmented, in order."""
    names: list[str] = []
    honest = task.segment

    def counted(session: Any, frames: Any, start: Any, exporters: Any, output: Written, scribbles: Any) -> None:
        names.append(output.folder.name)
        honest(session, frames, start, exporters, output, scribbles)

    monkeypatch.setattr(task, "segment", counted)
    return names


def summary(world: Path) -> dict[str, dict[str, Any]]:
    videos: dict[str, dict[str, Any]] = json.loads((world / "out" / "summary.json").read_text())["videos"]
    return videos


def statuses(world: Path) -> list[str]:
    return [entry["status"] for entry in summary(world).values()]


def test_every_video_has_its_folder_and_a_second_run_takes_them(
    world: Path, arguments: Callable[..., Namespace], segmented: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    task.infer_many(CFG, arguments())
    names = ["disc", "pair", "third"]
    assert sorted(path.name for path in (world / "out").iterdir()) == sorted([".lock", RECORD, "summary.json", *names])
    for name in names:
        assert sorted(path.name for path in (world / "out" / name).iterdir()) == RESULTS
        assert len(list((world / "out" / name / "masks").iterdir())) == FRAMES
    assert read_mask(world / "out/pair/masks/00003.png").max() <= 2
    first = summary(world)
    assert list(first) == names == segmented
    assert [entry["objects"] for entry in first.values()] == [1, 2, 1]
    assert all(entry["frames"] == FRAMES and entry["seconds"] > 0 for entry in first.values())

    monkeypatch.setattr("paddlevideo.modeling.build_model", lambda section: pytest.fail("the model was built"))
    task.infer_many(CFG, arguments())
    assert statuses(world) == ["already done"] * 3
    assert [entry | {"status": "done"} for entry in summary(world).values()] == list(first.values())


def test_only_what_changed_is_done_again(
    world: Path, arguments: Callable[..., Namespace], segmented: list[str]
) -> None:
    def again(cfg: dict[str, Any] = CFG, **changes: Any) -> list[str]:
        segmented.clear()
        task.infer_many(cfg, arguments(**changes))
        return list(segmented)

    assert again() == ["disc", "pair", "third"]
    write_rounds(world / "strokes" / "disc.json", [[Stroke(1, 3, LINE)]], FRAMES)
    assert again() == ["disc"]
    (world / "videos" / "third" / "00005.jpg").write_bytes((world / "videos" / "third" / "00000.jpg").read_bytes())
    assert again() == ["third"]
    next((world / "out" / "pair" / "masks").iterdir()).unlink()
    (world / "out" / "third" / "done.json").unlink()
    assert again() == ["pair", "third"]
    (world / "out" / "disc" / ".masks.partial-1234").mkdir()  # of a killed process
    assert again({**CFG, "INFERENCE": {"search": 0.2}}) == ["disc", "pair", "third"]
    assert not (world / "out" / "disc" / ".masks.partial-1234").exists()
    assert again({**CFG, "INFERENCE": {"search": 0.2}}) == []
    assert again({**CFG, "INFERENCE": {"search": 0.2, "max_memory_mib": 100}}) == []  # the masks are the same
    with_matte = {"input": f"{world}/videos/[dp]*", "export": ["matte"]}
    assert again(**with_matte) == ["disc", "pair"]
    assert again(**with_matte) == []
    (world / "out" / "pair" / "matte.mp4").unlink()
    assert again(**with_matte) == ["pair"]
    with_names = {"input": f"{world}/videos/disc*", "export": ["coco"], "names": ["ball"]}
    assert again(**with_names) == ["disc"]
    assert again(**with_names) == []
    assert again(**{**with_names, "names": ["disc"]}) == ["disc"]


def test_masks_as_davis_has_them(world: Path, arguments: Callable[..., Namespace]) -> None:
    masks = world / "DAVIS" / "Annotations" / "480p"
    task.infer_many(CFG, arguments(input=f"{world}/videos/[dp]*", scribbles=None, masks=str(masks)))
    with pytest.raises(InputError, match="--masks .*third"):
        task.infer_many(CFG, arguments(scribbles=None, masks=str(masks)))
    assert list(summary(world)) == ["disc", "pair"]
    assert not (world / "out" / "pair" / "scribbles.json").exists()
    first = read_mask(masks / "pair" / "00000.png")
    assert np.array_equal(read_mask(world / "out" / "pair" / "masks" / "00000.png"), first)


def test_bad_videos_are_told_and_the_others_go_on(
    world: Path, arguments: Callable[..., Namespace], caplog: pytest.LogCaptureFixture, segmented: list[str]
) -> None:
    (world / "videos" / "broken.mp4").write_text("no video")
    (world / "strokes" / "broken.json").write_text("{}")
    write_rounds(world / "strokes" / "disc.json", [[Stroke(1, 2, LINE)]], FRAMES + 1)
    (world / "strokes" / "nobody.json").write_text("{}")
    with pytest.raises(InputError, match="2 of 4 videos failed: broken, disc; .*summary.json says why") as caught:
        task.infer_many(CFG, arguments())
    assert "\n" not in str(caught.value)
    assert segmented == ["pair", "third"]
    assert statuses(world) == ["failed", "failed", "done", "done"]
    assert "has 7 frames but the video has 6" in summary(world)["disc"]["error"]
    told = [record.getMessage() for record in caplog.records]
    assert sum("not a readable video" in line for line in told) == 1
    assert sum("no such video: nobody" in line for line in told) == 1
    assert not (world / "out" / "broken").exists()


def test_a_persons_files_stay_and_the_other_videos_go_on(
    world: Path, arguments: Callable[..., Namespace], segmented: list[str]
) -> None:
    mine = world / "out" / "disc" / "masks" / "00003.png"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    with pytest.raises(InputError, match="1 of 3 videos failed: disc"):
        task.infer_many(CFG, arguments())
    assert segmented == ["pair", "third"] and statuses(world) == ["failed", "done", "done"]
    assert "disc/masks/00003.png: would be lost" in summary(world)["disc"]["error"]
    assert [path for path in (world / "out" / "disc").rglob("*") if path.is_file()] == [mine]

    mine.unlink()
    edited = world / "out" / "pair" / "masks" / "00001.png"
    edited.write_bytes(b"edited")
    task.infer_many(CFG, arguments())  # pair is not touched: it is done
    assert segmented[2:] == ["disc"]
    segmented.clear()
    with pytest.raises(InputError, match="1 of 3 videos failed: pair"):
        task.infer_many(CFG, arguments(engine="fast"))
    assert segmented == ["disc", "third"] and edited.read_bytes() == b"edited"

    (world / "out" / "summary.json").write_text("mine")
    with pytest.raises(InputError, match="summary.json: would be lost"):
        task.infer_many(CFG, arguments())
    assert (world / "out" / "summary.json").read_text() == "mine"


def test_no_video_replaces_an_input_of_another(
    world: Path, arguments: Callable[..., Namespace], segmented: list[str]
) -> None:
    """The first run's masks of disc are frames of the video ``masks`` in the second."""
    task.infer_many(CFG, arguments(input=f"{world}/videos/disc*"))
    shutil.copy(world / "strokes" / "disc.json", world / "strokes" / "masks.json")
    write_rounds(world / "strokes" / "disc.json", [[Stroke(1, 3, LINE)]], FRAMES)
    (world / "both").mkdir()
    (world / "both" / "disc").symlink_to(world / "videos" / "disc")
    (world / "both" / "masks").symlink_to(world / "out" / "disc" / "masks")
    with pytest.raises(InputError, match="1 of 2 videos failed: disc"):
        task.infer_many(CFG, arguments(input=str(world / "both")))
    assert "00000.png: is an input" in summary(world)["disc"]["error"]
    assert segmented == ["disc", "masks"]


def test_masks_are_of_the_frames_that_they_are_named_after(world: Path, arguments: Callable[..., Namespace]) -> None:
    masks = world / "DAVIS" / "Annotations" / "480p"
    for frame in (0, 2, 3, 5):
        (masks / "pair" / f"{frame:05d}.png").unlink()
    task.infer_many(CFG, arguments(input=f"{world}/videos/[dp]*", scribbles=None, masks=str(masks)))
    for frame in (1, 4):
        places = masks / "pair", world / "out" / "pair" / "masks"
        given, written = (read_mask(place / f"{frame:05d}.png") for place in places)
        assert np.array_equal(given, written)
    told = summary(world)["disc"]["notices"]  # a mask for every frame: the first is the start
    assert told[0]["items"] == [f"{frame:05d}.png" for frame in range(1, 6)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"output": None}, "--output DIR"),
        ({"output": "videos"}, "is a folder of the input"),
        ({"output": "strokes"}, "is a folder of the input"),
        ({"weights": "gone.pdparams"}, "gone.pdparams: cannot be opened"),
        ({"masks": "w.pdparams"}, "is not a folder"),
        ({"input": "DAVIS/JPEGImages/480p/disc"}, "pictures of one video"),
    ],
)
def test_bad_input_is_found_before_anything_is_built_or_written(
    world: Path,
    arguments: Callable[..., Namespace],
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, str | None],
    message: str,
) -> None:
    monkeypatch.chdir(world)
    monkeypatch.setattr("paddlevideo.modeling.build_model", lambda section: pytest.fail("the model was built"))
    before = sorted(world.rglob("*"))
    with pytest.raises(InputError, match=message):
        task.infer_many(CFG, arguments(**changes))
    assert sorted(world.rglob("*")) == before


def segment(world: Path, videos: Path, out: str = "out") -> list[str]:
    """The script and arguments that segment ``videos`` with one thread: sums of several threads round otherwise."""
    (world / "tiny.yaml").write_text(yaml.safe_dump({**CFG, "model_name": "tiny"}))
    script = str(Path(__file__).parents[2] / "main.py")
    arguments = ["--infer", "-c", str(world / "tiny.yaml"), "-w", str(world / "w.pdparams"), "--engine", "plain"]
    places = ["--input", str(videos), "--scribbles", str(world / "strokes"), "--output", str(world / out)]
    return [script, *arguments, *places, "--threads", "1"]


def two_processes(world: Path, videos: Path) -> list[str]:
    """The command line that segments ``videos`` in two processes."""
    return launch(world / "log", *segment(world, videos))


def run_two(world: Path, videos: Path) -> tuple[int, list[str]]:
    """Run them to their end and return the exit code and both logs."""
    shutil.rmtree(world / "log", ignore_errors=True)
    command = two_processes(world, videos)
    done = subprocess.run(command, capture_output=True, timeout=240, env=environment(), check=False)
    return done.returncode, [(world / "log" / f"workerlog.{rank}").read_text() for rank in (0, 1)]


def test_two_processes_share_the_videos(world: Path) -> None:
    """A bad video of rank 1 fails the launch, the others are done; mended, only that one is left to do."""
    good = (world / "strokes" / "pair.json").read_text()
    (world / "strokes" / "pair.json").write_text("{}")
    code, logs = run_two(world, world / "videos")
    assert code != 0, logs
    assert statuses(world) == ["done", "failed", "done"]
    assert "rank 1: pair: " in logs[1] and all("1 of 3 videos failed: pair" in log for log in logs)
    assert "third: 6 frames, 1 objects" in logs[0]
    (world / "strokes" / "pair.json").write_text(good)
    code, logs = run_two(world, world / "videos")
    assert code == 0, logs
    assert statuses(world) == ["already done", "done", "already done"]
    subprocess.run([sys.executable, *segment(world, world / "videos", "alone")], env=environment(), check=True)
    for name in ("disc", "pair"):
        masks = [read_mask(world / out / name / "masks" / "00004.png") for out in ("out", "alone")]
        assert np.array_equal(*masks)


def test_a_rank_that_is_killed_fails_the_launch_and_what_was_done_stays(world: Path) -> None:
    names = [f"clip{number:02d}" for number in range(16)]
    for name in names:
        shutil.copytree(world / "videos" / "disc", world / "many" / name)
        shutil.copy(world / "strokes" / "disc.json", world / "strokes" / f"{name}.json")
    first = world / "out" / "clip01" / "done.json"  # of rank 1
    code, started = kill_when(first.exists, two_processes(world, world / "many"), victim="1")
    assert code != 0 and not any(alive(child) for child in started)
    assert not (world / "out" / "summary.json").exists()
    kept = {name for name in names if (world / "out" / name / "done.json").exists()}
    assert "clip01" in kept and len(kept) < len(names)
    code, logs = run_two(world, world / "many")
    assert code == 0, logs
    assert {name for name, entry in summary(world).items() if entry["status"] == "already done"} == kept
    assert all(len(list((world / "out" / name / "masks").iterdir())) == FRAMES for name in names)
    assert not list((world / "out").rglob("*.partial-*"))
