"""Inference from files to files, with a stand-in for the network: what is written, and what bad input says."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import yaml
from PIL import Image

from paddlevideo.loader.mask_file import read_mask
from paddlevideo.loader.scribbles import Stroke, write_rounds
from paddlevideo.loader.video import open_frames
from paddlevideo.tasks import infer as task
from paddlevideo.utils import files
from paddlevideo.utils.errors import InputError
from paddlevideo.utils.written import RECORD
from paddlevideo.writers.edges import Edge, alpha, grown
from paddlevideo.writers.masks import write_mask
from paddlevideo.writers.rle import decode_record

FRAMES, SIZE = 7, (45, 62)
CFG: dict[str, Any] = {"MODEL": {}, "PIPELINE": {"input": {"size": None}}}
LINE = ((0.2, 0.2), (0.4, 0.4))


def truth(frame: int, objects: int) -> np.ndarray:
    """Return the stand-in's (H, W) mask: a box an object, moving right."""
    mask = np.zeros(SIZE, np.uint8)
    for object_id in range(1, objects + 1):
        mask[5 * object_id : 5 * object_id + 9, 3 * frame : 3 * frame + 12] = object_id
    return mask


class StandIn:
    """A session that knows the answer and notes what it was asked."""

    calls: list[tuple[str, Any]] = []

    def __init__(self, engine: Any, frames: Any, preprocess: Any, objects: int, options: Any) -> None:
        self.frames, self.objects = frames, objects
        StandIn.calls = [("objects", objects)]

    def add_strokes(self, strokes: list[Stroke]) -> None:
        self.calls.append(("strokes", [(stroke.frame, stroke.object_id) for stroke in strokes]))

    def add_mask(self, frame: int, mask: np.ndarray) -> None:
        self.calls.append(("mask", (frame, int(mask.sum()))))

    def propagate(self, span: tuple[int, int] | None = None) -> Iterator[int]:
        self.calls.append(("propagate", None))
        yield from range(len(self.frames))

    def mask(self, frame: int) -> np.ndarray:
        return truth(frame, self.objects)


class Model:
    def eval(self) -> None: ...


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Put the stand-in in the network's place; return the list of what was built."""
    log: list[str] = []
    monkeypatch.setattr("paddlevideo.modeling.build_model", lambda config: log.append("model") or Model())
    monkeypatch.setattr("paddlevideo.weights.files.load_into", lambda model, path: log.append("weights"))
    monkeypatch.setattr("paddlevideo.session.engine.build_engine", lambda model, kind, precision: log.append(kind))
    monkeypatch.setattr("paddlevideo.session.session.Session", StandIn)
    return log


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    folder = tmp_path / "clip"
    folder.mkdir()
    for frame in range(FRAMES):
        Image.fromarray(np.full((*SIZE, 3), 90 + frame, np.uint8)).save(folder / f"shot{frame + 8}.png")
    return folder


@pytest.fixture
def arguments(tmp_path: Path, clip: Path) -> Callable[..., Namespace]:
    write_rounds(tmp_path / "strokes.json", [[Stroke(1, 2, LINE), Stroke(0, 2, LINE)]], FRAMES)

    def make(**changes: Any) -> Namespace:
        given = {
            "input": str(clip),
            "scribbles": str(tmp_path / "strokes.json"),
            "masks": None,
            "mask_frame": None,
            "names": None,
            "objects": None,
            "export": None,
            "grow": 0.0,
            "feather": 0.0,
        }
        return Namespace(**{**given, "output": str(tmp_path / "out"), "weights": "w", "engine": "fast", **changes})

    return make


def test_everything_is_written_and_right(
    built: list[str], arguments: Callable[..., Namespace], clip: Path, tmp_path: Path
) -> None:
    task.infer(CFG, arguments(objects=2))
    out = tmp_path / "out"
    names = [RECORD, "contact_sheet.png", "masks", "masks.json", "overlay.mp4", "scribbles.json"]
    assert sorted(entry.name for entry in out.iterdir()) == names
    assert sorted(tmp_path.iterdir()) == [clip, out, tmp_path / "strokes.json"]  # nothing temporary stays
    masks = sorted((out / "masks").iterdir(), key=lambda file: open_frames(clip).names.index(file.stem))
    assert len(masks) == FRAMES
    for frame, file in enumerate(masks):
        assert np.array_equal(read_mask(file), truth(frame, 2))
    records = json.loads((out / "masks.json").read_text())["annotations"]
    assert len(records) == FRAMES * 2
    assert records[5]["name"] == "shot10"
    assert np.array_equal(decode_record(records[5]), truth(2, 2) == 2)
    assert (out / "scribbles.json").read_bytes() == (tmp_path / "strokes.json").read_bytes()
    with av.open(str(out / "overlay.mp4")) as video:
        assert len(list(video.decode(video=0))) == FRAMES
    assert built == ["model", "weights", "fast"]


