"""Test by rounds: every sequence of a DAVIS folder through the session, with J and F after each round of scribbles.

    python main.py --test -c configs/segmentation/manet_lite.yaml -w data/weights/manet_lite.pdparams
    python main.py --test -c CFG -w WEIGHTS -o DATASET.test.file_path=data/DAVIS -o METRIC.rounds=1

Prints a table and writes ``summary.json``, ``report.csv`` and ``curve.png`` into the output folder. Training calls
`evaluate` for its ``--validate``.
"""

from __future__ import annotations

import logging
import time
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from tqdm import tqdm

from ..loader.davis import DavisFolder
from ..loader.davis import Sequence as DavisSequence
from ..loader.preprocess import Preprocess
from ..loader.video import PictureFrames
from ..metrics.round_metric import RoundMetric, RoundScore, Scribble
from ..modeling import MANet, build_model
from ..session.engine import EngineKind, build_engine
from ..session.session import Session
from ..session.settings import engine_precision, session_settings
from ..utils.registry import METRICS
from ..utils.weights import load_into
from ..writers.report import table, write_report

logger = logging.getLogger(__name__)


def test(cfg: Mapping[str, Any], args: Namespace) -> dict[str, Any]:
    """Run ``main.py --test`` and return the summary; `InputError` before the model is built when the data is bad."""
    metric = METRICS.build(cfg["METRIC"])
    sequences = read_sequences(cfg["DATASET"], metric)
    logger.info("%d sequences, %d frames", len(sequences), sum(len(sequence) for sequence in sequences))

    model = build_model(cfg["MODEL"])
    load_into(model, args.weights)
    preprocess = Preprocess(**cfg["PIPELINE"]["input"])
    summary = evaluate(
        model,
        sequences,
        metric,
        preprocess,
        engine_kind=args.engine,
        precision=engine_precision(cfg),
        settings=session_settings(cfg),
    )

    tqdm.write(table(summary))  # before the files, so that a full disk does not cost the result
    for path in write_report(args.output or cfg["output_dir"], summary):
        logger.info("wrote %s", path)
    return summary


def read_sequences(section: Mapping[str, Any], metric: RoundMetric, part: str = "test") -> list[DavisSequence]:
    """The sequences of a DATASET section's ``part`` that ``metric`` judges, each checked before anything runs.

    Raises `InputError` for a folder or split without sequences, a mask that is missing, broken or of another size, a
    sequence without objects, a broken scribble file.
    """
    keys = section[part]
    folder = DavisFolder(keys["file_path"], keys.get("split"), keys.get("sequences"), keys.get("resolution", "480p"))
    sequences = metric.select(folder.sequences)
    for sequence in tqdm(sequences, desc="reading masks", unit="sequence", leave=False):
        metric.first_scribble(sequence)
    return sequences


def evaluate(
    model: MANet,
    sequences: Sequence[DavisSequence],
    metric: RoundMetric,
    preprocess: Preprocess,
    *,
    engine_kind: EngineKind = "fast",
    precision: str = "fp32",
    settings: Mapping[str, Any] | None = None,
    progress: bool = True,
) -> dict[str, Any]:
    """Judge ``model`` on ``sequences`` and return the metric's summary; the model's train or eval mode is restored.

    ``engine_kind`` and ``precision`` are those of `build_engine`, ``settings`` further arguments of `Session`.
    """
    training = model.training
    model.eval()
    engine = build_engine(model, engine_kind, precision)

    def open_session(sequence: DavisSequence) -> Session:
        frames = PictureFrames(str(sequence.frame_paths[0].parent), list(sequence.frame_paths))
        return Session(engine, frames, preprocess, sequence.objects, undo_depth=1, **(settings or {}))

    met: set[tuple[int, int]] = set()  # input sizes that the engine has compiled for
    scores: dict[str, list[RoundScore]] = {}
    with tqdm(sequences, desc="test", unit="sequence", disable=not progress) as bar:
        for sequence in bar:
            if (size := preprocess.input_size(*sequence.size)) not in met:
                _warm_up(open_session(sequence), metric.first_scribble(sequence))
                met.add(size)
            scores[sequence.name] = judge_sequence(open_session(sequence), sequence, metric)
            means = metric.summary(scores)["rounds"]
            bar.set_postfix({f"J{mean['round']}": f"{mean['J']:.3f}" for mean in means})
    if training:
        model.train()
    return metric.summary(scores)


def judge_sequence(session: Session, sequence: DavisSequence, metric: RoundMetric) -> list[RoundScore]:
    """One sequence through all rounds. The clock runs for embedding, interaction and propagation, not for scoring."""
    scores: list[RoundScore] = []
    for _ in range(metric.rounds):
        scribble = metric.next_scribble(sequence, session.mask, scores) if scores else metric.first_scribble(sequence)
        if scribble is None:  # nothing left to correct: the masks stand
            scores.append(replace(scores[-1], seconds=0.0))
            continue
        started = time.perf_counter()
        session.add_strokes(scribble.strokes)
        for _ in session.propagate():
            pass
        seconds = time.perf_counter() - started
        scores.append(RoundScore(scribble, *metric.score(sequence, session.mask), seconds))
    return scores


def _warm_up(session: Session, scribble: Scribble) -> None:
    """Compile what an engine compiles at a size it meets for the first time, outside the judged seconds."""
    session.add_strokes(scribble.strokes)
    for _ in islice(session.propagate(), 2):
        pass
