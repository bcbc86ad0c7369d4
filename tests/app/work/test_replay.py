"""However a project came to be what it is, its session is what a fresh one would be."""

from __future__ import annotations

import random
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paddlevideo.app.errors import AppError
from paddlevideo.app.projects.actions import Drawn
from paddlevideo.app.projects.facts import Source, VideoFacts
from paddlevideo.app.projects.pictures import open_video
from paddlevideo.app.projects.project import Project
from paddlevideo.app.work.replay import Replay
from tests.app.toy import FRAMES, SIZE, Colours, points, session_maker, write_clip


@pytest.fixture
def project(tmp_path: Path) -> Project:
    clip = write_clip(tmp_path / "clip.mp4")
    source = Source(str(clip), "clip.mp4", uploaded=False)
    video = VideoFacts(FRAMES, width=SIZE[1], height=SIZE[0], rate=25.0)
    return Project.create(tmp_path / "0123456789abcdef", "clip", source, video)


def _replay(project: Project, engine: Colours | None = None, **settings: Any) -> Replay:
    frames = open_video(project)
    make = session_maker(engine, **settings)
    return Replay(project, lambda ids: make(frames, ids))


def _run(replay: Replay) -> None:
    for _ in replay.bring():
        pass


def _stroke(project: Project, frame: int, object_id: int) -> None:
    project.add_stroke(f"{frame}-{object_id}-{random.random()}", frame, Drawn(object_id, points(object_id, frame)))


def _propagate(project: Project, replay: Replay, span: tuple[int, int] | None = None, stop: int = FRAMES) -> None:
    _run(replay)
    first, last = span or (0, FRAMES - 1)
    group = None
    for _ in range(len(project.view.waiting) or 1):
        action = project.begin_propagation(span, group)
        group = action.group
        for count, result in enumerate(replay.propagate(action.number, span, last - first + 1)):
            if count >= stop:
                return
            project.put_mask(action.number, result.frame, result.mask)


def _go_on(project: Project, replay: Replay, stop: int = FRAMES) -> None:
    """Carry the propagation that was stopped on, for so many frames at most."""
    stopped = project.stopped()
    assert stopped
    for _ in replay.bring(walking=True):
        pass
    action = project.begin_propagation(stopped.span, None, goes_on=True)
    for count, result in enumerate(replay.go_on(action.number, stopped.frames + project.left()), 1):
        project.put_mask(action.number, result.frame, result.mask)
        if count >= stop:
            return


def _masks(project: Project) -> np.ndarray:
    return np.stack([project.masks.mask(frame) for frame in range(FRAMES)])


def _session_masks(replay: Replay) -> np.ndarray:
    return np.stack([replay.session.mask(frame) for frame in range(FRAMES)])


def test_strokes_of_a_round_are_answered_once_more_after_an_undo(project: Project) -> None:
    engine = Colours()
    replay = _replay(project, engine)
    for object_id in (1, 0, 0):
        _stroke(project, 2, object_id)
        _run(replay)
    project.undo()
    engine.calls.clear()
    _stroke(project, 2, 0)
    _run(replay)
    assert engine.calls.count("interact") == 1 and "propagate" not in engine.calls


def test_a_stopped_propagation_goes_on_where_it_was(project: Project) -> None:
    engine = Colours()
    replay = _replay(project, engine)
    _stroke(project, 2, 1)
    _run(replay)
    begun = project.begin_propagation(None, None)
    for result in islice(replay.propagate(begun.number, None, FRAMES), 3):
        project.put_mask(begun.number, result.frame, result.mask)
    assert project.left() == FRAMES - 3
    project.edit_object(1, name="cat")
    engine.calls.clear()
    _go_on(project, replay, 2)
    assert engine.calls.count("propagate") == 2, "no frame is computed twice"
    _go_on(project, replay)
    assert engine.calls.count("propagate") == FRAMES - 3 and project.left() == 0
    (only,) = project.document()["rounds"]
    assert (only["done"], only["total"]) == (FRAMES, FRAMES)
    assert set(project.document()["frames"]["state"]) == {"a", "p"}
    whole, engine.calls = _masks(project), []
    project.undo()
    assert project.left() == FRAMES - 5
    _go_on(project, replay)  # it is undone in the session, so that it is walked again
    assert np.array_equal(_masks(project), whole) and project.left() == 0


