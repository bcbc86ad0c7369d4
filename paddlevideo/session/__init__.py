"""Interactive segmentation of a video: strokes in, masks out, round by round.

`open_session` opens everything from files; what it returns is described in `paddlevideo.session.session`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..loader.scribbles import Stroke
    from .engine import EngineKind
    from .session import Session

__all__ = ["Stroke", "open_session"]


def open_session(
    path: str | Path,
    config: str | Path,
    weights: str | Path,
    objects: int | Sequence[int] = 1,
    *,
    engine: EngineKind = "fast",
    **overrides: Any,
) -> Session:
    """Open a video for segmentation.

    The process is set up for it: NumPy's matrix products have one thread from now on, see `paddlevideo.utils.runtime`.

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
    from ..utils.runtime import prepare_inference, prepare_threads

    prepare_threads()  # Paddle reads it at its import, which the next lines do
    prepare_inference()
    from ..config.loading import load_config
    from ..loader.preprocess import Preprocess
    from ..loader.video import open_frames
    from ..modeling import build_model
    from ..weights.files import load_into
    from .engine import build_engine
    from .options import SessionOptions
    from .session import Session

    frames = open_frames(path)
    cfg = load_config(config, [])
    model = build_model(cfg["MODEL"])
    load_into(model, weights)
    preprocess = Preprocess(**cfg["PIPELINE"].get("input", {}))
    options = SessionOptions.from_config(cfg, **overrides)
    return Session(build_engine(model, engine, options.precision), frames, preprocess, objects, options)


def __getattr__(name: str) -> Any:
    if name == "Stroke":
        from ..loader.scribbles import Stroke

        return Stroke
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
