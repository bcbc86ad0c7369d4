"""The one way from a config and its weights to sessions: what takes long is done once, then any number of videos opens.

segmenter = Segmenter.load("configs/segmentation/manet_lite.yaml", "data/weights/manet_lite.pdparams")
session = segmenter.open("clip.mp4", objects=2)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..loader.frame_source import FrameSource
    from ..loader.preprocess import Preprocess
    from ..modeling import MANet
    from .engine import Engine, EngineKind
    from .options import SessionOptions
    from .session import Session

# Paddle is imported within the functions: `Segmenter.load` has to set the process up before.


class Segmenter:
    """A network that is ready to run.

    Args:
        engine: runs the network, see `paddlevideo.session.engine.build_engine`.
        preprocess: frame to network input.
        options: of every session.
    """

    def __init__(self, engine: Engine, preprocess: Preprocess, options: SessionOptions) -> None:
        self.engine = engine
        self.preprocess = preprocess
        self.options = options

    @classmethod
    def load(
        cls,
        config: str | Path,
        weights: str | Path,
        engine: EngineKind = "fast",
        *,
        overrides: Sequence[str] = (),
        threads: int | None = None,
    ) -> Segmenter:
        """Build the network of a config file with its weights.

        The process is set up for it: NumPy's matrix products have one thread from now on, see
        `paddlevideo.utils.runtime`.

        Args:
            config: a YAML file; its MODEL, PIPELINE.input and INFERENCE sections are used.
            weights: a file of weights of that model.
            engine: ``"fast"`` (compiled for the CPU) or ``"plain"`` (eager Paddle).
            overrides: changes to the config, ``KEY.SUB=VALUE`` each.
            threads: processor threads; None is what the environment says, else all.

        Raises:
            InputError: one of the files is missing or wrong.
        """
        prepare_process(threads)
        from ..config.loading import load_config

        return cls.from_config(load_config(config, list(overrides)), weights, engine)

    @classmethod
    def from_config(cls, cfg: Mapping[str, Any], weights: str | Path, engine: EngineKind = "fast") -> Segmenter:
        """As `load`, for a config that is read already; its settings are checked before the weights are read."""
        cls.check(cfg)
        from ..modeling import build_model
        from ..weights.files import load_into

        model = build_model(cfg["MODEL"])
        load_into(model, weights)
        model.eval()
        return cls.from_model(cfg, model, engine)

    @classmethod
    def from_model(cls, cfg: Mapping[str, Any], model: MANet, engine: EngineKind = "fast") -> Segmenter:
        """Run a model as it is now, in eval mode; the fast engine does not see later changes of its weights."""
        from .engine import build_engine

        preprocess, options = _read(cfg)
        return cls(build_engine(model, engine, options.precision), preprocess, options)

    @staticmethod
    def check(cfg: Mapping[str, Any]) -> None:
        """Raise `InputError` where the config has a wrong setting; for callers with work to do before the slow load."""
        _read(cfg)

    def open(self, video: FrameSource | str | Path, objects: int | Sequence[int] = 1, **overrides: Any) -> Session:
        """Begin to segment a video.

        Args:
            video: its frames, or a video file, a folder of pictures, or a glob.
            objects: how many objects (ids 1..n), or their ids.
            overrides: fields of `SessionOptions` (``undo_depth``, ``reach``, ...), in place of the config's.

        Raises:
            InputError: the video cannot be read, or there is no such option or it cannot have that value.
        """
        from .options import SessionOptions
        from .session import Session

        if isinstance(video, (str, Path)):
            from ..loader.video import open_frames

            video = open_frames(video)
        options = SessionOptions.from_config({"INFERENCE": vars(self.options)}, **overrides)
        return Session(self.engine, video, self.preprocess, objects, options)


def prepare_process(threads: int | None = None) -> None:
    """Set the process up for running the network; call before Paddle is imported."""
    from ..utils.runtime import prepare_inference, prepare_threads

    prepare_threads(threads)
    prepare_inference()


def _read(cfg: Mapping[str, Any]) -> tuple[Preprocess, SessionOptions]:
    from ..loader.preprocess import Preprocess
    from .options import SessionOptions

    return Preprocess(**cfg["PIPELINE"].get("input", {})), SessionOptions.from_config(cfg)
