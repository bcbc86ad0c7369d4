"""Training, as a run book.

    python main.py -c configs/segmentation/manet_lite.yaml                      start
    python main.py -c ... --resume                                              go on where the last checkpoint stands
    python main.py -c ... -w weights.pdparams -o output_dir=output/finetuned    start from other weights
    python main.py -c ... --validate                                            and score every val_interval steps
    python main.py -c ... --max_iters 100                                       stop after 100 optimisation steps in all

Left in ``output_dir``: the last ``keep_checkpoints`` checkpoints ``NAME_step_NNNNNN``, ``NAME_average.pdparams`` (with
ema_decay, written with each checkpoint), ``NAME_best.pdparams`` (with --validate), ``NAME_final.pdparams`` (the weights
to ship), ``train_log.jsonl`` and ``loss.png``.

Data, random numbers and learning rate are functions of the seed and the step. So a run that was stopped and resumed
ends with the same bits as one that never stopped.
"""

from __future__ import annotations

import logging
import math
import resource
import signal
import sys
import time
from argparse import Namespace
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import paddle
from paddle import nn
from tqdm import tqdm

from ..loader.builder import build_loader
from ..modeling import build_model
from ..modeling.compiled_training import compile_dense_convolutions
from ..solver.average import WeightAverage
from ..solver.optimizers import build_optimizer
from ..solver.state import CheckpointSaver, TrainingState
from ..utils.checkpoint import Checkpoint, latest_checkpoint, load_checkpoint, save_weights
from ..utils.errors import InputError
from ..utils.frozen import compile_frozen_part
from ..utils.precision import Precision
from ..utils.runtime import device
from ..utils.signals import StopSignals
from ..utils.train_log import Meter, TrainLog
from ..utils.weights import load_into, load_pretrained

if TYPE_CHECKING:
    from .validate import Validation

logger = logging.getLogger(__name__)


def train(cfg: Mapping[str, Any], args: Namespace) -> None:
    """Train the model of ``cfg`` to its end; raises `InputError` on bad input and when the loss is no number.

    SIGTERM ends the process with code 0, Ctrl-C with 130, each after a checkpoint.
    """
    folder, name = Path(cfg["output_dir"]), str(cfg["model_name"])
    checkpoint = _checkpoint_to_resume(folder, name, args.resume)

    model = build_model(cfg["MODEL"])
    model.train()
    if checkpoint is None:
        _load_start(model, cfg["MODEL"], args.weights)
    compile_frozen_part(model)  # at the first step, so with a checkpoint's weights too
    compile_dense_convolutions(model)

    validation = _validation(cfg) if args.validate else None
    loader = build_loader(cfg, seed=args.seed, start_step=checkpoint.step if checkpoint else 0)
    total_steps = cfg["epochs"] * len(loader)
    last_step = min(total_steps, args.max_iters or total_steps)

    optimizer = build_optimizer(cfg["OPTIMIZER"], model, total_steps)
    precision = Precision(args.amp, args.amp_level)
    average = WeightAverage(model, cfg["ema_decay"]) if cfg.get("ema_decay") else None
    state = TrainingState(model, optimizer, precision, average, args.seed)
    start_step = state.restore(checkpoint) if checkpoint else 0

    saver = CheckpointSaver(state, folder, name, cfg["save_interval"], cfg.get("save_minutes"), cfg["keep_checkpoints"])
    log = TrainLog(folder, start_step)
    meter = Meter()
    logger.info("%s: steps %d to %d, %d a pass over the data", name, start_step, last_step, len(loader))

    batches, done = iter(loader), start_step
    with StopSignals() as stop, tqdm(total=last_step, initial=start_step, unit="step", dynamic_ncols=True) as bar:
        for step in range(start_step, last_step):
            began = time.perf_counter()
            names, batch = next(batches)
            waited = time.perf_counter() - began
            numbers = _train_step(state, batch, step, f"samples {', '.join(names)}; {saver.last_good()}")
            seconds = time.perf_counter() - began

            done = step + 1
            meter.add({**numbers, "seconds": seconds, "data_wait": waited / seconds})
            bar.update()
            if done % cfg["log_interval"] == 0 or done == last_step:
                means = meter.read()
                means["samples_per_second"] = len(names) / means.pop("seconds")
                log.write({"step": done, **means, "lr": numbers["lr"], "memory_gib": _peak_memory_gib()})
                bar.set_postfix_str(_line(means), refresh=False)
            if validation and not stop.received and (done % cfg["val_interval"] == 0 or done == last_step):
                log.write({"step": done, **_validate(validation, state, saver)})
            if saver.is_due(done) or done == last_step or stop.received:
                saver.save(done)
                log.plot()
            if stop.received:
                break
    if stop.received:
        logger.info("stopped at step %d of %d; go on with --resume", done, last_step)
        sys.exit(130 if stop.received == signal.SIGINT else 0)
    path = save_weights(folder / f"{name}_final.pdparams", state.weights())
    logger.info("trained %d steps: %s", last_step, path)


