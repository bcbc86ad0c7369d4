"""The mask that each frame has now: which of the files that is, and whether all that a person did has reached it.

Both follow from the history. Shapes: H W the video's own size.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...session.memory.masks import only
from .actions import Action, MaskGiven, ObjectRemoved, Propagated
from .history import View
from .mask_files import MaskFiles, encode_png, read_png


class CurrentMasks:
    """The masks that frames have now, kept up to date by the project's calls of `follow` and `note`.

    Args:
        files: the masks that actions gave.
        frames: how many the video has.
        size: (H,W) of the video.
        lock: the project's; who calls anything but `file`, `mask` and `png` holds it.
    """

    def __init__(self, files: MaskFiles, frames: int, size: tuple[int, int], lock: threading.RLock) -> None:
        self._files = files
        self._frames = frames
        self._size = size
        self._lock = lock
        self.follow([], View.of([]))

    def follow(self, history: Sequence[Action], view: View) -> None:
        """Work out what follows from a history, which amounts to ``view``."""
        given = self._files.given
        self._view = view
        self._annotated = {each.frame for each in view.rounds}
        self._by_hand: dict[int, MaskGiven] = {}
        for each in view.rounds:
            if each.by_hand:
                self._by_hand[each.frame] = each.by_hand
            else:  # what a person draws afterwards counts
                self._by_hand.pop(each.frame, None)
        self._writers = {frame: action.number for action in history for frame in given.get(action.number, ())}
        self._removed_at = max((each.number for each in history if isinstance(each, ObjectRemoved)), default=0)
        self._propagations = [each for each in history if isinstance(each, Propagated) and each.number in given]
        self._last = self._chain()  # the actions of the last propagation: it may have been stopped and gone on with

    def note(self, action: int, frame: int) -> None:
        """A frame has its mask from this action of the history now."""
        self._writers[frame] = action

    # ----------------------------------------------------------------------------------------------- masks

    def file(self, frame: int) -> Path | None:
        """The file of a frame's mask, None without one; it may hold objects that were removed since."""
        with self._lock:
            source = self._source(frame)
            return self._files.path(frame, source) if source else None

    def mask(self, frame: int) -> np.ndarray:
        """A frame's mask (H,W) uint8; all background where it has none."""
        with self._lock:
            path, ids = self.file(frame), self._view.ids
        return np.zeros(self._size, np.uint8) if path is None else only(read_png(path), ids)

    def png(self, frame: int) -> bytes | None:
        """A frame's mask as a grey PNG, None where it has none."""
        with self._lock:
            source, removed_at = self._source(frame), self._removed_at
        if not source:
            return None
        # Packed anew only where an object was removed since.
        return encode_png(self.mask(frame)) if source < removed_at else self._files.path(frame, source).read_bytes()

    # ---------------------------------------------------------------------------------------------- frames

    def revision(self, frame: int) -> int:
        """A number that changes with the frame's mask; 0 where it has none."""
        return max(self._writers[frame], self._removed_at) if self._source(frame) else 0

    def state(self, frame: int) -> str:
        """``.`` no mask, ``p`` propagated, ``s`` stale, ``a`` annotated."""
        if frame in self._annotated:
            return "a"
        if not self._source(frame):
            return "."
        return "s" if self._stale(frame) else "p"

    def document(self) -> dict[str, Any]:
        """The frames as the page gets them, a value for each.

        ``masks`` has `revision`, ``state`` a string of `state`, ``changed`` the fraction of pixels that the last
        propagation changed, None where it has not been.
        """
        frames = range(self._frames)
        last = {frame: mask for action in self._last for frame, mask in self._files.given[action].items()}
        return {
            "masks": [self.revision(frame) for frame in frames],
            "state": "".join(self.state(frame) for frame in frames),
            "changed": [last[frame].changed if frame in last else None for frame in frames],
        }

    def kept_by_hand(self, frame: int, mask: np.ndarray) -> np.ndarray:
        """What a frame has when a propagation gives it ``mask`` (H,W): what is by hand stays, other objects come in."""
        given = self._by_hand.get(frame)
        if given is None:
            return mask
        now = only(self.mask(frame), given.objects)
        return np.where((now == 0) & ~np.isin(mask, given.objects), mask, now)

    def lanes(self, frames: Iterable[int]) -> dict[int, str]:
        """For each object a character a frame: ``.`` it is not in the mask, ``p`` it is, ``s`` it is and out of date,
        ``h`` it is by hand."""
        waiting = self._view.waiting
        drawn = set[int]().union(*(each.drawn for each in waiting))
        answered = {each.frame for each in waiting}
        lanes: dict[int, list[str]] = {each: [] for each in self._view.ids}
        for frame in frames:
            writer = self._writers.get(frame)
            has = frozenset[int]() if writer is None else self._files.given[writer][frame].objects
            there = bool(self._source(frame))
            owed = there and self._owed(frame)
            for each, lane in lanes.items():
                # A stroke of the background may change any object.
                stale = owed or (frame not in answered and not drawn.isdisjoint((0, each)))
                shown = there and (has is None or each in has)
                kept = frame in self._by_hand and each in self._by_hand[frame].objects
                lane.append("." if not shown else "h" if kept else "s" if stale else "p")
        return {each: "".join(lane) for each, lane in lanes.items()}

    @property
    def last_propagation(self) -> Propagated | None:
        """The last one that gave a mask."""
        return self._propagations[-1] if self._propagations else None

    def propagated(self, frame: int) -> int:
        """The number of the last propagation that gave the frame a mask, 0 for none."""
        numbers = (each.number for each in reversed(self._propagations))
        return next((number for number in numbers if frame in self._files.given[number]), 0)

    # ---------------------------------------------------------------------------------------------- inside

    def _chain(self) -> list[int]:
        numbers: list[int] = []
        for each in reversed(self._propagations):
            numbers.insert(0, each.number)
            if not each.goes_on:
                break
        return numbers

    def _source(self, frame: int) -> int:
        """The action whose file the frame's mask is in, 0 without one."""
        writer = self._writers.get(frame)
        return 0 if writer is None else self._files.given[writer][frame].source

    def _stale(self, frame: int) -> bool:
        """Whether strokes, or a propagation that was stopped, have not reached the frame yet."""
        return bool(self._view.waiting) or self._owed(frame)

    def _owed(self, frame: int) -> bool:
        """Whether the last propagation was stopped before it came to a frame that has a mask."""
        last = self.last_propagation
        if last is None or self._writers[frame] >= self._last[0]:
            return False
        first, end = last.span or (0, self._frames - 1)
        return bool(first <= frame <= end)