def test_objects_have_the_names_that_were_given(
    built: list[str], arguments: Callable[..., Namespace], tmp_path: Path
) -> None:
    kinds = ["coco", "yolo", "cvat", "mattes"]
    task.infer(CFG, arguments(objects=3, names=["person", "小狗", "person"], export=kinds))
    out = tmp_path / "out"
    assert [each["name"] for each in json.loads((out / "coco.json").read_text())["categories"]] == ["person", "小狗"]
    assert yaml.safe_load((out / "yolo" / "data.yaml").read_text(encoding="utf-8"))["names"] == {0: "person", 1: "小狗"}
    assert 'label="小狗"' in (out / "cvat.xml").read_text(encoding="utf-8")
    files = ["object_1_person.mp4", "object_2_小狗.mp4", "object_3_person.mp4"]
    assert sorted(file.name for file in (out / "mattes").iterdir()) == files


def test_edges_are_moved_and_soft_as_asked(
    built: list[str], arguments: Callable[..., Namespace], tmp_path: Path
) -> None:
    task.infer(CFG, arguments(objects=2, export=["palette", "cutout"], grow=2.0, feather=5.0))
    for frame in range(FRAMES):
        name, mask = f"shot{frame + 8}.png", truth(frame, 2)
        assert np.array_equal(read_mask(tmp_path / "out" / "masks" / name), grown(mask, Edge(2)))
        opaque = np.array(Image.open(tmp_path / "out" / "cutout" / name))[..., 3]
        assert np.array_equal(opaque, alpha(mask > 0, Edge(2, 5)))
    with pytest.raises(InputError, match="--grow from -100 to 100"):
        task.infer(CFG, arguments(grow=1000.0))


def test_what_is_not_used_is_told_in_a_summary(
    built: list[str], arguments: Callable[..., Namespace], clip: Path, tmp_path: Path
) -> None:
    (clip / "notes.txt").touch()
    (clip / "gone.png").symlink_to("nowhere.png")
    task.infer(CFG, arguments())
    told = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert told == {
        "notices": [
            {"what": "links that lead nowhere", "items": ["gone.png"]},
            {"what": "not read as pictures and not used", "items": ["notes.txt"]},
        ]
    }
    for name in ("notes.txt", "gone.png"):
        (clip / name).unlink()
    task.infer(CFG, arguments())  # nothing to tell any more
    assert not (tmp_path / "out" / "summary.json").exists()


@pytest.mark.parametrize(("sequence", "told"), [("clip", False), ("clip.mp4", False), ("", False), ("bear", True)])
def test_strokes_of_another_video_are_named(
    built: list[str], arguments: Callable[..., Namespace], tmp_path: Path, sequence: str, told: bool
) -> None:
    options = arguments()
    write_rounds(options.scribbles, [[Stroke(1, 2, LINE)]], FRAMES, sequence)
    task.infer(CFG, options)
    summary = tmp_path / "out" / "summary.json"
    assert summary.exists() == told
    if told:
        what = f"{options.scribbles} was drawn on another video, or this one has a new name"
        assert json.loads(summary.read_text())["notices"] == [{"what": what, "items": ["bear"]}]


def test_rounds_are_split_by_frame_and_run_in_order(
    built: list[str], arguments: Callable[..., Namespace], tmp_path: Path
) -> None:
    rounds = [[Stroke(1, 1, LINE), Stroke(2, 1, LINE), Stroke(1, 5, LINE)], [Stroke(0, 3, LINE)]]
    write_rounds(tmp_path / "strokes.json", rounds, FRAMES)
    task.infer(CFG, arguments())
    assert StandIn.calls == [
        ("objects", 2),
        ("strokes", [(1, 1), (1, 2)]),
        ("propagate", None),
        ("strokes", [(5, 1)]),
        ("propagate", None),
        ("strokes", [(3, 0)]),
        ("propagate", None),
    ]


