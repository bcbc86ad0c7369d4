"""What inference measures, in a process of its own: a network and its sessions, as shipped or as defined.

The plain variant is the definition in eager Paddle, from ``tests/reference``. The functions below `serve` are what one
asks of the process; each returns samples, the seconds of each part of one repetition and of the ``whole``.

Shapes: O ids, C channels, H W input, h w embedding grid.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from paddlevideo.utils.errors import InputError

VARIANTS = ("plain", "shipped")
PARTS = ("embed", "global", "local", "head", "masks")
PART_OF = {
    "reference": "global",
    "global_map": "global",
    "local_map": "local",
    "interact": "head",
    "propagate": "head",
    "finer": "head",
}
CONFIGS = Path(__file__).parents[2] / "configs" / "segmentation"

Sample = dict[str, float]


@dataclass(frozen=True)
class Setup:
    """The network: a config's name, the precision of compiled parts, (H,W) of frames, a file of weights or None."""

    config: str
    precision: str
    size: tuple[int, int]
    weights: str | None = None

    def settings(self) -> dict[str, Any]:
        """The config, its input of this size."""
        from paddlevideo.config.loading import load_config

        return load_config(CONFIGS / f"{self.config}.yaml", [f"PIPELINE.input.size={list(self.size)}"])

    def network(self) -> Any:
        """The network in eval mode."""
        import paddle

        from paddlevideo.modeling import build_model
        from paddlevideo.weights.files import load_into

        paddle.seed(0)
        model = build_model(self.settings()["MODEL"])
        if self.weights:
            load_into(model, self.weights)
        model.eval()
        return model


class TimedEngine:
    """An engine that notes how long its parts take.

    Args:
        engine: any `paddlevideo.session.engine.Engine`.
        guided: answer with `disc_label` in place of the head's logits. With random weights those are noise, in which an
            object is soon lost, and matching an object that is not there takes no time.
    """

    def __init__(self, engine: Any, guided: bool) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._engine = engine
        self._guided = guided

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._engine, name)
        return self._timed(name, method) if callable(method) else method

    def _timed(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **keywords: Any) -> Any:
            began = time.perf_counter()
            result = method(*args, **keywords)
            self.seconds[PART_OF.get(name, name)] += time.perf_counter() - began
            return _guide(result) if self._guided and name in ("interact", "propagate") else result

        return call


def _guide(logits: np.ndarray) -> np.ndarray:
    from tools.bench.clip import disc_label

    label = disc_label(logits.shape[1:], len(logits) - 1)
    return (label == np.arange(len(logits))[:, None, None]).astype(np.float32)


class Subject:
    """A network behind an engine, and the sessions that were begun on it, by name."""

    def __init__(self, variant: str, setup: Setup) -> None:
        from paddlevideo.loader.preprocess import Preprocess
        from paddlevideo.session.engine import build_engine
        from paddlevideo.session.options import SessionOptions
        from paddlevideo.session.session import Session
        from tests.reference.engine_plain import PlainEngine
        from tests.reference.session_plain import PlainSession

        settings = setup.settings()
        model = setup.network()
        self.size = setup.size
        self.preprocess = Preprocess(**settings["PIPELINE"]["input"])
        self.sessions: dict[str, Any] = {}
        self.running: dict[str, Iterator[Any]] = {}
        engine: Any
        if variant == "plain":
            engine = PlainEngine(model)
            self._session: Any = PlainSession
        else:
            engine = build_engine(model, "fast", setup.precision)
            self._session = Session
        self._options = SessionOptions.from_config(settings)
        self.engine = TimedEngine(engine, guided=not setup.weights)

    def open(self, name: str, frames: int, objects: int) -> Any:
        from tools.bench.clip import RepeatedClip

        clip = RepeatedClip(frames, self.size)
        self.sessions[name] = self._session(self.engine, clip, self.preprocess, objects, self._options)
        return self.sessions[name]

    def sample(self, run: Callable[[], object]) -> Sample:
        """Seconds of each part while ``run`` runs; ``masks`` is what is not the engine's."""
        before = self.engine.seconds.copy()
        began = time.perf_counter()
        run()
        whole = time.perf_counter() - began
        parts = {part: self.engine.seconds[part] - before[part] for part in PARTS}
        return {**parts, "masks": max(0.0, whole - sum(parts.values())), "whole": whole}


def serve(connection: Connection, variant: str, setup: Setup) -> None:
    """Answer ``(function, args)`` with what the function gives for the subject, until the connection is closed."""
    from paddlevideo.utils.runtime import import_paddle, prepare_inference, set_up
    from tools.bench.machine import peak_gib

    if variant == "shipped":
        prepare_inference()
    import_paddle()
    set_up(threads=None, seed=0)
    subject: Subject | None = None
    with suppress(EOFError):
        while True:
            function, args = connection.recv()
            try:
                subject = subject or Subject(variant, setup)
                connection.send((function(subject, *args), peak_gib()))
            except InputError as error:
                connection.send((error, 0.0))


def ask(connection: Connection, function: Callable[..., Any], *args: Any) -> tuple[Any, float]:
    """Have the process run ``function(subject, *args)``; return what it gives and the process's peak in GiB."""
    connection.send((function, args))
    answer, peak = connection.recv()
    if isinstance(answer, InputError):
        raise answer
    return answer, peak


# ------------------------------------------------------------------------------------------ what one asks for


def embed(subject: Subject, start: int, count: int) -> list[Sample]:
    """Embed frames ``start``, ``start + 1``, ...; ``masks`` is reading and preprocessing."""
    from tools.bench.clip import RepeatedClip

    clip = RepeatedClip(start + count, subject.size)

    def one(frame: int) -> None:
        subject.engine.embed(subject.preprocess(clip[frame]))

    return [subject.sample(lambda frame=frame: one(frame)) for frame in range(start, start + count)]  # type: ignore[misc]


def begin(subject: Subject, name: str, frames: int, objects: int = 1) -> tuple[Sample, tuple[int, ...]]:
    """Open a session, annotate frame 0 with the reference label; return also an embedding's shape (C,h,w)."""
    from tools.bench.clip import reference_label

    session = subject.open(name, frames, objects)

    def annotate() -> None:
        grid = session.embedding(0).shape[1:]
        session.annotate(0, reference_label(grid, objects))

    sample = subject.sample(annotate)
    subject.running[name] = iter(session.propagate())
    next(subject.running[name])  # the annotated frame itself, which is done
    return sample, session.embedding(0).shape


def advance(subject: Subject, name: str, count: int) -> list[Sample]:
    """Propagate a session that was begun to its next ``count`` frames."""
    running = subject.running[name]
    return [subject.sample(lambda: next(running)) for _ in range(count)]


def interact(subject: Subject, count: int) -> list[Sample]:
    """Draw strokes ``count`` times on a frame that is embedded."""
    from tools.bench.clip import strokes

    session = subject.sessions.get("strokes") or subject.open("strokes", 2, 1)
    session.embedding(0)
    return [subject.sample(lambda: session.add_strokes(strokes(0))) for _ in range(count)]


def grid(subject: Subject, name: str) -> tuple[int, ...]:
    """Shape (C,h,w) of a session's embeddings."""
    shape: tuple[int, ...] = subject.sessions[name].embedding(0).shape
    return shape
