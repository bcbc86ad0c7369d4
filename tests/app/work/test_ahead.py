"""What is done while nobody waits: sessions are brought to where their projects are, also those that had to go."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

from paddlevideo.app.projects.actions import Drawn
from paddlevideo.app.projects.facts import Source, VideoFacts
from paddlevideo.app.projects.project import Project
from paddlevideo.app.service import Service
from tests.app.toy import FRAMES, SIZE, Colours, points, session_maker, settings, write_clip


def _project(folder: Path, clip: Path) -> Project:
    source = Source(str(clip), "clip.mp4", uploaded=False)
    video = VideoFacts(FRAMES, width=SIZE[1], height=SIZE[0], rate=25.0)
    project = Project.create(folder, "clip", source, video)
    project.add_stroke("key", 2, Drawn(1, points(1, 2)))
    return project


def test_a_session_that_had_to_go_is_brought_up_to_date_again(tmp_path: Path) -> None:
    engine, clip = Colours(), write_clip(tmp_path / "clip.mp4")
    service = Service(settings(tmp_path, sessions=1), session_maker(engine))
    first, second = (_project(tmp_path / (digit * 16), clip) for digit in "01")
    for project in (first, second, first):
        service.ahead.use(project)
        engine.calls.clear()
        while service.ahead.step():
            pass
        assert engine.calls.count("interact") == 1 and engine.calls.count("embed") == FRAMES
        replay = service.sessions.at_hand(project.id)
        assert replay is not None and [each.frame for each in replay.session.rounds] == [2]


def test_nothing_of_a_deleted_project_is_held(tmp_path: Path) -> None:
    service = Service(settings(tmp_path), session_maker())
    project = _project(tmp_path / ("0" * 16), write_clip(tmp_path / "clip.mp4"))
    service.ahead.use(project)
    assert service.ahead.step()  # there is more to do
    session = weakref.ref(service.sessions.at_hand(project.id))
    service.ahead.forget(project.id)
    service.sessions.close(project.id)
    gc.collect()
    assert session() is None and not service.ahead.step()