def test_start_from_a_mask(built: list[str], arguments: Callable[..., Namespace], tmp_path: Path) -> None:
    out = tmp_path / "out"
    task.infer(CFG, arguments())
    assert (out / "scribbles.json").exists()
    write_mask(tmp_path / "first.png", truth(0, 2))
    task.infer(CFG, arguments(scribbles=None, masks=str(tmp_path / "first.png")))
    assert StandIn.calls == [("objects", 2), ("mask", (0, int(truth(0, 2).sum()))), ("propagate", None)]
    assert not (out / "scribbles.json").exists()
    assert len(list((out / "masks").iterdir())) == FRAMES


def test_scribbles_correct_a_mask(built: list[str], arguments: Callable[..., Namespace], tmp_path: Path) -> None:
    write_mask(tmp_path / "first.png", truth(0, 2))
    task.infer(CFG, arguments(masks=str(tmp_path / "first.png")))
    assert [name for name, _ in StandIn.calls[:4]] == ["objects", "mask", "propagate", "strokes"]


def test_video_of_one_frame(built: list[str], arguments: Callable[..., Namespace], tmp_path: Path) -> None:
    write_rounds(tmp_path / "strokes.json", [[Stroke(1, 0, LINE)]], 1)
    task.infer(CFG, arguments(input=str(tmp_path / "clip" / "shot8.png")))
    assert [file.name for file in (tmp_path / "out" / "masks").iterdir()] == ["shot8.png"]


