"""Interactive segmentation of a video: strokes in, masks out, round by round.

`Segmenter` builds a network once and opens any number of videos; `open_session` is the short form for one video, and
`segment` the one for its masks alone. What the first two return is described in `paddlevideo.session.session`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .segmenter import Segmenter, prepare_process

if TYPE_CHECKING:
    import numpy as np

    from ..loader.scribbles import Stroke
    from ..loader.video import Video
    from ..utils.arrays import Mask
    from .engine import EngineKind
    from .session import Session

__all__ = ["Segmenter", "Stroke", "open_session", "segment"]


def open_session(
    video: Video,
    config: str | Path | None = None,
    weights: str | Path | None = None,
    objects: int | Sequence[int] = 1,
    *,
    engine: EngineKind = "fast",
    **overrides: Any,
) -> Session:
    """Open a video for segmentation: `Segmenter.load` and `Segmenter.open` in one.

    Args:
        video: a video file, a folder of pictures, a glob, an array (T,H,W,3) or a list of arrays (H,W,3), uint8 RGB, or
            what has a length and gives such arrays.
        config: a YAML file; its MODEL, PIPELINE.input and INFERENCE sections are used. None is the lite network.
        weights: a file of weights of that model; None is the lite network's.
        objects: how many objects, or their ids.
        engine: ``"fast"`` (compiled for the CPU) or ``"plain"`` (eager Paddle).
        overrides: fields of `paddlevideo.session.options.SessionOptions`, in place of the config's.

    Raises:
        InputError: the frames, one of the files or one of the options is missing or wrong.
    """
    prepare_process()
    from ..loader.video import open_frames

    frames = open_frames(video)  # before the slow load
    return Segmenter.load(config, weights, engine).open(frames, objects, **overrides)


def segment(
    video: Video,
    strokes: Iterable[Stroke] = (),
    config: str | Path | None = None,
    weights: str | Path | None = None,
    *,
    masks: Mapping[int, np.ndarray] | None = None,
    objects: int | None = None,
    engine: EngineKind = "fast",
    **overrides: Any,
) -> Mask:
    """Return the masks (T,H,W) uint8 of a video: `Segmenter.load` and `Segmenter.segment` in one.

    Args and errors as theirs; see `open_session`, too. For several videos load a `Segmenter` once.
    """
    prepare_process()
    from ..loader.video import open_frames

    frames = open_frames(video)  # before the slow load
    segmenter = Segmenter.load(config, weights, engine)
    return segmenter.segment(frames, strokes, masks=masks, objects=objects, **overrides)


def __getattr__(name: str) -> Any:
    if name == "Stroke":
        from ..loader.scribbles import Stroke

        return Stroke
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
