"""Projects that earlier versions wrote: read as they were, and written so that they are read again."""

from __future__ import annotations

import json
import shutil
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paddlevideo.app.projects import actions
from paddlevideo.app.projects.mask_files import encode_png
from paddlevideo.app.projects.program import AddStroke, LockObjects, Operation, Propagate, SetObjects
from paddlevideo.app.projects.project import Project
from paddlevideo.app.projects.record import Record

OLD = Path(__file__).parent / "old_project"  # every kind of action, done, erased, stopped and taken back
STATE = json.loads((OLD / "state.json").read_text())  # what the version that wrote it made of it


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / STATE["document"]["id"]
    shutil.copytree(OLD, folder)
    (folder / "masks").mkdir()
    for line in (folder / "masks.log").read_text().splitlines():
        frame, action = line.split()[:2]
        (folder / "masks" / f"{int(frame):05d}-{action}.png").write_bytes(encode_png(np.zeros((48, 64), np.uint8)))
    return folder


def test_the_old_project_has_every_kind_of_action(folder: Path) -> None:
    record = Record.read(folder)
    kinds = {type(each) for each in record.history}
    assert kinds == {
        actions.StrokeDrawn,
        actions.StrokesErased,
        actions.ObjectAdded,
        actions.ObjectEdited,
        actions.ObjectRemoved,
        actions.Propagated,
    }
    assert [type(each) for each in record.redo] == [actions.ObjectEdited, actions.StrokeDrawn]


def test_an_old_project_is_what_it_was(folder: Path) -> None:
    project = Project(folder)
    assert json.loads(json.dumps(project.document())) == STATE["document"]
    assert [_as_written(each) for each in project.program()] == STATE["program"]
    assert [list(each) for each in project.unanswered()] == STATE["unanswered"]


def test_an_old_project_is_written_as_it_was(folder: Path) -> None:
    before = json.loads((OLD / "project.json").read_text())
    Record.read(folder).write(folder)
    written = json.loads((folder / "project.json").read_text())
    assert {**written, "changed": before["changed"]} == before


def test_work_on_an_old_project_is_read_again(folder: Path) -> None:
    project = Project(folder)
    project.redo()
    project.redo()
    project.edit_object(1, name="名字", hidden=True)
    project.undo()
    again = Project(folder)
    assert again.document() == project.document() and again.program() == project.program()
    assert again.document()["can_redo"] and again.view.locked == (1, 2)


def test_keys_that_nothing_reads_any_more_are_passed_over(folder: Path) -> None:
    history = Record.read(folder).history
    document = json.loads((folder / "project.json").read_text())
    for action in document["history"]:
        action["frames_wanted"] = 8
    (folder / "project.json").write_text(json.dumps(document))
    assert Record.read(folder).history == history


@pytest.mark.parametrize("damage", [{"kind": "paint"}, {"number": "one"}, {"span": [1]}])
def test_a_damaged_history_is_an_error(folder: Path, damage: dict[str, Any]) -> None:
    document = json.loads((folder / "project.json").read_text())
    document["history"][-1].update(damage)
    (folder / "project.json").write_text(json.dumps(document))
    with pytest.raises(ValueError, match="history"):
        Record.read(folder)


def _as_written(operation: Operation) -> list[Any]:
    """An operation as the old version had it."""
    names = {SetObjects: "objects", LockObjects: "lock", AddStroke: "stroke", Propagate: "propagate"}
    return json.loads(json.dumps([names[type(operation)], *astuple(operation)]))
