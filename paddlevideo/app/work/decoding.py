"""The thumbnails of projects that were opened: all of them are made, in one thread, a few projects in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..projects.pictures import Pictures
from ..projects.project import Project
from .worker import Job, Worker

_AT_ONCE = 4  # videos that are open at a time: a short one need not wait for the end of a long one


class Decoding:
    """One job a project, which runs once while the server does; all share a thread, so that the model keeps a core.

    Args:
        pictures: make the thumbnails.
        told: called with a job whenever the page should hear of it.
    """

    def __init__(self, pictures: Pictures, told: Callable[[Job], None]) -> None:
        self._pictures = pictures
        self._told = told
        self._worker = Worker("decoder", _AT_ONCE)
        self._begun: set[str] = set()

    def start(self) -> None:
        """Begin to work."""
        self._worker.start()

    def close(self) -> None:
        """Stop after the frame that is under way."""
        self._worker.close()

    def begin(self, project: Project) -> None:
        """Make the thumbnails, unless they are made or being made."""
        with project.lock:
            if project.id not in self._begun:
                self._begun.add(project.id)
                # Projects take turns as persons do elsewhere.
                job = Job("decode", project.id, project.id, iter(()), project.frames, self._told)
                job.steps = self._steps(project, job)
                self._worker.submit(job)

    def of(self, project: str) -> Job | None:
        """The project's job while it waits or runs."""
        return self._worker.of(project)

    def forget(self, project: str) -> None:
        """Stop with a project."""
        self._worker.cancel(project)
        self._begun.discard(project)

    def _steps(self, project: Project, job: Job) -> Iterator[None]:
        for job.done in self._pictures.make_thumbs(project):
            if job.done % 10 == 0:
                self._told(job)
            yield
