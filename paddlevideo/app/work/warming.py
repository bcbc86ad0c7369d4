"""Gets the model ready for the first stroke, before there is one; for the worker's thread."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator

Size = tuple[int, int]
WarmUp = Callable[[Size], Iterator[None]]
USUAL = (480, 854)  # of videos, as long as there is none

logger = logging.getLogger(__name__)


class Warming:
    """Warms up once for each size of video.

    Args:
        warm_up: a video's (H, W) to what is to be done for it, a step at a time.
        steps: how many that are.
        told: called with how many of them are done, whenever that changes.
    """

    def __init__(self, warm_up: WarmUp, steps: int, told: Callable[[int, int], None]) -> None:
        self._warm_up = warm_up
        self._total = steps
        self._told = told
        self._known: set[Size] = set()  # that were begun
        self._steps: Iterator[None] | None = None
        self._done = 0

    @property
    def progress(self) -> tuple[int, int] | None:
        """How many steps are done, and of how many, while it goes on."""
        return (self._done, self._total) if self._steps else None

    def step(self, sizes: Iterable[Size]) -> bool:
        """Do a step for these videos, the first of them first; False when there is nothing to do."""
        if self._steps is None:
            size = next((each for each in sizes if each not in self._known), None if self._known else USUAL)
            if size is None:
                return False
            self._known.add(size)
            self._steps, self._done = self._warm_up(size), 0
        try:
            over = next(self._steps, self) is self
        except Exception:  # the stroke itself says what is wrong
            logger.exception("warming up failed")
            over = True
        self._done = self._total if over else self._done + 1
        if over:
            self._steps = None
        self._told(self._done, self._total)
        return True
