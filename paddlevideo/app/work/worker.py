"""The one thread that runs the model: jobs of many people, a step at a time, in turn.

A job is an iterator; each of its steps is one answer or one frame. Answers to strokes come before propagations, which
take turns; among equals, the person who has waited longest is served, and of one person the project that has. Only a
limited number of long jobs run at a time, since each needs a session in memory. The others wait in a queue, where a
person's second job comes after everybody's first.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ..errors import AppError, as_app_error

logger = logging.getLogger(__name__)
_numbers = itertools.count(1)


@dataclass(eq=False)
class Job:
    """Something for the worker to do.

    Attributes:
        kind: what the page calls it; ``"answer"`` comes before the others for its first step.
        owner: the person it is for.
        project: the project's id.
        steps: does one step each time; what it raises ends the job.
        total: how many steps the page is shown.
        told: called when done, paused or failed changes.
    """

    kind: str
    owner: str
    project: str
    steps: Iterator[Any]
    total: int = 1
    told: Callable[[Job], None] = lambda job: None
    done: int = 0
    paused: bool = False
    cancelled: bool = False
    position: int = 0
    error: AppError | None = None
    url: str | None = None
    finished: threading.Event = field(default_factory=threading.Event)
    number: int = field(default_factory=lambda: next(_numbers))
    began: float | None = None
    served: int = 0  # steps so far
    earlier: int = 0  # of `done`, what another job did

    def document(self) -> dict[str, Any]:
        """The job as the page gets it."""
        return {key: getattr(self, key) for key in ("kind", "done", "total", "paused", "position")}

    def event(self) -> dict[str, Any]:
        """What the page is sent when it makes progress, ends or fails."""
        if not self.finished.is_set():
            return {**self.document(), "rate": self.rate}
        if self.error:
            return {"kind": self.kind, "failed": self.error.document()["error"]}
        saved = {"url": self.url} if self.url else {}
        return {**self.document(), "rate": self.rate, "finished": True, "cancelled": self.cancelled, **saved}

    @property
    def rate(self) -> float | None:
        """Steps a second since it began."""
        seconds = time.monotonic() - self.began if self.began else 0
        done = self.done - self.earlier
        return round(done / seconds, 2) if seconds and done else None

    def result(self, timeout: float | None = None) -> None:
        """Wait until it is done; raise what went wrong."""
        if not self.finished.wait(timeout):
            raise AppError("internal")
        if self.error:
            raise self.error


class Worker:
    """See the module's text.

    Args:
        name: of its thread.
        long_jobs: how many propagations may be under way at a time.
        idle: does something useful for a moment and returns True, or False when there is nothing to do.
    """

    def __init__(self, name: str, long_jobs: int, idle: Callable[[], bool] = lambda: False) -> None:
        self._long_jobs = long_jobs
        self._idle = idle
        self._jobs: list[Job] = []
        self._turn: dict[str, int] = {}  # person to the number of the step that served them last
        self._project_turn: dict[str, int] = {}  # project to the number of its last step
        self._steps = 0
        self._change = threading.Condition()
        self._open = True
        self._name = name
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to work."""
        self._open = True
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop after the step that is under way."""
        with self._change:
            self._open = False
            self._change.notify_all()
        if self._thread:
            self._thread.join(30)

    def submit(self, job: Job) -> Job:
        """Queue a job."""
        with self._change:
            if not self._open:
                raise AppError("shutting_down")
            self._jobs.append(job)
            self._place()
            self._change.notify_all()
        return job

    def wake(self) -> None:
        """Look again for something to do."""
        with self._change:
            self._change.notify_all()

    def of(self, project: str) -> Job | None:
        """The job of a project that a page should show: not an answer."""
        with self._change:
            return next((job for job in self._jobs if job.project == project and job.kind != "answer"), None)

    def pause(self, job: Job, paused: bool) -> None:
        """Let a job rest, or go on."""
        with self._change:
            job.paused = paused
            job.began = None
            self._place()
            self._change.notify_all()
        job.told(job)

    def cancel(self, project: str, kinds: tuple[str, ...] | None = None) -> None:
        """End a project's jobs, of these kinds or all; what a step is doing just now it still does."""
        with self._change:
            for job in self._jobs:
                if job.project == project and (kinds is None or job.kind in kinds):
                    job.cancelled = True
            self._change.notify_all()

    # ------------------------------------------------------------------------------------------------ inside

    def _run(self) -> None:
        while True:
            with self._change:
                if not self._open:
                    for job in self._jobs:
                        job.error = AppError("shutting_down")
                        job.finished.set()
                    return
                found = self._next()
            if found:
                self._step(found)
            elif not self._idle_safely():
                with self._change:
                    if self._open and self._next() is None:
                        self._change.wait(1.0)

    def _idle_safely(self) -> bool:
        try:
            return self._idle()
        except Exception:
            logger.exception("work ahead failed")
            return False

    def _next(self) -> Job | None:
        ready = [job for job in self._jobs if job.cancelled or (not job.paused and job.position == 0)]
        return min(ready, key=self._rank, default=None)

    def _rank(self, job: Job) -> tuple[bool, bool, int, int, int]:
        urgent = job.kind == "answer" and job.served == 0
        turns = (self._turn.get(job.owner, 0), self._project_turn.get(job.project, 0))
        return (not job.cancelled, not urgent, *turns, job.number)

    def _place(self) -> None:
        """Say how many are before each job that has to wait."""
        earlier: dict[str, int] = {}
        order = []
        for job in self._jobs:
            if job.kind != "answer":
                before = earlier.get(job.owner, 0)
                earlier[job.owner] = before + (not job.paused)
                # Those under way stay so; then everybody's first, who was served the longest ago before the others.
                order.append((not job.served, before, self._turn.get(job.owner, 0), job.number, job))
        running = 0
        for *_, job in sorted(order, key=lambda each: each[:4]):
            place, job.position = job.position, max(0, running - self._long_jobs + 1)
            running += not job.paused
            if place != job.position:
                job.told(job)

    def _step(self, job: Job) -> None:
        self._steps += 1
        self._turn[job.owner] = self._project_turn[job.project] = self._steps
        job.began = job.began or time.monotonic()
        ended = True
        try:
            if job.cancelled:
                job.steps.close()  # type: ignore[attr-defined]
            else:
                next(job.steps)
                job.served += 1
                ended = False
        except StopIteration:
            pass
        except Exception as error:
            job.error = as_app_error(error)
            if job.error.code == "internal":
                logger.exception("%s of project %s failed", job.kind, job.project)
        if ended:
            with self._change:
                self._jobs.remove(job)
                self._place()
            job.finished.set()
            job.told(job)
