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
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from itertools import islice
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ..loader.davis import DavisFolder
from ..loader.davis import Sequence as DavisSequence
from ..loader.limits import MAX_OBJECTS, check_object_limit
from ..metrics import DavisJudge
from ..metrics.round_metric import Entry, RoundMetric, Scribble
from ..session.segmenter import Segmenter
from ..session.session import Session
from ..utils import processes
from ..utils.errors import InputError
from ..utils.log import write_line
from ..utils.registry import METRICS
from ..utils.run_lock import RunLock
from ..writers.report import REPORT, table, write_report
from .finished import FinishedSequences

logger = logging.getLogger(__name__)

Metric = RoundMetric | DavisJudge


def test(cfg: Mapping[str, Any], args: Namespace) -> dict[str, Any]:
    """Run ``main.py --test`` and return the summary; `InputError` before the model is built when the data is bad."""
    metric: Metric = METRICS.build(cfg["METRIC"])
    metric.prepare()
    sequences = read_sequences(cfg["DATASET"], metric)
    logger.info("%d sequences, %d frames", len(sequences), sum(len(sequence) for sequence in sequences))

    output = Path(args.output or cfg["output_dir"])
    finished = FinishedSequences(output, cfg, args.weights, args.engine)
    processes.from_main(lambda: finished.check(sequences, REPORT))
    with RunLock(output):
        segmenter = Segmenter.from_config(cfg, args.weights, args.engine)
        summary = evaluate(segmenter, sequences, metric, finished=finished)
        if processes.is_main():
            write_line(table(summary), sys.stdout)  # before the files, so that a full disk does not cost the result
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
    segmenter: Segmenter,
    sequences: Sequence[DavisSequence],
    metric: Metric,
    *,
    finished: FinishedSequences | None = None,
    progress: bool = True,
) -> dict[str, Any]:
    """Judge a network on ``sequences`` and return the metric's summary; ``finished`` keeps results over runs.

    Several processes share the sequences, and each returns the summary of all.
    """

    def open_session(sequence: DavisSequence) -> Session:
        return segmenter.open(sequence.clip(), sequence.objects, undo_depth=1)

    met: set[tuple[int, int]] = set()  # input sizes that the engine has compiled for

    def judge(sequence: DavisSequence) -> Entry:
        entry = finished.read(sequence) if finished else None
        if entry is not None:
            return entry
        if (size := segmenter.preprocess.input_size(*sequence.size)) not in met:
            _warm_up(open_session(sequence), metric.first_scribble(sequence))
            met.add(size)
        with finished.masks_folder(sequence) if finished else nullcontext() as masks_folder:
            entry = metric.judge(lambda: open_session(sequence), sequence, masks_folder)
        if finished:
            finished.write(sequence, entry)
        return entry

    entries: dict[str, Entry] = {}
    problem = None
    shown = progress and processes.is_main()
    try:
        with tqdm(processes.shard(sequences), desc="test", unit="sequence", disable=not shown) as bar:
            for sequence in bar:
                processes.check_main()
                entries[sequence.name] = judge(sequence)
                bar.set_postfix(_means(entries))
    except InputError as error:  # sent to the other processes, which would wait for this one's share
        problem = str(error)
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
