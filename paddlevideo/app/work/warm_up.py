"""Gets ready what is compiled, before somebody waits for it: a drawn clip is segmented as a person would do it.

Numba compiles a loop and OpenVINO a part of the network when they are called for the first time, and both are kept in a
folder. After an update, or in a fresh container, that folder is empty, and the first stroke would take many seconds.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...loader.scribbles import Stroke
from ...session.segmenter import Segmenter

STEPS = 8  # of `warm_up`
_FRAMES = 2


def warm_up(segmenter: Segmenter, size: tuple[int, int]) -> Iterator[None]:
    """Two rounds on a clip of its own, in `STEPS` steps. Loops are the same for all sizes, the network is not.

    Args:
        segmenter: compiles its network on the way, unless that is kept.
        size: (H, W) of the video to come, in pixels.
    """
    session = segmenter.open(_clip(segmenter.preprocess.input_size(*size)), objects=2)
    for frame in range(_FRAMES):
        session.embedding(frame)
        yield
    for frame in range(_FRAMES):
        session.add_strokes([Stroke(1, frame, ((0.3, 0.4), (0.3, 0.6))), Stroke(0, frame, ((0.8, 0.2), (0.9, 0.8)))])
        yield
        for _ in session.propagate():
            yield


def _clip(size: tuple[int, int]) -> np.ndarray:
    """Frames (T,H,W,3) of a bright square on dark ground, which moves."""
    height, width = size
    frames = np.full((_FRAMES, height, width, 3), 50, np.uint8)
    for t, frame in enumerate(frames):
        frame[height // 4 : 3 * height // 4, width // 5 + 8 * t : width // 2 + 8 * t] = 200
    return frames
