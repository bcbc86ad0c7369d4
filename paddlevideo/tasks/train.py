"""Training, as a run book.

    python main.py -c configs/segmentation/manet_lite_joint.yaml                      start
    python main.py -c ... --resume                                              go on where the last checkpoint stands
    python main.py -c ... --resume auto                                         the same, or start where there is none
    python main.py -c ... -w weights.pdparams -o output_dir=output/finetuned    start from other weights
    python main.py -c ... --validate                                            and score every val_interval steps
    python main.py -c ... --max_iters 100                                       stop after 100 optimisation steps in all
    python -B -m paddle.distributed.launch --gpus=0,1 --log_dir=output/log main.py -c ...         one process a card
    python -B -m paddle.distributed.launch --nproc_per_node=2 --log_dir=output/log main.py -c ... two on a processor

Left in ``output_dir``: the last ``keep_checkpoints`` checkpoints ``NAME_step_NNNNNN``, ``NAME_average.pdparams`` (with
ema_decay, written with each checkpoint), ``NAME_best.pdparams`` (with --validate), ``NAME_final.pdparams`` (the weights
to ship), ``train_log.jsonl`` and its pictures, ``config.yaml`` and ``run.json`` (what ran where).

Data, random numbers and learning rate are functions of the seed and the step. So a run that was stopped or killed and
resumed ends with the same bits as one that never stopped. Of several processes each takes ``batch_size`` clips a step;
gradients and losses are means over all, and only rank 0 writes.
"""

from __future__ import annotations

import logging
import sys
import time
from argparse import Namespace
from collections.abc import Mapping
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from ..loader.builder import Loader, build_loader
from ..loader.preprocess import Preprocess
from ..modeling import MANet, build_model
from ..modeling.sync_norm import synchronise_norms
from ..solver.average import WeightAverage
from ..solver.checkpoint import find_checkpoint, has_checkpoint, latest_checkpoint, load_checkpoint, save_weights
from ..solver.compiled_training import compile_dense_convolutions
from ..solver.frozen_part import compile_frozen_part
from ..solver.objective import TrainingObjective, build_objective
from ..solver.optimizers import build_optimizer
from ..solver.precision import Precision
from ..solver.provenance import write_provenance
from ..solver.state import CheckpointSaver, Rounds, Sampling, TrainingState
from ..solver.step import step_seed, training_step
from ..solver.train_log import NoLog, TrainLog
from ..utils import processes
from ..utils.errors import InputError
from ..utils.files import remove_leftovers
from ..utils.run_lock import RunLock
from ..utils.runtime import peak_memory_gib, seed_all
from ..utils.signals import StopSignals
from ..weights.files import load_into, load_pretrained

if TYPE_CHECKING:
    from .validate import Validation

logger = logging.getLogger(__name__)


