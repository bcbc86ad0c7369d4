"""One optimisation step, in one process or in several that share a batch."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import paddle

from ..utils import processes
from ..utils.errors import InputError
from .state import TrainingState


def training_step(
    state: TrainingState,
    arrays: Mapping[str, np.ndarray],
    step: int,
    names: Sequence[str],
    last_good: Callable[[], str],
) -> dict[str, float]:
    """Do optimisation step ``step`` on this process's part of the batch; return the numbers for the log.

    The losses are means over the processes, and so are the gradients. Raises `InputError` in all processes when the
    loss or the gradient of one is no number: it names the step, the samples ``names`` and the ``last_good`` checkpoint.
    """
    batch = {key: paddle.to_tensor(value) for key, value in arrays.items()}
    rate = state.optimizer.set_step(step)
    with state.precision.forward():
        out = state.objective(batch, step)
    own = [float(value) for value in out.values()]
    numbers = dict(zip(out, processes.mean(own), strict=True))
    if not math.isfinite(numbers["loss"]):
        raise _no_number("loss", numbers["loss"], step, [] if math.isfinite(sum(own)) else names, last_good)
    state.precision.backward(out["loss"])
    processes.average_gradients(state.optimizer.parameters.values())
    state.precision.unscale()
    norm = state.optimizer.clip()
    if not state.precision.enabled and not math.isfinite(norm):  # the gradient scaler leaves such a step out by itself
        raise _no_number("gradient", norm, step, names, last_good)
    state.precision.step()
    if state.average:
        state.average.update(step)
    numbers["lr"] = rate
    return {**numbers, "gradient_norm": norm} if math.isfinite(norm) else numbers


def step_seed(seed: int, step: int) -> int:
    """Return the seed of all random generators of this process in step ``step``."""
    return int(np.random.SeedSequence([seed, step, processes.rank()]).generate_state(1)[0])


def _no_number(what: str, value: float, step: int, names: Sequence[str], last_good: Callable[[], str]) -> InputError:
    told = processes.gather((list(names), last_good()))
    samples = [name for named, _ in told for name in named]
    return InputError(
        f"the {what} is {value} at step {step} (samples {', '.join(samples)}; {told[0][1]}); lower "
        "OPTIMIZER.learning_rate.base and resume"
    )
