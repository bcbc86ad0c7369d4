"""The thumbnails of a project that was opened: all of them are made, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable

from .errors import AppError
from .pictures import Pictures
from .project import Project
from .worker import Job


class Decoding:
    """One job a project; no worker runs it, and it runs once while the server does.

    Args:
        pictures: make the thumbnails.
        told: hears of a job whenever the page should.
    """

    def __init__(self, pictures: Pictures, told: Callable[[Job], None]) -> None:
        self._pictures = pictures
        self._told = told
        self._jobs: dict[str, Job] = {}

    def begin(self, project: Project) -> None:
        """Make the thumbnails, unless they are made or being made."""
        with project.lock:
            if project.id not in self._jobs:
                job = Job("decode", "", project.id, iter(()), project.frames, self._told)
                self._jobs[project.id] = job
                threading.Thread(target=self._run, args=(project, job), daemon=True).start()

    def of(self, project: str) -> Job | None:
        """The project's job while it runs."""
        job = self._jobs.get(project)
        return job if job and not job.finished.is_set() else None

    def forget(self, project: str) -> None:
        """Stop with a project."""
        job = self._jobs.pop(project, None)
        if job:
            job.cancelled = True

    def close(self) -> None:
        """Stop."""
        for job in list(self._jobs.values()):
            job.cancelled = True

    def _run(self, project: Project, job: Job) -> None:
        def told(done: int) -> bool:
            job.done = done
            if done % 10 == 0:
                self._told(job)
            return not job.cancelled

        try:
            self._pictures.make_thumbs(project, told)
        except Exception as error:  # the page asks for single ones, and is told what is wrong with them
            job.error = error if isinstance(error, AppError) else AppError("bad_input", reason=str(error))
        job.finished.set()
        self._told(job)