def train(cfg: Mapping[str, Any], args: Namespace) -> None:
    """Train the model of ``cfg`` to its end; raises `InputError` on bad input and when the loss is not a number.

    SIGTERM ends the process with code 143, Ctrl-C with 130, each after a checkpoint.
    """
    folder, name = Path(cfg["output_dir"]), str(cfg["model_name"])
    with RunLock(folder):
        path = processes.from_main(lambda: _checkpoint_to_resume(folder, name, args.resume))
        if processes.is_main():
            remove_leftovers(folder)
        checkpoint = load_checkpoint(path) if path else None
        objective = _objective(cfg, args.weights, fresh=checkpoint is None)
        model = objective.network
        validation = _validation(cfg) if args.validate else None
        loader = build_loader(cfg, seed=args.seed, start_step=checkpoint.step if checkpoint else 0)
        total_steps = cfg["epochs"] * len(loader)
        last_step = min(total_steps, args.max_iters or total_steps)

        optimizer = build_optimizer(cfg["OPTIMIZER"], model, total_steps)
        precision = Precision(model, optimizer, args.amp, args.amp_level)
        average = WeightAverage(model, cfg["ema_decay"]) if cfg.get("ema_decay") else None
        sampling = Sampling(args.seed, loader.batch_size, len(loader.dataset))
        state = TrainingState(objective, optimizer, precision, average, _rounds(cfg, model, loader), sampling)
        start_step = state.restore(checkpoint) if checkpoint else 0

        saver = CheckpointSaver(
            state, folder, name, cfg["save_interval"], cfg.get("save_minutes"), cfg["keep_checkpoints"], path
        )
        if processes.is_main():
            write_provenance(folder, cfg, args)
        logger.info("%s: steps %d to %d, %d a pass over the data", name, start_step, last_step, len(loader))
        scored = validation is None or not state.owes_validation
        with TrainLog(folder, start_step, total_steps, scored) if processes.is_main() else NoLog() as log:
            intervals = Intervals(cfg["log_interval"], cfg["val_interval"])
            stopped = Run(state, loader, saver, log, validation, intervals, start_step, last_step).go()
        processes.barrier()  # nobody leaves before rank 0 has written: the launcher would end it
        if stopped:
            sys.exit(128 + stopped)
        if processes.is_main():
            path = save_weights(folder / f"{name}_final.pdparams", state.weights())
            logger.info("trained %d steps: %s", last_step, path)


@dataclass(frozen=True)
class Intervals:
    """Steps between the records of the log, and between validations."""

    log: int
    validation: int


@dataclass
class Run:
    """The loop from ``start_step`` to ``last_step`` and what happens between steps."""

    state: TrainingState
    loader: Loader
    saver: CheckpointSaver
    log: NoLog
    validation: Validation | None
    every: Intervals
    start_step: int
    last_step: int

    def go(self) -> int | None:
        """Train; return the signal that stopped it, None at its end."""
        self._make_up_for_validation()
        rounds, total = self.state.rounds, self.last_step
        quiet = not processes.is_main()
        with (
            closing(self.loader),
            StopSignals() as stop,
            tqdm(total=total, initial=self.start_step, unit="step", dynamic_ncols=True, disable=quiet) as bar,
        ):
            batches = self.loader.restart(self.start_step)
            for step in range(self.start_step, total):
                seed_all(step_seed(self.state.sampling.seed, step))
                if rounds and rounds.begins(step):
                    self._share_weights()
                    rounds.annotate(step)
                    batches = self.loader.restart(step)  # whose workers know the new annotations
                began = time.perf_counter()
                names, batch = next(batches)
                waited = time.perf_counter() - began
                numbers = training_step(self.state, batch, step, names, self.saver.last_good)
                seconds = time.perf_counter() - began
                self.state.unlogged.append({**numbers, "seconds": seconds, "data_wait": waited / seconds})
                stopped = stop.agreed()
                self._after_step(step + 1, bar, stopped is not None)
                if stopped:
                    logger.info("stopped at step %d of %d; go on with --resume", step + 1, total)
                    break
            else:
                stopped = None
        return stopped

    def _after_step(self, done: int, bar: tqdm, stopped: bool) -> None:
        """Log, validate and save what is due after ``done`` steps."""
        last = done == self.last_step
        if done % self.every.log == 0 or last:
            self._log(done, bar)
        bar.update()
        due = self.saver.is_due(done) or last or stopped
        if self.validation and (done % self.every.validation == 0 or last):
            self.state.owes_validation = True  # a run asked to stop skips it; the resumed run catches up
            if not stopped:
                if processes.is_main():
                    self.saver.save(done, drop=False)  # validation takes its time: a kill within it costs no step
                self._validate(self.validation, done)
                self.state.owes_validation, due = False, True
        if due and processes.is_main():
            self.saver.save(done)
            self.log.plot()

    def _log(self, done: int, bar: tqdm) -> None:
        steps, self.state.unlogged = self.state.unlogged, []
        keys = dict.fromkeys(key for numbers in steps for key in numbers)
        record = {key: float(np.mean([numbers[key] for numbers in steps if key in numbers])) for key in keys}
        seconds = record.pop("seconds")
        record["lr"] = steps[-1]["lr"]
        record["samples_per_second"] = self.loader.batch_size * processes.world_size() / seconds
        record["memory_gib"] = peak_memory_gib()
        record["seconds_left"] = seconds * (self.last_step - done)
        self.log.write({"step": done, **record})
        bar.set_postfix_str(_line(record), refresh=False)

    def _validate(self, validation: Validation, done: int) -> None:
        """Score the weights to ship; keep them as ``NAME_best`` when they are the best so far."""
        with self.state.average.applied() if self.state.average else nullcontext():
            self._share_weights()
            scores = validation(self.state.model)
        if self.state.best is None or scores["JF"] > self.state.best:
            self.state.best = scores["JF"]
            if processes.is_main():
                self.saver.save_best()
        self.log.write({"step": done, **scores})

    def _make_up_for_validation(self) -> None:
        if self.validation and self.state.owes_validation:
            self._validate(self.validation, self.start_step)
            self.state.owes_validation = False
            if processes.is_main():
                self.saver.save(self.start_step)

    def _share_weights(self) -> None:
        # Every process keeps running statistics of its own batches; rank 0's are the ones that are shipped.
        processes.copy_from_main(self.state.model.state_dict().values())


