"""Server-Sent Events: what happens to a project, sent to every page that has it open."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from typing import Any

_WAITING = 1000  # events that a slow page may lag behind
_HEARTBEAT = 15.0  # seconds

Event = tuple[str, dict[str, Any]]


class Events:
    """Publishes from any thread to pages' streams."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queues: dict[str, list[tuple[asyncio.AbstractEventLoop, asyncio.Queue[Event | None]]]] = {}
        self._closed = False

    def watched(self, project: str) -> bool:
        """Whether any page has the project open."""
        return bool(self._queues.get(project))

    def publish(self, project: str, name: str, **data: Any) -> None:
        """Tell all pages of a project."""
        with self._lock:
            for loop, queue in self._queues.get(project, ()):
                _call(loop, _put, queue, (name, data))

    def publish_to_all(self, name: str, **data: Any) -> None:
        """Tell all pages of all projects."""
        for project in list(self._queues):
            self.publish(project, name, **data)

    def close(self) -> None:
        """End all streams, now and in future."""
        with self._lock:
            self._closed = True
            for queues in self._queues.values():
                for loop, queue in queues:
                    _call(loop, _put, queue, None)

    async def stream(self, project: str, first: list[Event]) -> AsyncIterator[str]:
        """The lines of one page's stream: ``first``, then what is published until the page goes."""
        mine = (asyncio.get_running_loop(), asyncio.Queue[Event | None](_WAITING))
        with self._lock:
            if self._closed:
                return
            self._queues.setdefault(project, []).append(mine)
        try:
            yield "retry: 1000\n\n"
            for event in first:
                yield _lines(event)
            while True:
                try:
                    event_or_end = await asyncio.wait_for(mine[1].get(), _HEARTBEAT)
                except asyncio.TimeoutError:
                    yield ": still here\n\n"
                    continue
                if event_or_end is None:
                    return
                yield _lines(event_or_end)
        finally:
            with self._lock:
                self._queues[project].remove(mine)


def _call(loop: asyncio.AbstractEventLoop, *call: Any) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(*call)


def _put(queue: asyncio.Queue[Event | None], event: Event | None) -> None:
    if queue.full():  # the page loads the document again, which has everything
        while not queue.empty():
            queue.get_nowait()
        event = event and ("document", {"revision": -1})
    queue.put_nowait(event)


def _lines(event: Event) -> str:
    return f"event: {event[0]}\ndata: {json.dumps(event[1])}\n\n"
