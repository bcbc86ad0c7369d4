"""What all kinds of results have in common: one list, whole or not there, no more pictures read than needed."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import paddlevideo
from paddlevideo.tasks.arguments import parse
from paddlevideo.utils.errors import InputError
from paddlevideo.writers import export
from paddlevideo.writers.clip_info import ClipInfo
from paddlevideo.writers.exporter import Exporter, all_exporters, default_kinds, find_exporters, write_clip
from tests.writers.clip import FRAMES, SIZE, Frames, clip, mask

KINDS = [kind.key for kind in all_exporters()]
WORDS = Path(paddlevideo.__file__).parent / "app" / "static" / "words"


def write(
    kinds: list[type[Exporter]], folder: Path, frames: Frames | None = None, of: Callable[..., Any] = mask
) -> None:
    for _ in write_clip([kind(clip(), folder / kind.name) for kind in kinds], frames or Frames(), of):
        pass


def test_kinds_differ_in_all_that_tells_them_apart() -> None:
    for attribute in ("key", "name", "download", "rank"):
        assert len({getattr(kind, attribute) for kind in all_exporters()}) == len(KINDS) >= 9, attribute
    assert default_kinds() == ["palette", "overlay", "contact_sheet", "rle"]


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_kind_has_words_in_both_languages(language: str) -> None:
    words = json.loads((WORDS / f"{language}.json").read_text("utf-8"))
    asked = {f"export.{kind}{part}" for kind in KINDS for part in ("", "Hint", "Tip")}
    asked |= {f"export.preset_{kind.key}" for kind in all_exporters() if kind.preset}
    assert asked <= {key for key, text in words.items() if text}


@pytest.mark.parametrize("kind", all_exporters(), ids=KINDS)
def test_a_result_is_whole_or_not_there(kind: type[Exporter], tmp_path: Path) -> None:
    write([kind], tmp_path / "whole")
    assert [path.name for path in (tmp_path / "whole").iterdir()] == [kind.name]

    def failing(frame: int) -> np.ndarray:
        if frame == FRAMES - 1:
            raise OSError("disk full")
        return mask(frame)

    (tmp_path / "broken").mkdir()
    if kind.needs_masks:
        with pytest.raises(OSError, match="disk full"):
            write([kind], tmp_path / "broken", of=failing)
    steps = write_clip([kind(clip(), tmp_path / "broken" / kind.name)], Frames(), mask)
    next(steps)
    steps.close()  # type: ignore[attr-defined]
    assert not list((tmp_path / "broken").iterdir())


@pytest.mark.parametrize(
    "kind", [kind for kind in all_exporters() if kind.download.endswith(".zip")], ids=lambda k: k.key
)
def test_a_zip_has_what_the_folder_has(kind: type[Exporter], tmp_path: Path) -> None:
    write([kind], tmp_path)
    for _ in write_clip([kind(clip(), tmp_path / kind.download)], Frames(), mask):
        pass
    folder = tmp_path / kind.name
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.*")}
    with zipfile.ZipFile(tmp_path / kind.download) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == files
    assert len(files) == {"yolo": FRAMES + 1, "binary": 2 * FRAMES, "mattes": 2}.get(kind.key, FRAMES)


def test_pictures_are_read_once_for_all_and_only_where_needed(tmp_path: Path) -> None:
    frames = Frames()
    write(find_exporters(["palette", "binary", "matte", "rle"]), tmp_path, frames)
    assert frames.reads == 0
    write(list(all_exporters()), tmp_path, frames)
    assert frames.reads == FRAMES


def test_export_from_python(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    paths = export(clip(), Frames(), mask, tmp_path, ["rle", "cutout"])
    assert paths == [tmp_path / "masks.json", tmp_path / "cutout"]
    assert sorted(path.name for path in tmp_path.iterdir() if path.name[0] != ".") == [
        "cutout",
        "masks.json",
        "notes.txt",
    ]
    export(clip(), Frames(), mask, tmp_path)
    assert {"masks", "overlay.mp4", "contact_sheet.png"} < {path.name for path in tmp_path.iterdir()}
    (tmp_path / "masks" / "shot0.png").write_text("edited")
    with pytest.raises(InputError, match=r"shot0\.png: would be lost"):
        export(clip(), Frames(), mask, tmp_path, ["palette"])
    assert (tmp_path / "masks" / "shot0.png").read_text() == "edited"


def test_what_cannot_be_exported_is_told_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no kind of export is called 'overly' .did you mean 'overlay'"):
        export(clip(), Frames(), mask, tmp_path / "out", ["palette", "overly"])
    with pytest.raises(InputError, match="no kind is named"):
        export(clip(), Frames(), mask, tmp_path / "out", [])
    with pytest.raises(InputError, match="scribbles needs strokes"):
        export(ClipInfo.of(Frames(), [1]), Frames(), mask, tmp_path / "out", ["scribbles"])
    assert not (tmp_path / "out").exists()


def test_the_command_line_shows_all_kinds(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(["--export", "list"], None)
    assert caught.value.code == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == KINDS
    with pytest.raises(SystemExit):
        parse(["--help"], None)
    assert f"({','.join(default_kinds())})" in "".join(capsys.readouterr().out.split())
    assert parse(["--infer", "-c", "x", "--export", "rle, matte"], None).export == ["rle", "matte"]


def test_what_a_clip_tells() -> None:
    found = clip()
    assert (found.name, found.size, found.rate, found.ids) == ("cat", SIZE, 25.0, (1, 3))
    assert found.palette[3].tolist() == [250, 240, 10] and found.palette[1].tolist() == [128, 0, 0]
    assert list(found.recording.strokes) == [2] and len(found.recording.strokes[2]) == 2
