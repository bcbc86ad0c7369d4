"""What the worker does when it is idle: it prepares the projects in use for their next stroke."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

from ...utils.errors import InputError
from ..errors import AppError
from ..projects.project import Project
from .events import Events
from .replay import Replay
from .sessions import Sessions
from .warming import Warming

logger = logging.getLogger(__name__)
_IDLE = 600.0  # seconds after the last request that a project is still prepared for
_HOLD = 3.0  # seconds that the model is kept free for a stroke that is being drawn


class Ahead:
    """Warms up, brings sessions up to date, then embeds frames. `step` and `restart` are for the worker's thread.

    Args:
        sessions: the sessions in memory.
        events: where the number of embedded frames is sent to pages.
        limit: how many projects are prepared, the most recently used ones.
        warming: what comes before all else.
    """

    def __init__(self, sessions: Sessions, events: Events, limit: int, warming: Warming | None = None) -> None:
        self._sessions = sessions
        self._events = events
        self._limit = limit
        self._warming = warming
        self._used: dict[str, tuple[Project, float]] = {}  # project to when it was last used
        self._steps: dict[str, tuple[int, Iterator[None]]] = {}  # project to its revision, and what gets it ready
        self._held_until = 0.0

    def use(self, project: Project) -> None:
        """Note that somebody works on a project."""
        self._used[project.id] = (project, time.monotonic())

    def hold(self) -> None:
        """Do nothing for a moment: a stroke is being drawn, whose answer nothing may get in the way of."""
        self._held_until = time.monotonic() + _HOLD

    def forget(self, project: str) -> None:
        """Get a project ready no more."""
        self._used.pop(project, None)
        self.restart(project)

    def restart(self, project: str) -> None:
        """Begin anew with a project: somebody else is about to drive its session, or it has none any more."""
        self._steps.pop(project, None)

    def step(self) -> bool:
        """Do one step of warming up, answer, frame or embedding; False when there is nothing to do."""
        now = time.monotonic()
        if now < self._held_until:
            return False
        used = [
            (when, project)
            for project, when in list(self._used.values())
            if self._events.watched(project.id) or now - when < _IDLE
        ]
        projects = [project for _, project in sorted(used, key=lambda each: -each[0])[: self._limit]]
        if self._warming and self._warming.step(project.video.size for project in projects):
            return True
        for project in projects:
            try:
                if self._prepare(project):
                    return True
            except (AppError, InputError, OSError) as error:
                logger.warning("project %s is not prepared ahead: %s", project.id, error)
                self.forget(project.id)
        return False

    # ------------------------------------------------------------------------------------------------ inside

    def _prepare(self, project: Project) -> bool:
        replay = self._sessions.at_hand(project.id) or self._sessions.open(project)
        revision, steps = self._steps.get(project.id, (0, iter(())))
        if revision != project.revision:
            revision, steps = self._steps[project.id] = (project.revision, replay.bring())
        return next(steps, self) is not self or replay.keep() or self._embed(project, replay)

    def _embed(self, project: Project, replay: Replay) -> bool:
        if replay.session.embed_next(project.around) is None:
            return False
        self._events.publish(project.id, "embedded", done=replay.session.embedded, total=project.frames)
        return True
