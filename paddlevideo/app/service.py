"""What the server does for a person, behind HTTP: each method is one thing the page can ask for."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..writers.exporter import Exporter
from .errors import AppError
from .projects.actions import Span, frames_of
from .projects.boxes import Drawn
from .projects.exports import Snapshot, export_url, find_exporter, write_export
from .projects.given import read_given
from .projects.library import Library
from .projects.pictures import Pictures
from .projects.project import Project
from .projects.uploads import Uploads
from .settings import Settings
from .work.ahead import Ahead
from .work.decoding import Decoding
from .work.events import Events
from .work.sessions import MakeSession, Sessions
from .work.worker import Job, Worker

_NEW_OBJECTS = 20  # that a mask may bring
_LONG = 5  # steps of taking up work again that the page is told of


class Service:
    """See the module's text; methods may be called from any thread.

    Args:
        settings: the server's.
        make_session: a video and its objects' ids to a fresh session.
    """

    def __init__(self, settings: Settings, make_session: MakeSession) -> None:
        self.settings = settings
        self.library = Library(settings)
        self.pictures = Pictures()
        self.uploads = Uploads(self.library, settings.limits)
        self.events = Events()
        self.sessions = Sessions(
            make_session,
            self.pictures.reader,
            settings.sessions,
            settings.memory_bytes,
            self._session_closed,
        )
        self.ahead = Ahead(self.sessions, self.events, settings.sessions)
        self.worker = Worker("worker", max(1, settings.sessions - 1), self.ahead.step)
        self.exporter = Worker("exporter", 1)  # it needs no model
        self.decoding = Decoding(self.pictures, self._tell_job)

    def start(self) -> None:
        """Begin to work."""
        self.library.sweep()
        self.worker.start()
        self.exporter.start()
        self.decoding.start()

    def close(self) -> None:
        """Stop; everything is on disk already."""
        self.events.close()
        self.decoding.close()
        self.exporter.close()
        self.worker.close()

    # ---------------------------------------------------------------------------------------------- projects

    def opened(self, project: Project) -> dict[str, Any]:
        """The document of a project that was just made or opened; its thumbnails and embeddings are begun."""
        self._use(project)
        self.decoding.begin(project)
        return self.document(project)

    def document(self, project: Project) -> dict[str, Any]:
        """The project as the page gets it."""
        replay = self.sessions.at_hand(project.id)
        job = self.job(project)
        return {
            **project.document(),
            "embedded": replay.session.embedded if replay else 0,
            "job": job.document() if job else None,
        }

    def job(self, project: Project) -> Job | None:
        """What runs for a project: its propagation or export, else its decoding."""
        return self.worker.of(project.id) or self.exporter.of(project.id) or self.decoding.of(project.id)

    def first_events(self, project: Project) -> list[tuple[str, dict[str, Any]]]:
        """What a page is sent first when it opens a project's stream."""
        self._use(project)
        replay, job = self.sessions.at_hand(project.id), self.job(project)
        found: list[tuple[str, dict[str, Any]]] = [("document", {"revision": project.revision})]
        if replay:
            found.append(("embedded", {"done": replay.session.embedded, "total": project.frames}))
        if job:
            found.append(("job", job.event()))
        return found

    def delete(self, person: str, project: Project) -> None:
        """Delete a project and stop all that runs for it."""
        self.worker.cancel(project.id)
        self.exporter.cancel(project.id)
        self.decoding.forget(project.id)
        self.ahead.forget(project.id)
        self.sessions.close(project.id)
        self.pictures.close(project.id)
        self.library.delete(person, project.id)

    # --------------------------------------------------------------------------------------------- annotating

    def draw(
        self, person: str, project: Project, frame: int, drawn: Sequence[Drawn], revision: int | None
    ) -> dict[str, Any]:
        """Draw strokes, a step of undo, and return the document with their frame's new mask."""
        with project.lock:
            project.check_revision(revision)
            group = None
            for each in drawn:
                stroke = project.add_stroke(uuid.uuid4().hex, frame, each.object_id, each.points, each.shape, group)
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
        mask = read_given(project.folder, picture, name, project.video.size, orientation)

        def give() -> None:
            new = int(mask.max()) - max(project.view.ids, default=0)
            if new > _NEW_OBJECTS:
                raise AppError("mask_objects", name=name, object=int(mask.max()))
            for _ in range(new):
                project.add_object("")
            project.give_mask(frame, mask)

        self.change(project, revision, give)
        return self._with_mask(project, frame)

    def hold(self, project: Project, frame: int) -> None:
        """Note that somebody begins to draw on a frame: no work ahead gets in the way of the answer."""
        project.check_frame(frame)
        project.around = frame
        self.ahead.hold()

    def _changed(self, project: Project, stop: bool = True) -> None:
        if stop:
            self.worker.cancel(project.id, ("propagate",))
        self.events.publish(project.id, "document", revision=project.revision)

    def _answer(self, person: str, project: Project, frame: int) -> dict[str, Any]:
        self._use(project)
        job = Job("answer", person, project.id, self._bring(project))
        self.worker.submit(job).result()
        return self._with_mask(project, frame)

    def _with_mask(self, project: Project, frame: int) -> dict[str, Any]:
        """The document with the mask that a frame has now, which other pages are told of."""
        self._tell_mask(project, frame)
        png = project.masks.png(frame)
        mask = None if png is None else f"data:image/png;base64,{base64.b64encode(png).decode()}"
        return {**self.document(project), "frame": frame, "mask": mask}

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
        yield from self._bring(project, walking=goes_on)
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

    def export(self, person: str, project: Project, kind: str) -> dict[str, Any]:
        """Begin to write the masks as they are now into a file, and return the job."""
        if self.exporter.of(project.id):
            raise AppError("export_running")
        exporter = find_exporter(kind)
        snapshot = Snapshot.of(project, exporter)
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

    # ------------------------------------------------------------------------------------------------ inside

    def _session_closed(self, project: str) -> None:
        self.worker.cancel(project)
        self.ahead.restart(project)

    def _use(self, project: Project) -> None:
        self.ahead.use(project)
        self.worker.wake()

    def _bring(self, project: Project, walking: bool = False) -> Iterator[None]:
        """Bring the project's session up to date, see `Replay.bring`, and tell the page where that takes long."""
        replay = self.sessions.open(project)
        self.ahead.restart(project.id)
        total = replay.steps_left()

        def tell(done: int, **more: bool) -> None:
            if total > _LONG:
                facts = {"done": done, "total": total, "rate": None, "paused": False, "position": 0}
                self.events.publish(project.id, "job", kind="replay", **facts, **more)

        try:
            for done, _ in enumerate(replay.bring(walking), 1):
                tell(done)
                yield
        finally:
            tell(total, finished=True)

    def _tell_mask(self, project: Project, frame: int) -> None:
        with project.lock:
            news = {
                "frame": frame,
                "rev": project.masks.revision(frame),
                "state": project.masks.state(frame),
                "lanes": project.masks.lanes([frame]),
            }
        self.events.publish(project.id, "mask", **news)

    def _tell_job(self, job: Job) -> None:
        self.events.publish(job.project, "job", **job.event())
