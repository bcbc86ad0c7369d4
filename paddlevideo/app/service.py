"""What the server does for a person, behind HTTP: each method is one thing the page can ask for."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..writers.exporter import Exporter
from .errors import AppError
from .open_projects import OpenProjects
from .projects.actions import Drawn, Span, frames_of
from .projects.exports import Snapshot, Wanted, export_url, find_exporter, write_export
from .projects.given import read_given, read_strokes
from .projects.project import Project
from .reasons import passed_over
from .work.worker import Job, Worker

_NEW_OBJECTS = 20  # that a file may bring


class Service(OpenProjects):
    """Work on the projects that are open; methods may be called from any thread."""

    # --------------------------------------------------------------------------------------------- annotating

    def draw(
        self, person: str, project: Project, frame: int, drawn: Sequence[Drawn], revision: int | None
    ) -> dict[str, Any]:
        """Draw strokes, a step of undo, and return the document with their frame's new mask."""
        with project.lock:
            project.check_revision(revision)
            group = None
            for each in drawn:
                stroke = project.add_stroke(uuid.uuid4().hex, frame, each, group)
                group = stroke.group
            self._changed(project)
        return self._answer(person, project, frame)

    def erase(self, person: str, project: Project, keys: Sequence[str], revision: int | None) -> dict[str, Any]:
        """Take strokes back and return the document with the mask of a frame that they were on."""
        with project.lock:
            project.check_revision(revision)
            drawn = {stroke.key: stroke.frame for stroke in project.strokes().values()}
            project.erase(keys)
            frame = drawn[keys[-1]]
            self._changed(project)
        return self._answer(person, project, frame)

    def edit(
        self, project: Project, name: str | None, settings: dict[str, Any] | None, revision: int | None
    ) -> dict[str, Any]:
        """Rename a project, or set some of the page's settings, which neither changes nor needs a revision."""
        with project.lock:
            if name is not None:
                project.check_revision(revision)
            project.edit(name, settings)
            if name is not None:
                self._changed(project, stop=False)
        return self.document(project)

    def change(self, project: Project, revision: int | None, change: Callable[[], object]) -> dict[str, Any]:
        """Change the project in a way that needs no model, such as its ``undo``, and return the document."""
        with project.lock:
            project.check_revision(revision)
            before = project.program()
            change()
            self._changed(project, stop=project.program() != before)
        return self.document(project)

    def touch_up(
        self,
        project: Project,
        frame: int,
        object_id: int,
        change: Callable[[np.ndarray], np.ndarray],
        revision: int | None,
    ) -> dict[str, Any]:
        """Change pixels of a frame's mask and return the document with the mask."""
        self.change(project, revision, lambda: project.touch_up(frame, object_id, change))
        return self._with_mask(project, frame)

    def give_mask(
        self, project: Project, frame: int, picture: bytes, name: str, revision: int | None
    ) -> dict[str, Any]:
        """Take a picture of ids for a frame's mask, with objects for ids that are new; ``name`` is for messages."""
        project.check_frame(frame)
        orientation = self.pictures.source(project).orientation(frame)
        mask, guesses = read_given(project.folder, picture, name, project.video.size, orientation)

        def give() -> None:
            known, last = max(project.view.ids, default=0), int(mask.max())
            if last - known > _NEW_OBJECTS:
                raise AppError("mask_objects", name=name, object=last)
            for _ in range(known, last):
                project.add_object("")
            if passed := sorted(set(range(known + 1, last)) - set(np.unique(mask).tolist())):
                guesses.append(passed_over(last, passed))
            project.give_mask(frame, mask)

        self.change(project, revision, give)
        return {**self._with_mask(project, frame), "guesses": guesses}

    def give_strokes(
        self, person: str, project: Project, text: bytes, name: str, revision: int | None
    ) -> dict[str, Any]:
        """Take a scribble file's strokes, as one step of undo; the answer has the mask of the last one's frame."""
        strokes = read_strokes(project.folder, text, name, project.frames)
        with project.lock:
            project.check_revision(revision)
            last = max(each.object_id for _, each in strokes)
            if last - max(project.view.ids, default=0) > _NEW_OBJECTS:
                raise AppError("mask_objects", name=name, object=last)
            project.give_strokes(strokes)
            self._changed(project)
        return self._answer(person, project, strokes[-1][0])

    def hold(self, project: Project, frame: int) -> None:
        """Note that somebody begins to draw on a frame: no work ahead gets in the way of the answer."""
        project.check_frame(frame)
        project.around = frame
        self.ahead.hold()

    # -------------------------------------------------------------------------------------------- propagating

    def propagate(self, person: str, project: Project, span: Span | None, revision: int | None) -> dict[str, Any]:
        """Begin to carry the rounds that wait, or the last one again, over the video or a span of it."""
        with project.lock:
            project.check_revision(revision)
            stopped = project.stopped()
            if stopped and stopped.span != span:
                stopped = None  # it is carried over another span from its frame on
            rounds = project.view.waiting or ([] if stopped else project.view.rounds[-1:])
            if not rounds and not stopped:
                raise AppError("no_strokes")
            for frame in span or ():
                project.check_frame(frame)
            first, last = span or (0, project.frames - 1)
            for each in rounds:
                if not first <= each.frame <= last:
                    raise AppError("span_without_frame", frame=each.frame, first=first, last=last)
            self.worker.cancel(project.id, ("propagate",))
            frames = frames_of(span, project.frames)
            total = (len(rounds) + bool(stopped)) * frames
            job = Job("propagate", person, project.id, iter(()), total, self._tell_job)
            job.done = job.earlier = stopped.frames if stopped else 0
            job.steps = self._propagate(project, job, len(rounds), span, frames, bool(stopped))
            self.worker.submit(job)
        self._use(project)
        return self.document(project)

    def _propagate(
        self, project: Project, job: Job, rounds: int, span: Span | None, frames: int, goes_on: bool
    ) -> Iterator[None]:
        """Carry on ``rounds`` that wait, after the rest of a round that was stopped where it ``goes_on``."""
        replay = self.sessions.open(project)
        yield from self._bring(project, walking=goes_on, again=not (goes_on or project.view.waiting))
        group = None
        job.began = None  # its rate is that of its own frames
        for rest in [True] * goes_on + [False] * rounds:
            with project.lock:
                if job.cancelled:
                    return
                action = project.begin_propagation(span, group, goes_on=rest)
                group = action.group
            walk = replay.go_on(action.number, frames) if rest else replay.propagate(action.number, span, frames)
            for result in walk:
                with project.lock:
                    if not project.is_latest(action):
                        return  # the frame is of a propagation that a change has stopped
                    project.put_mask(action.number, result.frame, result.mask)
                job.done += 1
                self._tell_mask(project, result.frame)
                self._tell_job(job)
                yield
                self.sessions.open(project)  # it is in use

    def pause(self, project: Project, paused: bool) -> dict[str, Any]:
        """Let what runs for a project rest, or go on."""
        worker, job = self._running(project)
        worker.pause(job, paused)
        return self.document(project)

    def cancel(self, project: Project) -> dict[str, Any]:
        """End what runs for a project; masks done so far stay."""
        worker, job = self._running(project)
        worker.cancel(project.id, (job.kind,))
        job.finished.wait(10)
        return self.document(project)

    def _running(self, project: Project) -> tuple[Worker, Job]:
        for worker in (self.worker, self.exporter):
            job = worker.of(project.id)
            if job:
                return worker, job
        raise AppError("nothing_running")

    # ---------------------------------------------------------------------------------------------- exporting

    def export(self, person: str, project: Project, kind: str, wanted: Wanted) -> dict[str, Any]:
        """Begin to write the masks as they are now into a file, and return the job."""
        if self.exporter.of(project.id):
            raise AppError("export_running")
        exporter = find_exporter(kind)
        snapshot = Snapshot.of(project, exporter, wanted)
        total = project.frames if exporter.needs_masks else 1
        job = Job("export", person, project.id, iter(()), total, self._tell_job)
        job.steps = self._export(project, job, exporter, snapshot)
        self.exporter.submit(job)
        return {"job": job.document()}

    def _export(self, project: Project, job: Job, exporter: type[Exporter], snapshot: Snapshot) -> Iterator[None]:
        for _ in write_export(project, self.pictures.reader(project), exporter, snapshot):
            job.done += 1
            self._tell_job(job)
            yield
        job.url = export_url(project, exporter.download)
