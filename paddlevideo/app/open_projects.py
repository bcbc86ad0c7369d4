"""Projects that people have open: their sessions, what runs for them, and what their pages are told."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from .projects.library import Library
from .projects.pictures import Pictures
from .projects.project import Project
from .projects.uploads import Uploads
from .settings import Settings
from .work.ahead import Ahead
from .work.decoding import Decoding
from .work.events import Events
from .work.sessions import MakeSession, Sessions
from .work.warming import Warming, WarmUp
from .work.worker import Job, Worker

_LONG = 5  # steps of taking up work again that the page is told of


class OpenProjects:
    """See the module's text; methods may be called from any thread.

    Args:
        settings: the server's.
        make_session: a video and its objects' ids to a fresh session.
        warm_up: what gets the model ready for a video's (H, W), and in how many steps.
    """

    def __init__(
        self, settings: Settings, make_session: MakeSession, warm_up: tuple[WarmUp, int] | None = None
    ) -> None:
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
            settings.network,
            self._session_closed,
        )
        self.warming = Warming(*warm_up, self._tell_warming) if warm_up else None
        self.ahead = Ahead(self.sessions, self.events, settings.sessions, self.warming)
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
        """Stop; what a person did is on disk already, sessions go there now."""
        self.events.close()
        self.decoding.close()
        self.exporter.close()
        self.worker.close()
        self.sessions.keep()

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
        if self.warming and self.warming.progress:
            found.append(("warming", dict(zip(("done", "total"), self.warming.progress, strict=True))))
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

    # ------------------------------------------------------------------------------------------------ inside

    def _session_closed(self, project: str) -> None:
        self.worker.cancel(project)
        self.ahead.restart(project)

    def _use(self, project: Project) -> None:
        self.ahead.use(project)
        self.worker.wake()

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

    def _bring(self, project: Project, **towards: bool) -> Iterator[None]:
        """Bring the project's session up to date, see `Replay.bring`, and tell the page where that takes long."""
        replay = self.sessions.open(project)
        self.ahead.restart(project.id)
        total = replay.steps_left()

        def tell(done: int, **more: bool) -> None:
            if total > _LONG:
                facts = {"done": done, "total": total, "rate": None, "paused": False, "position": 0}
                self.events.publish(project.id, "job", kind="replay", **facts, **more)

        try:
            for done, _ in enumerate(replay.bring(**towards), 1):
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

    def _tell_warming(self, done: int, total: int) -> None:
        self.events.publish_to_all("warming", done=done, total=total)

    def _tell_job(self, job: Job) -> None:
        self.events.publish(job.project, "job", **job.event())