def _train_step(state: TrainingState, arrays: Mapping[str, np.ndarray], step: int, where: str) -> dict[str, float]:
    """Do optimisation step ``step`` on a batch and return the numbers for the log."""
    paddle.seed(_step_seed(state.seed, step))  # so that dropout, too, is a function of the step
    batch = {key: paddle.to_tensor(value) for key, value in arrays.items()}
    rate = state.optimizer.set_step(step)
    with state.precision.forward():
        out = state.model(batch, step)
    numbers = {key: float(value) for key, value in out.items()}
    _check_finite("loss", numbers["loss"], step, where)
    state.precision.backward(out["loss"])
    state.precision.unscale(state.optimizer.rule)
    norm = state.optimizer.clip()
    if not state.precision.enabled:  # the gradient scaler leaves such a step out by itself
        _check_finite("gradient", norm, step, where)
    state.precision.step(state.optimizer.rule)
    if state.average:
        state.average.update(step)
    return {**numbers, "lr": rate, "gradient_norm": norm}


def _checkpoint_to_resume(folder: Path, name: str, resume: bool | str | None) -> Checkpoint | None:
    """Return the checkpoint to go on from, None for a fresh start; raises `InputError` when the two would mix."""
    if resume:
        return load_checkpoint(folder if resume is True else resume, name)
    if latest_checkpoint(folder, name) is not None:
        raise InputError(
            f"output_dir {folder} already holds checkpoints of '{name}'; go on from them with --resume, "
            "or start anew elsewhere with -o output_dir=FOLDER"
        )
    return None


def _load_start(model: nn.Layer, section: Mapping[str, Any], weights: str | None) -> None:
    """Put the weights to start from into a fresh model: those of -w, else the backbone's pretrained ones."""
    pretrained = section["backbone"].get("pretrained")
    if weights:
        load_into(model, weights)
    elif pretrained:
        load_pretrained(model.backbone, pretrained)


def _validation(cfg: Mapping[str, Any]) -> Validation:
    # Here, not above: it brings the whole session with it, which training alone has no use for.
    from .validate import Validation

    return Validation(cfg)


def _step_seed(seed: int, step: int) -> int:
    return int(np.random.SeedSequence([seed, step]).generate_state(1)[0])


def _check_finite(what: str, value: float, step: int, where: str) -> None:
    if not math.isfinite(value):
        raise InputError(
            f"the {what} is {value} at step {step} ({where}); lower OPTIMIZER.learning_rate.base and resume"
        )


def _validate(validation: Validation, state: TrainingState, saver: CheckpointSaver) -> dict[str, float]:
    """Score the weights to ship; keep them as ``NAME_best`` when they are the best so far."""
    with state.average.applied() if state.average else nullcontext():
        scores = validation(state.model)
    if state.best is None or scores["JF"] > state.best:
        state.best = scores["JF"]
        saver.save_best()
    return scores


def _peak_memory_gib() -> float:
    if device() == "gpu":
        return paddle.device.cuda.max_memory_allocated() / 2**30
    # ru_maxrss counts KiB on Linux and bytes on macOS.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2 ** (30 if sys.platform == "darwin" else 20)


def _line(record: Mapping[str, float]) -> str:
    return (
        f"loss {record['loss']:.4f}, lr {record['lr']:.2e}, {record['samples_per_second']:.1f} samples/s, "
        f"data wait {record['data_wait']:.0%}, {_peak_memory_gib():.1f} GiB"
    )
