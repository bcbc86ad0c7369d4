"""A tiny clip, a network's stand-in that copies colours, and the application around them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from paddlevideo.app.settings import Limits, Settings
from paddlevideo.loader.frame_source import FrameSource
from paddlevideo.loader.preprocess import Preprocess
from paddlevideo.session.options import SessionOptions
from paddlevideo.session.session import Session
from paddlevideo.writers.video import VideoWriter

FRAMES, SIZE, GRID = 8, (48, 64), (12, 16)
TOKEN = "a-token"


class Colours:
    """Embeds a pixel as its colour; logits follow strokes, maps and previous masks. ``pause`` is slept a frame.

    With a ``sharpness`` of 20 a softmax of its logits is sure of most pixels.
    """

    interaction_map = False
    border_decoder = False

    def __init__(self, pause: float = 0.0, sharpness: float = 1.0) -> None:
        self.pause = pause
        self.sharpness = sharpness
        self.calls: list[str] = []

    def embed(self, image: np.ndarray) -> np.ndarray:
        self.calls.append("embed")
        return image.reshape(3, GRID[0], 4, GRID[1], 4).mean(axis=(2, 4)).astype(np.float32)

    def interact(
        self,
        embedding: np.ndarray,
        scribble: np.ndarray,
        previous: np.ndarray | None,
        ids: Sequence[int],
        seen: np.ndarray | None = None,
    ) -> np.ndarray:
        self.calls.append("interact")
        logits = 0.4 * (0.0 if previous is None else _planes(previous, ids)) - _nearest(
            embedding, embedding, scribble, ids
        )
        return (self.sharpness * logits).astype(np.float32)

    def propagate(
        self,
        embedding: np.ndarray,
        global_map: np.ndarray,
        local_map: np.ndarray,
        previous: np.ndarray,
        ids: Sequence[int],
    ) -> np.ndarray:
        self.calls.append("propagate")
        time.sleep(self.pause)
        logits = 0.2 * _planes(previous, ids) - global_map - 0.3 * local_map
        return (self.sharpness * logits).astype(np.float32)

    def reference(self, embedding: np.ndarray, label: np.ndarray, ids: Sequence[int]) -> Any:
        return embedding, label, tuple(ids)

    def global_map(self, query: np.ndarray, reference: Any) -> np.ndarray:
        return _nearest(query, *reference)

    def local_map(self, current: np.ndarray, previous: np.ndarray, label: np.ndarray, ids: Sequence[int]) -> np.ndarray:
        change = np.tanh(np.abs(current - previous).sum(0))
        return np.where(_planes(label, ids) > 0, change, 1.0).astype(np.float32)


def _planes(label: np.ndarray, ids: Sequence[int]) -> np.ndarray:
    return (label[None] == np.asarray(ids)[:, None, None]).astype(np.float32)


def _nearest(query: np.ndarray, reference: np.ndarray, label: np.ndarray, ids: Sequence[int]) -> np.ndarray:
    """Per id the squashed colour distance (O,h,w) to its mean colour; 1 where it is not labelled."""
    maps = np.ones((len(ids), *query.shape[1:]), np.float32)
    for row, object_id in enumerate(ids):
        inside = label == object_id
        if inside.any():
            mean = reference[:, inside].mean(axis=1)
            maps[row] = np.tanh(((query - mean[:, None, None]) ** 2).sum(0))
    return maps


def frame_picture(t: int) -> np.ndarray:
    """A red and a green square that move right over grey ground, (48,64,3) uint8."""
    frame = np.full((*SIZE, 3), 90, np.uint8)
    frame[8:24, 3 * t : 3 * t + 16] = (200, 30, 30)
    frame[28:44, 3 * t + 8 : 3 * t + 24] = (30, 200, 30)
    return frame


def write_clip(path: Path, frames: int = FRAMES) -> Path:
    """Write the clip as an H.264 file."""
    with VideoWriter(path, 25.0, SIZE) as video:
        for t in range(frames):
            video.write(frame_picture(t))
    return path


def points(object_id: int, frame: int) -> list[list[float]]:
    """A short stroke through the middle of an object's square, or over the ground."""
    left = 3 * frame + (8 if object_id == 2 else 0)
    middle = {0: 46, 1: 16, 2: 36}[object_id]
    return [[(left + step) / SIZE[1], middle / SIZE[0]] for step in (4, 12)]


def session_maker(engine: Colours | None = None, **settings: Any) -> Callable[[FrameSource, Sequence[int]], Session]:
    """Return what opens sessions on the stand-in."""
    network = engine or Colours()

    def make(frames: FrameSource, objects: Sequence[int]) -> Session:
        return Session(network, frames, Preprocess("rgb", size=None), objects, SessionOptions(**settings))

    return make


def settings(folder: Path, **changes: Any) -> Settings:
    """Settings of a server whose projects are in ``folder``, and which is patient: tests run on busy machines."""
    usual = {"projects": folder / "projects", "token": TOKEN, "host": "testserver", "limits": Limits(seconds=3600)}
    return Settings(**{**usual, **changes})
