"""The sessions in memory: one a project, opened when it is needed, the least recently used closed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

from ...loader.frame_source import FrameSource
from ...session.session import Session
from ..projects.project import Project
from .replay import Replay

MakeSession = Callable[[FrameSource, Sequence[int]], Session]


class Sessions:
    """Only the worker's thread opens and drives them.

    Args:
        make: a video and its objects' ids to a fresh session.
        open_frames: a project's video.
        limit: how many sessions are held.
        memory_bytes: memory for embeddings and maps of all together; embeddings of those not in use go first.
        network: see `Settings`.
        closed: hears of a project whose session had to go.
    """

    def __init__(
        self,
        make: MakeSession,
        open_frames: Callable[[Project], FrameSource],
        limit: int,
        memory_bytes: int,
        network: str = "",
        closed: Callable[[str], None] = lambda project: None,
    ) -> None:
        self._make = make
        self._open_frames = open_frames
        self._limit = limit
        self._memory_bytes = memory_bytes
        self._network = network
        self._closed = closed
        self._open: OrderedDict[str, Replay] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, project: Project) -> Replay:
        """The project's session, which is now the most recently used one."""
        with self._lock:
            found = self._open.get(project.id)
        if found is None:
            frames = self._open_frames(project)
            found = Replay(project, lambda ids: self._make(frames, ids), self._network)
        with self._lock:
            self._open[project.id] = found
            self._open.move_to_end(project.id)
            gone = [self._open.popitem(last=False) for _ in range(len(self._open) - self._limit)]
            others = list(self._open.values())[:-1]
        for each, replay in gone:
            self._closed(each)
            _keep(replay)
        held = sum(each.session.memory_bytes for each in (*others, found))
        for other in others:
            if held <= self._memory_bytes:
                break
            held -= other.session.memory_bytes
            other.session.drop_embeddings()
            held += other.session.memory_bytes
        return found

    def keep(self) -> None:
        """Have all of them on disk; for the end, when nobody drives them any more."""
        for each in self._open.values():
            _keep(each)

    def at_hand(self, project: str) -> Replay | None:
        """The project's session if it is open."""
        with self._lock:
            return self._open.get(project)

    def close(self, project: str) -> None:
        """Forget a project's session."""
        with self._lock:
            self._open.pop(project, None)


def _keep(replay: Replay) -> None:
    while replay.keep():
        pass
