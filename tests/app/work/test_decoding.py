"""Thumbnails are made of a few videos in turn."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from paddlevideo.app.work.decoding import Decoding

FRAMES = 3


class Thumbs:
    """Stands in for `Pictures`: notes what is made, once ``ready``."""

    def __init__(self) -> None:
        self.ready = threading.Event()
        self.made: list[tuple[str, int]] = []

    def make_thumbs(self, project: Any) -> Iterator[int]:
        for frame in range(FRAMES):
            self.ready.wait(10)
            self.made.append((project.id, frame))
            yield frame + 1


def test_a_few_projects_in_turn_and_each_once() -> None:
    thumbs = Thumbs()
    decoding = Decoding(thumbs, lambda job: None)  # type: ignore[arg-type]
    projects: list[Any] = [SimpleNamespace(id=name, lock=threading.RLock(), frames=FRAMES) for name in "abcde"]
    decoding.start()
    for project in [*projects, *projects]:
        decoding.begin(project)
    jobs = {project.id: decoding.of(project.id) for project in projects}
    assert [job and job.position for job in jobs.values()] == [0, 0, 0, 0, 1]
    for project in projects[1:4]:
        decoding.forget(project.id)
    thumbs.ready.set()
    for job in jobs.values():
        assert job is not None
        job.result(10)
    decoding.close()
    assert thumbs.made == [(name, frame) for frame in range(FRAMES) for name in "ae"]
    assert decoding.of("a") is None