def _checkpoint_to_resume(folder: Path, name: str, resume: bool | str | None) -> Path | None:
    """Return the checkpoint to go on from, None for a fresh start; raises `InputError` when two runs would mix."""
    if resume == "auto" and not has_checkpoint(folder, name):
        return None
    if resume is True or resume == "auto":
        return find_checkpoint(folder, name)
    newest = latest_checkpoint(folder, name)
    path = find_checkpoint(resume, name) if resume else None
    if newest is not None and (path is None or path.resolve() != newest.resolve()):
        raise InputError(
            f"output_dir {folder} already holds checkpoints of '{name}', the last is {newest.name}; go on from that "
            "with --resume, or start elsewhere with -o output_dir=FOLDER"
        )
    return path


def _objective(cfg: Mapping[str, Any], weights: str | None, fresh: bool) -> TrainingObjective:
    """Return the objective; its network is in train mode, with parts compiled and, when ``fresh``, weights to start."""
    model = build_model(cfg["MODEL"])
    aligned = Preprocess(**cfg["PIPELINE"]["input"]).aligned
    objective = build_objective(cfg["MODEL"], model, aligned)
    model.train()
    if cfg["sync_norm"]:
        synchronise_norms(model)
    pretrained = cfg["MODEL"]["backbone"].get("pretrained")
    if fresh and weights:
        load_into(model, weights)
    elif fresh and pretrained:
        load_pretrained(model.backbone, pretrained)
    processes.copy_from_main(model.state_dict().values())
    compile_frozen_part(objective)  # at the first step, so with a checkpoint's weights too
    compile_dense_convolutions(model)
    return objective


def _validation(cfg: Mapping[str, Any]) -> Validation:
    # Here, not above: it brings the whole session with it, which training alone has no use for.
    from .validate import Validation

    return Validation(cfg)


def _rounds(cfg: Mapping[str, Any], model: MANet, loader: Loader) -> Rounds | None:
    from .rounds import build_rounds  # which brings the session as well

    return build_rounds(cfg, model, loader)


def _line(record: Mapping[str, float]) -> str:
    hours, minutes = divmod(round(record["seconds_left"] / 60), 60)
    return (
        f"loss {record['loss']:.4f}, lr {record['lr']:.2e}, {record['samples_per_second']:.1f} samples/s, "
        f"data wait {record['data_wait']:.0%}, {record['memory_gib']:.1f} GiB, {hours}:{minutes:02d} h left"
    )
