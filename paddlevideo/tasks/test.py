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
from typing import Any

from tqdm import tqdm

from ..loader.davis import DavisFolder
from ..loader.davis import Sequence as DavisSequence
from ..loader.preprocess import Preprocess
from ..loader.video import PictureFrames
from ..metrics.round_metric import RoundMetric, RoundScore
from ..modeling import MANet, build_model
from ..session import Session, build_engine
from ..utils.config import Config, require
from ..utils.errors import InputError
from ..utils.registry import METRICS, nearest
from ..utils.weights import load_into
from ..writers.report import table, write_report

logger = logging.getLogger(__name__)


def test(cfg: Config, args: Namespace) -> dict[str, Any]:
    """Run ``main.py --test`` and return the summary; `InputError` before the model is built when the data is bad."""
    if not args.weights:
        raise InputError("--test needs weights: add -w FILE")
    metric = METRICS.build(require(cfg, "METRIC", "--test"))
    sequences = read_sequences(require(cfg, "DATASET", "--test"), metric)
    logger.info("%d sequences, %d frames", len(sequences), sum(len(sequence) for sequence in sequences))

    model = build_model(cfg["MODEL"])
    load_into(model, args.weights)
    preprocess = Preprocess(**cfg["PIPELINE"]["input"])
    summary = evaluate(model, sequences, metric, preprocess, engine_kind=args.engine)

    tqdm.write(table(summary))  # before the files, so that a full disk does not cost the result
    for path in write_report(args.output or cfg["output_dir"], summary):
        logger.info("wrote %s", path)
    return summary


def read_sequences(section: Mapping[str, Any], metric: RoundMetric, part: str = "test") -> list[DavisSequence]:
    """The sequences of a DATASET section's ``part`` that ``metric`` judges, each checked before anything runs.

    Raises `InputError` for a key the DAVIS folder does not know, a folder or split without sequences, a mask that
    cannot be read or has another size, a sequence without objects, a broken scribble file.
    """
    if part not in section:
        raise InputError(f"the config has no DATASET.{part}; add it with format, file_path and split")
    keys = {key: value for key, value in section[part].items() if key != "format"}
    known = {"file_path": "root", "split": "split", "sequences": "sequences", "resolution": "resolution"}
    for key in keys:
        if key not in known:
            raise InputError(f"DATASET.{part}.{key} is not a key of a test set{nearest(key, known)}")
    if "file_path" not in keys:
        raise InputError(f"DATASET.{part}.file_path is missing: give the DAVIS folder")
    keys.setdefault("split", None)
    sequences = metric.select(DavisFolder(**{known[key]: value for key, value in keys.items()}).sequences)
    for sequence in tqdm(sequences, desc="reading masks", unit="sequence", leave=False):
        metric.first_scribble(sequence)
    return sequences


def evaluate(
    model: MANet,
    sequences: Sequence[DavisSequence],
    metric: RoundMetric,
    preprocess: Preprocess,
    *,
    engine_kind: str = "fast",
    progress: bool = True,
) -> dict[str, Any]:
    """Judge ``model`` on ``sequences`` and return the metric's summary; the model's train or eval mode is restored.

    ``engine_kind`` is what `build_engine` takes: ``"fast"`` (compiled) or ``"plain"``.
    """
    training = model.training
    model.eval()
    engine = build_engine(model, engine_kind)
    scores: dict[str, list[RoundScore]] = {}
    with tqdm(sequences, desc="test", unit="sequence", disable=not progress) as bar:
        for sequence in bar:
            scores[sequence.name] = judge_sequence(engine, sequence, metric, preprocess)
            means = metric.summary(scores)["rounds"]
            bar.set_postfix({f"J{mean['round']}": f"{mean['J']:.3f}" for mean in means})
    if training:
        model.train()
    return metric.summary(scores)


def judge_sequence(
    engine: Any, sequence: DavisSequence, metric: RoundMetric, preprocess: Preprocess
) -> list[RoundScore]:
    """One sequence through all rounds. The clock runs for embedding, interaction and propagation, not for scoring."""
    frames = PictureFrames(str(sequence.frame_paths[0].parent), list(sequence.frame_paths))
    session = Session(engine, frames, preprocess, sequence.objects)
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
