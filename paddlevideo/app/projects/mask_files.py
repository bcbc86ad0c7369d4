"""The masks of a project on disk: a PNG for every frame and action that gave one, and a log that lists them.

Files are written once and never changed, so that undo and redo only choose among them. A line of the log is
``FRAME ACTION SOURCE CHANGED OBJECTS``: after ACTION the frame's mask is in the file of action SOURCE (0: it has none),
CHANGED of its pixels are new, and OBJECTS are in it (``1,3``; ``-``: none; earlier versions did not say). A line is
appended after its file is there, so a killed server leaves nothing half.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ...utils.files import atomic_path, remove_leftovers

_FAST = [cv2.IMWRITE_PNG_COMPRESSION, 1]


@dataclass(frozen=True)
class FrameMask:
    """A frame's mask after an action."""

    source: int  # the action whose file has it; 0: no mask
    changed: float  # fraction of its pixels that are new
    objects: frozenset[int] | None = None  # those that it has; None: not known


class MaskFiles:
    """See the module's text.

    Args:
        folder: the project's; masks go to ``masks/`` in it, the log is ``masks.log``.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "masks"
        self._log = folder / "masks.log"
        self._folder.mkdir(parents=True, exist_ok=True)
        remove_leftovers(self._folder)
        self.given: dict[int, dict[int, FrameMask]] = {}  # by action, then by frame, in the order they came
        for line in self._log.read_text().split("\n")[:-1] if self._log.exists() else []:
            frame, action, source, changed, *objects = line.split()
            if int(source) == 0 or self.path(int(frame), int(source)).exists():
                mask = FrameMask(int(source), float(changed), _objects(objects[0]) if objects else None)
                self.given.setdefault(int(action), {})[int(frame)] = mask

    def path(self, frame: int, action: int) -> Path:
        """The file of a frame's mask."""
        return self._folder / f"{frame:05d}-{action}.png"

    def counts(self) -> dict[int, int]:
        """How many frames each action gave."""
        return {action: len(frames) for action, frames in self.given.items()}

    def put(self, action: int, frame: int, mask: np.ndarray, changed: float) -> None:
        """Keep the mask (H,W) that ``action`` gave ``frame``."""
        with atomic_path(self.path(frame, action)) as temporary:
            temporary.write_bytes(encode_png(mask))
        found = frozenset(np.flatnonzero(np.bincount(mask.ravel())).tolist()) - {0}
        self._note(action, frame, FrameMask(action, round(changed, 6), found))

    def refer(self, action: int, frame: int, source: int) -> None:
        """Note that ``action`` brought a frame's mask back to that of action ``source``, or to none (0)."""
        before = self.given[source][frame].objects if source else frozenset[int]()
        self._note(action, frame, FrameMask(source, 0.0, before))

    def forget(self, actions: set[int]) -> None:
        """Remove the files of all other actions than these."""
        for action in set(self.given) - actions:
            for frame in self.given.pop(action):
                self.path(frame, action).unlink(missing_ok=True)
        lines = [
            self._line(action, frame, mask) for action, frames in self.given.items() for frame, mask in frames.items()
        ]
        with atomic_path(self._log) as temporary:
            temporary.write_text("".join(lines))

    def _note(self, action: int, frame: int, mask: FrameMask) -> None:
        handle = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, self._line(action, frame, mask).encode())
        finally:
            os.close(handle)
        self.given.setdefault(action, {})[frame] = mask  # not before: a full disk leaves it to be done again

    @staticmethod
    def _line(action: int, frame: int, mask: FrameMask) -> str:
        objects = "" if mask.objects is None else " " + (",".join(map(str, sorted(mask.objects))) or "-")
        return f"{frame} {action} {mask.source} {mask.changed:.6f}{objects}\n"


def _objects(text: str) -> frozenset[int]:
    return frozenset() if text == "-" else frozenset(map(int, text.split(",")))


def encode_png(mask: np.ndarray) -> bytes:
    """A mask (H,W) as an 8-bit grey PNG whose values are the ids."""
    return bytes(cv2.imencode(".png", mask, _FAST)[1])


def read_png(path: Path) -> np.ndarray:
    """The mask (H,W) in a file that `encode_png` made."""
    return np.asarray(cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED))
