"""Interactive segmentation of a video: strokes in, masks out, round by round.

`Segmenter` builds a network once and opens any number of videos; `open_session` is the short form for one video. What
both return is described in `paddlevideo.session.session`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .segmenter import Segmenter, prepare_process

if TYPE_CHECKING:
    from ..loader.scribbles import Stroke
    from .engine import EngineKind
    from .session import Session

__all__ = ["Segmenter", "Stroke", "open_session"]


def open_session(
    path: str | Path,
    config: str | Path,
    weights: str | Path,
    objects: int | Sequence[int] = 1,
    *,
    engine: EngineKind = "fast",
    **overrides: Any,
) -> Session:
    """Open a video for segmentation: `Segmenter.load` and `Segmenter.open` in one.

    Args:
        path: a video file, a folder of pictures, or a glob.
        config: a YAML file; its MODEL, PIPELINE.input and INFERENCE sections are used.
        weights: a file of weights of that model.
        objects: how many objects, or their ids.
        engine: ``"fast"`` (compiled for the CPU) or ``"plain"`` (eager Paddle).
        overrides: fields of `paddlevideo.session.options.SessionOptions`, in place of the config's.

    Raises:
        InputError: one of the files or options is missing or wrong.
    """
    prepare_process()
    from ..loader.video import open_frames

    frames = open_frames(path)  # before the slow load
    return Segmenter.load(config, weights, engine).open(frames, objects, **overrides)


def __getattr__(name: str) -> Any:
    if name == "Stroke":
        from ..loader.scribbles import Stroke

        return Stroke
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
