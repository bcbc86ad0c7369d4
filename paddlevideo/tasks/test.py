"""Test by rounds: every sequence of a DAVIS folder through the session, scored after each round of scribbles.

    python main.py --test -c configs/segmentation/manet_lite.yaml -w data/weights/manet_lite.pdparams
    python main.py --test -c CFG -w WEIGHTS -o METRIC.name=RoundMetric -o METRIC.rounds=1
    python -B -m paddle.distributed.launch --nproc_per_node=2 --log_dir=log main.py --test -c CFG -w WEIGHTS

METRIC says who judges: ``DavisJudge``, the official one (J@60, AUC), or ``RoundMetric``, ours, which needs no further
package. Prints a table and writes ``summary.json``, ``report.csv`` and ``curve.png`` into the output folder, and below
``sequences/`` each sequence's result as soon as there is one: a test that was cut short goes on from there. Several
processes share the sequences. Training calls `evaluate` for its ``--validate``.
"""

from __future__ import annotations

import logging
from argparse import Namespace
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ..loader.davis import DavisFolder
from ..loader.davis import Sequence as DavisSequence
from ..loader.limits import MAX_OBJECTS, check_object_limit
from ..loader.preprocess import Preprocess
from ..metrics import DavisJudge
from ..metrics.round_metric import Entry, RoundMetric, Scribble
from ..modeling import MANet, build_model
from ..session.engine import EngineKind, build_engine
from ..session.session import Session
from ..session.settings import engine_precision, session_settings
from ..utils import processes
from ..utils.errors import InputError
from ..utils.registry import METRICS
from ..weights.files import load_into
from ..writers.report import table, write_report
from .finished import FinishedSequences

logger = logging.getLogger(__name__)

Metric = RoundMetric | DavisJudge


def test(cfg: Mapping[str, Any], args: Namespace) -> dict[str, Any]:
    """Run ``main.py --test`` and return the summary; `InputError` before the model is built when the data is bad."""
    metric: Metric = METRICS.build(cfg["METRIC"])
    metric.prepare()
    sequences = read_sequences(cfg["DATASET"], metric)
    logger.info("%d sequences, %d frames", len(sequences), sum(len(sequence) for sequence in sequences))

    model = build_model(cfg["MODEL"])
    load_into(model, args.weights)
    output = Path(args.output or cfg["output_dir"])
    summary = evaluate(
        model,
        sequences,
        metric,
        Preprocess(**cfg["PIPELINE"]["input"]),
        engine_kind=args.engine,
        precision=engine_precision(cfg),
        settings=session_settings(cfg),
        finished=FinishedSequences(output, cfg, args.weights, args.engine),
    )
    if processes.is_main():
        tqdm.write(table(summary))  # before the files, so that a full disk does not cost the result
        for path in write_report(output, summary):
            logger.info("wrote %s", path)
    return summary


def read_sequences(section: Mapping[str, Any], metric: Metric, part: str = "test") -> list[DavisSequence]:
    """The sequences of a DATASET section's ``part`` that ``metric`` judges, each checked before anything runs.

    Raises `InputError` for a folder or split without sequences, a mask that is missing, broken or of another size, a
    sequence without objects or with too many, a broken scribble file.
    """
    keys = section[part]
    most = keys.get("max_objects", MAX_OBJECTS)
    names = keys.get("split"), keys.get("sequences")
    folder = DavisFolder(keys["file_path"], *names, keys.get("resolution", "480p"), most)
    sequences: list[DavisSequence] = metric.select(folder.sequences)
    bar = tqdm(sequences, desc="reading masks", unit="sequence", leave=False, disable=not processes.is_main())
    for sequence in bar:
        check_object_limit(sequence, most)
        metric.first_scribble(sequence)
    return sequences


def evaluate(
    model: MANet,
    sequences: Sequence[DavisSequence],
    metric: Metric,
    preprocess: Preprocess,
    *,
    engine_kind: EngineKind = "fast",
    precision: str = "fp32",
    settings: Mapping[str, Any] | None = None,
    finished: FinishedSequences | None = None,
    progress: bool = True,
) -> dict[str, Any]:
    """Judge ``model`` on ``sequences`` and return the metric's summary; the model's train or eval mode is restored.

    Several processes share the sequences, and each returns the summary of all. ``engine_kind`` and ``precision`` are
    those of `build_engine`, ``settings`` further arguments of `Session`; ``finished`` keeps results over runs.
    """
    training = model.training
    model.eval()
    engine = build_engine(model, engine_kind, precision)

    def open_session(sequence: DavisSequence) -> Session:
        return Session(engine, sequence.clip(), preprocess, sequence.objects, undo_depth=1, **(settings or {}))

    met: set[tuple[int, int]] = set()  # input sizes that the engine has compiled for

    def judge(sequence: DavisSequence) -> Entry:
        entry = finished.read(sequence) if finished else None
        if entry is not None:
            return entry
        if (size := preprocess.input_size(*sequence.size)) not in met:
            _warm_up(open_session(sequence), metric.first_scribble(sequence))
            met.add(size)
        entry = metric.judge(
            lambda: open_session(sequence), sequence, finished.masks_folder(sequence) if finished else None
        )
        if finished:
            finished.write(sequence, entry)
        return entry

    entries: dict[str, Entry] = {}
    problem = None
    shown = progress and processes.is_main()
    try:
        with tqdm(processes.shard(sequences), desc="test", unit="sequence", disable=not shown) as bar:
            for sequence in bar:
                entries[sequence.name] = judge(sequence)
                bar.set_postfix(_means(entries))
    except InputError as error:  # told to the others, who would wait for this process's share
        problem = str(error)
    if training:
        model.train()
    shares = processes.gather((entries, problem))
    if problem := next((text for _, text in shares if text), None):
        raise InputError(problem)
    merged = {name: entry for share, _ in shares for name, entry in share.items()}
    return metric.summary({sequence.name: merged[sequence.name] for sequence in sequences})


def _means(entries: Mapping[str, Entry]) -> dict[str, str]:
    """J after the first and the last round over the sequences so far, for the bar."""
    by_round = list(zip(*(entry["rounds"] for entry in entries.values()), strict=True))
    chosen = {1, len(by_round)}
    return {f"J{n}": f"{sum(r['J'] for r in by_round[n - 1]) / len(entries):.3f}" for n in sorted(chosen)}


def _warm_up(session: Session, scribble: Scribble) -> None:
    """Compile what an engine compiles at a size it meets for the first time, outside the judged seconds."""
    session.add_strokes(scribble.strokes)
    for _ in islice(session.propagate(), 2):
        pass