def test_old_results_are_replaced_and_other_files_kept(
    built: list[str], arguments: Callable[..., Namespace], clip: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    task.infer(CFG, arguments())
    (out / "notes.txt").write_text("mine")
    (clip / "shot14.png").unlink()
    write_rounds(tmp_path / "strokes.json", [[Stroke(1, 1, LINE)]], FRAMES - 1)
    task.infer(CFG, arguments(objects=2))
    names = {f"shot{number}.png" for number in range(8, 14)}
    assert {file.name for file in (out / "masks").iterdir()} == names  # no stale one
    assert np.array_equal(read_mask(out / "masks" / "shot9.png"), truth(1, 2))
    assert json.loads((out / "masks.json").read_text())["frames"] == FRAMES - 1
    assert (out / "notes.txt").read_text() == "mine"


def contents(folder: Path) -> dict[str, bytes | None]:
    """Return, by name, what is in the files below ``folder``; None for folders."""
    return {str(path): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def refused(given: Namespace, folder: Path, message: str) -> None:
    """Run, and see that it ends with one line before anything is built, and changes nothing below ``folder``."""
    before = contents(folder)
    with pytest.raises(InputError, match=message) as caught:
        task.infer(CFG, given)
    assert "\n" not in str(caught.value)
    assert contents(folder) == before


def test_masks_painted_by_hand_stay(built: list[str], arguments: Callable[..., Namespace], tmp_path: Path) -> None:
    project = tmp_path / "cat"
    for name in ("shot10", "shot12", "shot9_draft"):
        write_mask(project / "masks" / f"{name}.png", truth(0, 2))
    mask = str(project / "masks" / "shot10.png")
    refused(arguments(scribbles=None, masks=mask, output=str(project)), tmp_path, r"masks/shot10\.png: is an input")
    refused(arguments(output=str(project)), tmp_path, r"masks/shot10\.png: would be lost, .*no record")
    (tmp_path / "link").symlink_to(project)
    refused(arguments(output=str(tmp_path / "link")), tmp_path, r"masks/shot10\.png: would be lost")
    assert built == []


@pytest.mark.parametrize(
    "name", ["masks/shot10.png", "overlay.mp4", "masks.json", "scribbles.json", "contact_sheet.png"]
)
def test_an_edited_result_stays(
    built: list[str], arguments: Callable[..., Namespace], tmp_path: Path, name: str
) -> None:
    task.infer(CFG, arguments())
    with (tmp_path / "out" / name).open("ab") as file:
        file.write(b" ")
    refused(arguments(), tmp_path, f"{name}: would be lost, and no run wrote it as it is")


def test_results_without_a_record_stay(built: list[str], arguments: Callable[..., Namespace], tmp_path: Path) -> None:
    task.infer(CFG, arguments())
    (tmp_path / "out" / RECORD).unlink()  # as of a program from before there were records
    refused(arguments(), tmp_path, "its folder has no record of an earlier run")


def test_an_input_is_not_replaced_even_where_a_run_wrote_it(
    built: list[str],
    arguments: Callable[..., Namespace],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task.infer(CFG, arguments())
    out = tmp_path / "out"
    (tmp_path / "link.png").symlink_to(out / "masks" / "shot9.png")
    (tmp_path / "frames").symlink_to(out / "masks")
    monkeypatch.chdir(out / "masks")
    for changes, name in (
        ({"input": str(out / "masks")}, "masks/shot10.png"),
        ({"input": "../../frames/shot*.png"}, "masks/shot10.png"),
        ({"scribbles": "../scribbles.json"}, "scribbles.json"),
        ({"scribbles": None, "masks": str(tmp_path / "link.png")}, "masks/shot9.png"),
        ({"weights": "shot10.png"}, "masks/shot10.png"),
    ):
        refused(arguments(**changes), tmp_path, f"{name}: is an input, and in the place of a result")


def test_after_a_kill_at_any_moment_the_next_run_goes_through(
    built: list[str], arguments: Callable[..., Namespace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = arguments(output=str(tmp_path / "whole"))
    task.infer(CFG, whole)
    expected = {name.replace("/whole", "/out"): data for name, data in contents(tmp_path / "whole").items()}
    honest, moves = files.os.replace, 0

    def killed(source: Any, target: Any) -> None:
        nonlocal moves
        if str(target).startswith(str(tmp_path / "out")) and ".partial-" not in str(target):
            moves -= 1
            if moves < 0:
                raise KeyboardInterrupt
        honest(source, target)

    for count in range(4):  # results that get their names before the end
        for name, objects in (("fresh", 1), ("over another", 2)):
            moves = count
            monkeypatch.setattr(files.os, "replace", killed)
            with pytest.raises(KeyboardInterrupt):
                task.infer(CFG, arguments(objects=objects))
            monkeypatch.setattr(files.os, "replace", honest)
            task.infer(CFG, arguments())
            found = contents(tmp_path / "out")
            found.pop(str(tmp_path / "out" / RECORD))
            assert found == {key: data for key, data in expected.items() if not key.endswith(RECORD)}, (count, name)


def test_export_chooses_what_is_written_and_takes_the_place_of_an_earlier_run(
    built: list[str], arguments: Callable[..., Namespace], tmp_path: Path
) -> None:
    def names() -> list[str]:
        return sorted(path.name for path in (tmp_path / "out").iterdir() if path.name[0] != ".")

    task.infer(CFG, arguments())
    (tmp_path / "out" / "matte.mp4").write_text("mine, and in nobody's place")
    task.infer(CFG, arguments(export=["binary", "cutout_webm"]))
    assert names() == ["binary", "cutout.webm", "matte.mp4", "scribbles.json"]
    assert len(list((tmp_path / "out" / "binary" / "object_1").iterdir())) == FRAMES
    with pytest.raises(InputError, match=r"matte\.mp4: would be lost"):
        task.infer(CFG, arguments(export=["matte"]))
    task.infer(CFG, arguments(export=["scribbles"]))
    assert names() == ["matte.mp4", "scribbles.json"]
    assert (tmp_path / "out" / "scribbles.json").read_bytes() == (tmp_path / "strokes.json").read_bytes()


def test_an_error_on_the_way_leaves_nothing(
    built: list[str], arguments: Callable[..., Namespace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted(tmp_path.rglob("*"))
    full = lambda *_: (_ for _ in ()).throw(OSError("disk full"))  # noqa: E731
    monkeypatch.setattr("paddlevideo.writers.formats.rle.encode_mask", full)
    with pytest.raises(OSError, match="disk full"):
        task.infer(CFG, arguments())
    assert sorted(tmp_path.rglob("*")) == before


def test_annotated_frames_show_their_strokes(
    built: list[str], arguments: Callable[..., Namespace], tmp_path: Path
) -> None:
    write_rounds(tmp_path / "strokes.json", [[Stroke(1, 2, LINE), Stroke(0, 2, ((0.1, 0.95), (0.9, 0.95)))]], FRAMES)
    task.infer(CFG, arguments())
    with av.open(str(tmp_path / "out" / "overlay.mp4")) as video:
        brightest = [int(frame.to_ndarray(format="gray")[40:].max()) for frame in video.decode(video=0)]
    assert brightest[2] > 180 and max(brightest[:2] + brightest[3:]) < 130


# ---------------------------------------------------------------------------------------------------- bad input

CASES = [
    "no video",
    "broken video",
    "mixed sizes",
    "no scribbles",
    "wrong JSON",
    "another video's",
    "background only",
    "background only, counted",
    "unknown export",
    "no strokes to export",
    "nothing to start from",
    "no mask",
    "mask of another size",
    "mask without object",
    "too many objects",
    "too few names",
    "too many names",
    "no output",
    "output is a file",
    "output below a file",
    "output where nobody may write",
    "output is the input",
    "foreign files",
]


def bad_inputs(folder: Path) -> dict[str, tuple[dict[str, Any], str]]:
    """Return, by name, changed arguments and the message they must give; lays the files they need."""
    write_rounds(folder / "other.json", [[Stroke(1, 2, LINE)]], FRAMES + 1)
    write_rounds(folder / "ground.json", [[Stroke(0, 2, LINE)]], FRAMES)
    (folder / "text.json").write_text("{not json")
    (folder / "clip.mp4").write_text("not a video")
    write_mask(folder / "small.png", truth(0, 1)[:20])
    write_mask(folder / "empty.png", truth(0, 0))
    write_mask(folder / "three.png", truth(0, 3))
    write_mask(folder / "one.png", truth(0, 1))
    (folder / "file").write_text("")
    (folder / "mixed").mkdir()
    for name, width in (("1", 30), ("2", 40)):
        Image.new("RGB", (width, 30)).save(folder / "mixed" / f"{name}.png")
    (folder / "used" / "masks").mkdir(parents=True)
    (folder / "used" / "masks" / "notes.txt").write_text("mine")

    def mask(name: str, **more: Any) -> dict[str, Any]:
        return {"scribbles": None, "masks": str(folder / name), **more}

    return {
        "no video": ({"input": str(folder / "gone.mp4")}, r"gone\.mp4: no such file"),
        "broken video": ({"input": str(folder / "clip.mp4")}, r"clip\.mp4: not a readable video"),
        "mixed sizes": ({"input": str(folder / "mixed")}, r"2\.png: 40x30, but 1\.png is 30x30"),
        "no scribbles": ({"scribbles": str(folder / "gone.json")}, r"gone\.json: cannot read"),
        "wrong JSON": ({"scribbles": str(folder / "text.json")}, r"text\.json: not valid JSON"),
        "another video's": ({"scribbles": str(folder / "other.json")}, "has 8 frames but the video has 7"),
        "background only": ({"scribbles": str(folder / "ground.json")}, "only background strokes"),
        "background only, counted": ({"scribbles": str(folder / "ground.json"), "objects": 1}, "only background"),
        "unknown export": ({"export": ["rle", "matts"]}, r"called 'matts' \(did you mean 'mattes'\?\)"),
        "no strokes to export": (mask("one.png", export=["scribbles"]), "scribbles needs strokes"),
        "nothing to start from": ({"scribbles": None}, "--scribbles JSON or from --masks"),
        "no mask": (mask("gone.png"), "not a readable mask"),
        "mask of another size": (mask("small.png"), "the mask is 62x20, the video 62x45"),
        "mask without object": (mask("empty.png"), "no object in the mask"),
        "too many objects": (mask("three.png", objects=2), "unknown object 3; --objects says that there are 2"),
        "too few names": ({"names": ["cat"], "objects": 2}, "--names cat: 1 for 2 objects; give one for each"),
        "too many names": ({"names": ["cat", "dog"]}, "--names cat,dog: 2 for 1 object; give one for each"),
        "no output": ({"output": None}, "--output DIR"),
        "output is a file": ({"output": str(folder / "file")}, "is a file"),
        "output below a file": ({"output": str(folder / "file" / "out")}, "file is not a folder"),
        "output where nobody may write": ({"output": "/proc/out"}, "/proc is not a folder that can be written to"),
        "output is the input": ({"output": str(folder / "clip")}, "the folder of the input"),
        "foreign files": ({"output": str(folder / "used")}, r"notes\.txt: would be lost"),
    }


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_one_line_before_anything_is_built(
    built: list[str], arguments: Callable[..., Namespace], tmp_path: Path, case: str
) -> None:
    changes, message = bad_inputs(tmp_path)[case]
    given = arguments(**changes)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError, match=message) as caught:
        task.infer(CFG, given)
    assert "\n" not in str(caught.value)
    assert built == []
    assert sorted(tmp_path.rglob("*")) == before


def test_every_bad_input_is_tried(tmp_path: Path) -> None:
    (tmp_path / "clip").mkdir()
    assert list(bad_inputs(tmp_path)) == CASES


def test_bad_preprocessing_is_found_before_the_model_is_built(
    built: list[str], arguments: Callable[..., Namespace]
) -> None:
    with pytest.raises(InputError, match=r"PIPELINE\.input\.size"):
        task.infer({"MODEL": {}, "PIPELINE": {"input": {"size": -3}}}, arguments())
    assert built == []
