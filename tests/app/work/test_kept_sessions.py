"""A project that is opened again takes its session up from the disk, and nothing is done twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paddlevideo.app.projects.project import Project
from paddlevideo.app.service import Service
from paddlevideo.app.work.replay import FILE, Replay
from tests.app.toy import FRAMES, SIZE, Colours, session_maker, settings
from tests.app.work.test_replay import _go_on, _masks, _propagate, _replay, _run, _session_masks, _stroke, project

__all__ = ["project"]  # the fixture

LITE = {"reach": "between", "storage": "float16"}
REFERENCE: dict[str, Any] = {}


def _worked(project: Project, **options: Any) -> Replay:
    """Four rounds, one of them by hand and one that takes an object out of a frame."""
    replay = _replay(project, **options)
    project.add_object("second")
    for frame in (2, 6):
        _stroke(project, frame, 1)
        _stroke(project, frame, 2)
        _propagate(project, replay)
    square = np.zeros(SIZE, np.uint8)
    square[30:40, 20:30] = 1
    project.give_mask(5, square)
    _propagate(project, replay)
    project.touch_up(7, 2, lambda mask: np.where(mask == 2, 0, mask))
    _propagate(project, replay)
    return replay


def _keep(replay: Replay) -> None:
    while replay.keep():
        pass


def _opened(project: Project, **options: Any) -> tuple[Replay, Colours]:
    engine = Colours()
    return _replay(Project(project.folder), engine, **options), engine


@pytest.mark.parametrize("options", [REFERENCE, LITE])
def test_a_project_opened_again_is_not_replayed_and_answers_the_same(project: Project, options: dict[str, Any]) -> None:
    replay = _worked(project, **options)
    _keep(replay)
    assert not replay.keep(), "nothing is new"
    opened, engine = _opened(project, **options)
    assert opened.steps_left() == 0
    _run(opened)
    assert not engine.calls
    assert np.array_equal(_session_masks(opened), _session_masks(replay))
    for each in (replay, opened):
        _stroke(each.project, 0, 2)
        _propagate(each.project, each)
    assert engine.calls.count("embed") <= FRAMES and engine.calls.count("interact") == 1
    assert np.array_equal(_masks(opened.project), _masks(project))
    assert np.array_equal(_session_masks(opened), _session_masks(replay))


@pytest.mark.parametrize("options", [REFERENCE, LITE])
def test_undo_and_redo_after_opening_are_as_ever(project: Project, options: dict[str, Any]) -> None:
    replay = _worked(project, **options)
    _keep(replay)
    opened, engine = _opened(project, **options)
    for _ in range(2):  # the propagation and the mask: what the last round began from is on disk
        opened.project.undo()
    _run(opened)
    assert not engine.calls
    for _ in range(2):  # further back it is done again
        opened.project.undo()
    _run(opened)
    for _ in range(4):
        opened.project.redo()
    _run(opened)
    assert np.array_equal(_session_masks(opened), _session_masks(replay))


def test_a_round_that_undo_has_left_last_is_propagated_again_from_where_it_began(project: Project) -> None:
    replay = _worked(project, **LITE)
    _keep(replay)
    opened, _ = _opened(project, **LITE)
    for each in (replay, opened):
        for _ in range(2):
            each.project.undo()
        for _ in each.bring(again=True):
            pass
        _propagate(each.project, each)
    assert np.array_equal(_session_masks(opened), _session_masks(replay))


def test_strokes_since_and_a_stopped_propagation_are_taken_up(project: Project) -> None:
    replay = _worked(project, **LITE)
    _keep(replay)
    _stroke(project, 0, 1)
    _run(replay)
    assert not replay.keep(), "an answer is quickly made again"
    opened, engine = _opened(project, **LITE)
    _run(opened)
    assert engine.calls.count("interact") == 1 and engine.calls.count("embed") == 1
    assert np.array_equal(_session_masks(opened), _session_masks(replay))
    _propagate(project, replay, stop=3)
    _keep(replay)
    opened, _ = _opened(project, **LITE)
    for each in (replay, opened):
        _go_on(each.project, each)
    assert np.array_equal(_session_masks(opened), _session_masks(replay))


def test_a_session_that_does_not_fit_is_made_again(project: Project) -> None:
    replay = _worked(project, **LITE)
    _keep(replay)
    other, _ = _opened(project)
    assert other.steps_left(), "it is of other options"
    (project.folder / FILE).write_bytes(b"half")
    opened, _ = _opened(project, **LITE)
    assert opened.steps_left()
    _run(opened)
    assert np.array_equal(_session_masks(opened), _session_masks(replay))
    _keep(opened)
    assert _opened(project, **LITE)[0].steps_left() == 0
    project.gone = True
    (project.folder / FILE).unlink()
    _propagate(project, replay)
    _keep(replay)
    assert not (project.folder / FILE).exists()


def test_an_idle_server_keeps_sessions_and_the_next_one_and_a_copy_take_them_up(
    project: Project, tmp_path: Path
) -> None:
    def idle(project: Project, end: bool = False, sessions: int = 4) -> Colours:
        engine = Colours()
        service = Service(settings(tmp_path, network="one", sessions=sessions), session_maker(engine))
        if end:
            _propagate(project, service.sessions.open(project))
            service.close()
            return engine
        service.ahead.use(project)
        while service.ahead.step():
            pass
        return engine

    _stroke(project, 2, 1)
    idle(project, end=True)
    assert (project.folder / FILE).exists(), "a server that is stopped keeps what it has"
    (project.folder / FILE).unlink()
    assert "interact" in idle(project).calls and (project.folder / FILE).exists()
    assert set(idle(Project(project.folder)).calls) == {"embed"}
    library = Service(settings(tmp_path), session_maker()).library
    person = library.folder("local")
    person.mkdir(parents=True)
    project.folder.rename(person / project.id)
    copy = library.duplicate("local", project.id)
    assert set(idle(copy).calls) == {"embed"}
    library.delete("local", copy.id)
    assert not copy.folder.exists()


def test_a_session_that_has_to_go_for_others_is_kept(project: Project, tmp_path: Path) -> None:
    service = Service(settings(tmp_path, sessions=1), session_maker())
    _stroke(project, 2, 1)
    _propagate(project, service.sessions.open(project))
    other = Project.create(tmp_path / ("f" * 16), "other", project._record.source, project.video)
    service.sessions.open(other)
    assert (project.folder / FILE).exists() and service.sessions.open(project).steps_left() == 0