@pytest.mark.parametrize("reach", ["video", "between"])
def test_a_mask_by_hand_is_propagated_from_and_never_overwritten(project: Project, reach: str) -> None:
    replay = _replay(project, reach=reach)
    _stroke(project, 2, 1)
    _propagate(project, replay)
    square = np.zeros(SIZE, np.uint8)
    square[30:40, 20:30] = 1
    for _ in range(2):  # the second takes the place of the first
        project.give_mask(5, square)
    assert [each["by_hand"] for each in project.document()["rounds"]] == [False, True]
    assert project.document()["lanes"][1][5] == "h" and project.document()["frames"]["state"][5] == "a"
    _propagate(project, replay)
    assert len(replay.session.rounds) == 2 and replay.session.rounds[1].propagated
    assert np.array_equal(project.masks.mask(5), square)
    assert project.masks.mask(6)[24:, :].any(), "it is propagated from"
    project.add_object("second")
    _stroke(project, 0, 2)
    _propagate(project, replay)
    kept = project.masks.mask(5)
    assert np.array_equal(kept == 1, square == 1), "a new object comes in where nothing is by hand"
    fresh = _replay(Project(project.folder), reach=reach)
    assert fresh.steps_left() == sum(1 for _ in fresh.bring())
    assert np.array_equal(fresh.session.mask(5), replay.session.mask(5))
    for _ in range(4):
        project.undo()
    _run(replay)
    assert np.array_equal(project.masks.mask(5), square)
    project.undo()
    _run(replay)
    assert np.array_equal(_session_masks(replay), _masks(project)), "as the first round left it"


def test_locked_objects_stay_when_pixels_are_painted(project: Project) -> None:
    project.add_object("second")
    both = np.zeros(SIZE, np.uint8)
    both[:10], both[20:30] = 1, 2
    project.give_mask(3, both)
    project.edit_object(1, locked=True)
    project.give_mask(3, np.full(SIZE, 2, np.uint8))
    assert np.unique(project.masks.mask(3)[:10]).tolist() == [1] and np.unique(project.masks.mask(3)[10:]).tolist() == [
        2
    ]
    with pytest.raises(AppError, match="locked"):
        project.touch_up(3, 1, np.zeros_like)


def test_steps_left_are_as_many_as_are_done(project: Project) -> None:
    replay = _replay(project)
    for frame, object_id in ((2, 1), (2, 0), (2, 0), (5, 1)):
        _stroke(project, frame, object_id)
    _propagate(project, replay)
    fresh = _replay(Project(project.folder))
    assert fresh.steps_left() == sum(1 for _ in fresh.bring()) > FRAMES


@pytest.mark.parametrize(("reach", "references"), [("video", "strokes"), ("between", "strokes"), ("between", "answer")])
@pytest.mark.parametrize("seed", range(12))
def test_random_work_equals_a_fresh_replay(project: Project, seed: int, reach: str, references: str) -> None:
    chance = random.Random(seed)
    random.seed(seed)
    settings = {"max_leap": 0.1, "reach": reach, "references": references}
    sharpness = 20.0 if references == "answer" else 1.0
    replay = _replay(project, Colours(sharpness=sharpness), undo_depth=2, **settings)
    project.add_object("second")
    for _ in range(25):
        _random_step(project, replay, chance)
        if chance.random() < 0.3:
            _run(replay)
            assert np.array_equal(_session_masks(replay), _masks(project))
    _run(replay)
    fresh = _replay(Project(project.folder), Colours(sharpness=sharpness), **settings)
    _run(fresh)
    assert np.array_equal(_masks(fresh.project), _masks(project))
    assert np.array_equal(_session_masks(fresh), _masks(project))
    assert np.array_equal(_session_masks(replay), _masks(project))
    if fresh.session.rounds:
        assert [fresh.session.global_memory(t).tolist() for t in range(FRAMES)] == [
            replay.session.global_memory(t).tolist() for t in range(FRAMES)
        ]


def _random_step(project: Project, replay: Replay, chance: random.Random) -> None:
    objects = project.view.objects
    free = [each for each in (1, 2) if each in objects and not objects[each].locked]
    common = ["stroke"] * 4 + ["propagate", "stopped", "span", "go on", "go on"]
    what = chance.choice([*common, "undo", "undo", "redo", "erase", "object"])
    if what == "stroke":
        _stroke(project, chance.randrange(FRAMES), chance.choice([0, *free]))
        _run(replay)
    elif what in ("propagate", "stopped", "span") and project.view.rounds:
        frames = [each.frame for each in project.view.waiting or project.view.rounds[-1:]]
        span = (min(frames), min(FRAMES - 1, max(frames) + 2)) if what == "span" else None
        _propagate(project, replay, span, chance.randrange(1, FRAMES) if what == "stopped" else FRAMES)
    elif what == "go on" and project.stopped():
        _go_on(project, replay, chance.randrange(1, FRAMES))
    elif what == "undo" and project.document()["can_undo"]:
        project.undo()
    elif what == "redo" and project.document()["can_redo"]:
        project.redo()
    elif what == "erase" and project.view.waiting:
        strokes = [stroke.key for each in project.view.waiting for stroke in each.strokes]
        with suppress(AppError):  # of some that a stopped propagation has built upon
            project.erase(chance.sample(strokes, chance.randrange(1, len(strokes) + 1)))
            _run(replay)
    elif what == "object":
        _change_objects(project, chance)


def _change_objects(project: Project, chance: random.Random) -> None:
    objects = project.view.objects
    if 2 in objects and chance.random() < 0.3:
        project.remove_object(2)
    elif objects:
        object_id = chance.choice(list(objects))
        project.edit_object(object_id, locked=not objects[object_id].locked)
