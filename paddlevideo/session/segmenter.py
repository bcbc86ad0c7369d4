"""The one way from a config and its weights to sessions: what takes long is done once, then any number of videos opens.

segmenter = Segmenter.load()
session = segmenter.open("clip.mp4", objects=2)
masks = segmenter.segment("other.mp4", strokes)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from ..loader.preprocess import Preprocess
    from ..loader.scribbles import Stroke
    from ..loader.video import Video
    from ..modeling import MANet
    from ..utils.arrays import Mask
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
        config: str | Path | None = None,
        weights: str | Path | None = None,
        engine: EngineKind = "fast",
        *,
        overrides: Sequence[str] = (),
        threads: int | None = None,
    ) -> Segmenter:
        """Build the network of a config file with its weights.

        The process is set up for it: NumPy's matrix products have one thread from now on, see
        `paddlevideo.utils.runtime`.

        Args:
            config: a YAML file; its MODEL, PIPELINE.input and INFERENCE sections are used. None is the lite network.
            weights: a file of weights of that model; None is the lite network's.
            engine: ``"fast"`` (compiled for the CPU) or ``"plain"`` (eager Paddle).
            overrides: changes to the config, ``KEY.SUB=VALUE`` each.
            threads: processor threads; None is what the environment says, else all.

        Raises:
            InputError: one of the files is missing or wrong.
        """
        prepare_process(threads)
        from ..config.loading import load_config
        from ..utils.errors import InputError
        from ..utils.shipped import LITE_CONFIG, LITE_WEIGHTS, shipped

        if config and not weights:
            raise InputError(f"{config}: needs weights of its own; pass them, too")
        cfg = load_config(config or shipped(LITE_CONFIG), list(overrides))
        return cls.from_config(cfg, weights or shipped(LITE_WEIGHTS), engine)

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

    def open(self, video: Video, objects: int | Sequence[int] = 1, **overrides: Any) -> Session:
        """Begin to segment a video.

        Args:
            video: a video file, a folder of pictures, a glob, or frames in memory, see `open_frames`.
            objects: how many objects (ids 1..n), or their ids.
            overrides: fields of `SessionOptions` (``undo_depth``, ``reach``, ...), in place of the config's.

        Raises:
            InputError: the video cannot be read, or there is no such option or it cannot have that value.
        """
        from ..loader.video import open_frames
        from .options import SessionOptions
        from .session import Session

        options = SessionOptions.from_config({"INFERENCE": vars(self.options)}, **overrides)
        return Session(self.engine, open_frames(video), self.preprocess, objects, options)

    def segment(
        self,
        video: Video,
        strokes: Iterable[Stroke] = (),
        *,
        masks: Mapping[int, np.ndarray] | None = None,
        objects: int | None = None,
        **overrides: Any,
    ) -> Mask:
        """Return the masks (T,H,W) uint8 of all frames, from strokes, from masks, or from masks that strokes correct.

        Masks go first, then the strokes frame by frame, each carried over the whole video, as ``--infer`` does it.

        Args:
            video: as in `open`.
            strokes: on any frames.
            masks: the number of a frame to its mask (H,W), see `Session.add_mask`.
            objects: how many there are; None is the largest id of the strokes and masks.
            overrides: as in `open`.

        Raises:
            InputError: as `open`; no strokes and no masks, or wrong ones.
        """
        import numpy as np

        from ..loader.first_masks import check_masks
        from ..loader.scribbles import split_by_frame
        from ..loader.video import open_frames
        from ..utils.errors import InputError
        from .mask_rounds import run_masks

        frames = open_frames(video)
        rounds = split_by_frame(strokes)
        given = check_masks({} if masks is None else masks, frames, objects)
        ids = {stroke.object_id for each in rounds for stroke in each} | {int(mask.max()) for mask in given.values()}
        largest = max(ids, default=0)
        if not largest:
            raise InputError("segment: no object is shown; give strokes on objects 1, 2, ..., or masks of them")
        if objects and largest > objects:
            raise InputError(f"segment: object {largest} is shown, but objects says that there are {objects}")
        session = self.open(frames, objects or largest, **{"undo_depth": 1, **overrides})
        if given:
            run_masks(session, given, len(frames), objects or largest, lambda _, how: _run(session.propagate(how.span)))
        for each in rounds:
            session.add_strokes(each)
            _run(session.propagate())
        found: Mask = np.empty((len(frames), *frames.size), np.uint8)
        for frame in range(len(frames)):
            found[frame] = session.mask(frame)
        return found


def prepare_process(threads: int | None = None) -> None:
    """Set the process up for running the network; call before Paddle is imported."""
    from ..utils.runtime import prepare_inference, prepare_threads

    prepare_threads(threads)
    prepare_inference()


def _run(steps: Iterable[object]) -> None:
    for _ in steps:
        pass


def _read(cfg: Mapping[str, Any]) -> tuple[Preprocess, SessionOptions]:
    from ..loader.preprocess import Preprocess
    from .options import SessionOptions

    return Preprocess(**cfg["PIPELINE"].get("input", {})), SessionOptions.from_config(cfg)
