"""What the server does for a person, behind HTTP: each method is one thing the page can ask for."""

from __future__ import annotations

import base64
import logging
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from ..utils.errors import InputError
from .errors import AppError
from .events import Events
from .exports import Snapshot, export_name, write_export
from .history import Span
from .pictures import Pictures
from .project import Project
from .replay import Replay
from .sessions import MakeSession, Sessions
from .settings import Settings
from .store import Store
from .uploads import Uploads
from .worker import Job, Worker

logger = logging.getLogger(__name__)
_IDLE = 600.0  # seconds after the last request that a project is still prepared for
_HOLD = 3.0  # seconds that the model is kept free for a stroke that is being drawn


class Service:
    """See the module's text; methods may be called from any thread.

    Args:
        settings: the server's.
        make_session: a video and its objects' ids to a fresh session.
    """

    def __init__(self, settings: Settings, make_session: MakeSession) -> None:
        self.settings = settings
        self.store = Store(settings)
        self.pictures = Pictures()
        self.uploads = Uploads(self.store, settings.limits)
        self.events = Events()
        self.sessions = Sessions(
            make_session,
            self.pictures.reader,
            settings.sessions,
            settings.memory_bytes,
            lambda project: self.worker.cancel(project),
        )
        self.worker = Worker("worker", max(1, settings.sessions - 1), self._work_ahead)
        self.exporter = Worker("exporter", 1)  # it needs no model
        self._ahead: dict[str, tuple[int, Iterator[None]]] = {}  # project to its revision, and what gets it ready
        self._used: dict[str, tuple[Project, float]] = {}  # project to when it was last used
        self._decoding: dict[str, Job] = {}
        self._held_until = 0.0

    def start(self) -> None:
        """Begin to work."""
        self.store.sweep()
        self.worker.start()
        self.exporter.start()

    def close(self) -> None:
        """Stop; everything is on disk already."""
        self.events.close()
        for job in list(self._decoding.values()):
            job.cancelled = True
        self.exporter.close()
        self.worker.close()

    # ---------------------------------------------------------------------------------------------- projects

    def opened(self, project: Project) -> dict[str, Any]:
        """The document of a project that was just made or opened; its thumbnails and embeddings are begun."""
        self.use(project)
        with project.lock:
            if project.id not in self._decoding:
                job = Job("decode", "", project.id, iter(()), project.frames, self._told)
                self._decoding[project.id] = job
                threading.Thread(target=self._decode, args=(project, job), daemon=True).start()
        return self.document(project)

    def use(self, project: Project) -> None:
        """Note that somebody works on a project."""
        self._used[project.id] = (project, time.monotonic())
        self.worker.wake()

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
        decoding = self._decoding.get(project.id)
        running = self.worker.of(project.id) or self.exporter.of(project.id)
        return running or (decoding if decoding and not decoding.finished.is_set() else None)

    def first_events(self, project: Project) -> list[tuple[str, dict[str, Any]]]:
        """What a page that opens a project's stream is told at once."""
        self.use(project)
        replay, job = self.sessions.at_hand(project.id), self.job(project)
        found: list[tuple[str, dict[str, Any]]] = [("document", {"revision": project.revision})]
        if replay:
            found.append(("embedded", {"done": replay.session.embedded, "total": project.frames}))
        if job:
            found.append(("job", {**job.document(), "rate": job.rate}))
        return found

    def delete(self, person: str, project: Project) -> None:
        """Delete a project and stop all that runs for it."""
        self.worker.cancel(project.id)
        self.exporter.cancel(project.id)
        if project.id in self._decoding:
            self._decoding.pop(project.id).cancelled = True
        self.sessions.close(project.id)
        self.pictures.close(project.id)
        self._used.pop(project.id, None)
        self.store.delete(person, project.id)

    # --------------------------------------------------------------------------------------------- annotating

    def stroke(
        self,
        person: str,
        project: Project,
        frame: int,
        object_id: int,
        points: Sequence[Sequence[float]],
        revision: int | None,
    ) -> dict[str, Any]:
        """Draw a stroke and return the document with its frame's new mask."""
        with project.lock:
            project.check_revision(revision)
            project.add_stroke(uuid.uuid4().hex, frame, object_id, points)
            self._changed(project)
        return self._answer(person, project, frame)

    def erase(self, person: str, project: Project, keys: Sequence[str], revision: int | None) -> dict[str, Any]:
        """Take strokes back and return the document with the mask of a frame that they were on."""
        with project.lock:
            project.check_revision(revision)
            drawn = {stroke["key"]: stroke["frame"] for stroke in project.strokes().values()}
            project.erase(keys)
            frame = drawn[keys[-1]]
            self._changed(project)
        return self._answer(person, project, frame)

    def edit(self, project: Project, name: str | None, settings: dict[str, Any] | None) -> dict[str, Any]:
        """Rename a project, or set some of the page's settings, which changes no revision."""
        project.edit(name, settings)
        if name is not None:
            self._changed(project, stop=False)
        return self.document(project)

    def change(self, project: Project, revision: int | None, what: str, *args: Any) -> dict[str, Any]:
        """Call a method of the project that needs no model, such as ``"undo"``, and return the document."""
        with project.lock:
            project.check_revision(revision)
            before = project.program()
            getattr(project, what)(*args)
            self._changed(project, stop=project.program() != before)
        return self.document(project)

    def hold(self, project: Project, frame: int) -> None:
        """Note that somebody begins to draw on a frame: no work ahead gets in the way of the answer."""
        project.check_frame(frame)
        project.around = frame
        self._held_until = time.monotonic() + _HOLD

    def _changed(self, project: Project, stop: bool = True) -> None:
        if stop:
            self.worker.cancel(project.id, ("propagate",))
        self.events.publish(project.id, "document", revision=project.revision)

    def _answer(self, person: str, project: Project, frame: int) -> dict[str, Any]:
        self.use(project)
        job = Job("answer", person, project.id, self._bring(project))
        self.worker.submit(job).result()
        self.events.publish(project.id, "mask", **self._mask_event(project, frame))
        png = project.masks.png(frame)
        mask = None if png is None else f"data:image/png;base64,{base64.b64encode(png).decode()}"
        return {**self.document(project), "frame": frame, "mask": mask}

    # -------------------------------------------------------------------------------------------- propagating

    def propagate(self, person: str, project: Project, span: Span | None, revision: int | None) -> dict[str, Any]:
        """Begin to carry the rounds that wait, or the last one again, over the video or a span of it."""
        with project.lock:
            project.check_revision(revision)
            rounds = project.view.waiting or project.view.rounds[-1:]
            if not rounds:
                raise AppError("no_strokes")
            for frame in span or ():
                project.check_frame(frame)
            first, last = span or (0, project.frames - 1)
            for each in rounds:
                if not first <= each.frame <= last:
                    raise AppError("span_without_frame", frame=each.frame, first=first, last=last)
            self.worker.cancel(project.id, ("propagate",))
            total = len(rounds) * (last - first + 1)
            job = Job("propagate", person, project.id, iter(()), total, self._told)
            job.steps = self._propagate(project, job, len(rounds), span, last - first + 1)
            self.worker.submit(job)
        self.use(project)
        return self.document(project)

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

    def export(self, person: str, project: Project, kind: str, format: str | None) -> dict[str, Any]:
        """Begin to write the masks as they are now into a file, and return the job."""
        if self.exporter.of(project.id):
            raise AppError("export_running")
        name = export_name(kind, format)
        snapshot = Snapshot.of(project)
        total = 1 if kind == "scribbles" else project.frames
        job = Job("export", person, project.id, iter(()), total, self._told)
        job.steps = self._export(project, job, name, snapshot)
        self.exporter.submit(job)
        return {"job": job.document()}

    def _export(self, project: Project, job: Job, name: str, snapshot: Snapshot) -> Iterator[None]:
        for _ in write_export(project, self.pictures.reader(project), name, snapshot):
            job.done += 1
            self._told(job)
            yield
        job.url = f"/api/projects/{project.id}/exports/{name}"

    def _propagate(self, project: Project, job: Job, rounds: int, span: Span | None, frames: int) -> Iterator[None]:
        replay = self.sessions.open(project)
        yield from self._bring(project)
        group = None
        job.began = None  # its rate is that of its own frames
        for _ in range(rounds):
            with project.lock:
                if job.cancelled:
                    return
                action = project.begin_propagation(span, group)
                group = action["group"]
            for result in replay.propagate(action, span, frames):
                with project.lock:
                    if job.cancelled:
                        return
                    project.put_mask(action["number"], result.frame, result.mask)
                job.done += 1
                self.events.publish(project.id, "mask", **self._mask_event(project, result.frame))
                self._told(job)
                yield
                self.sessions.open(project)  # it is in use

    # ------------------------------------------------------------------------------------------------ inside

    def _bring(self, project: Project) -> Iterator[None]:
        replay = self.sessions.open(project)
        self._ahead.pop(project.id, None)
        total = replay.steps_left()
        for done, _ in enumerate(replay.bring(), 1):
            if total > 5:
                self.events.publish(project.id, "job", **_bare("replay", done, total))
            yield

    def _work_ahead(self) -> bool:
        """Bring the sessions of projects in use up to date, then embed their frames; one step."""
        now = time.monotonic()
        if now < self._held_until:
            return False
        used = [
            (when, project)
            for project, when in list(self._used.values())
            if self.events.watched(project.id) or now - when < _IDLE
        ]
        for _, project in sorted(used, key=lambda each: -each[0])[: self.settings.sessions]:
            try:
                if self._prepare(project):
                    return True
            except (AppError, InputError, OSError) as error:
                logger.warning("project %s is not prepared ahead: %s", project.id, error)
                self._used.pop(project.id, None)
        return False

    def _prepare(self, project: Project) -> bool:
        replay = self.sessions.at_hand(project.id) or self.sessions.open(project)
        revision, steps = self._ahead.get(project.id, (0, iter(())))
        if revision != project.revision:
            revision, steps = self._ahead[project.id] = (project.revision, replay.bring())
        return next(steps, self) is not self or self._embed(project, replay)

    def _embed(self, project: Project, replay: Replay) -> bool:
        if replay.session.embed_next(project.around) is None:
            return False
        done = replay.session.embedded
        self.events.publish(project.id, "embedded", done=done, total=project.frames)
        return True

    def _decode(self, project: Project, job: Job) -> None:
        def told(done: int) -> bool:
            job.done = done
            if done % 10 == 0:
                self._told(job)
            return not job.cancelled

        try:
            self.pictures.make_thumbs(project, told)
        except Exception as error:  # the page asks for single ones, and is told what is wrong with them
            job.error = error if isinstance(error, AppError) else AppError("bad_input", reason=str(error))
        job.finished.set()
        self._told(job)

    def _mask_event(self, project: Project, frame: int) -> dict[str, Any]:
        with project.lock:
            return {"frame": frame, "rev": project.masks.revision(frame), "state": project.masks.state(frame)}

    def _told(self, job: Job) -> None:
        if job.kind == "answer":
            return
        data: dict[str, Any] = {**job.document(), "rate": job.rate}
        if job.finished.is_set():
            data |= {"finished": True, "cancelled": job.cancelled}
            if job.error:
                data = {"kind": job.kind, "failed": job.error.document()["error"]}
            elif job.url:
                data["url"] = job.url
        self.events.publish(job.project, "job", **data)


def _bare(kind: str, done: int, total: int) -> dict[str, Any]:
    return {"kind": kind, "done": done, "total": total, "rate": None, "paused": False, "position": 0}
