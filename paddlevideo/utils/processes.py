"""Several processes as one job: who am I, start together, share out, collect. The only file that calls collectives.

``python -m paddle.distributed.launch`` starts the processes and sets their environment; `start` makes them one group
(NCCL on cards, gloo on a CPU). In a process of its own every function here does the obvious thing for one. Every
function from `barrier` on has to be called by all processes, in the same order.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from .errors import InputError
from .meeting import Meeting

if TYPE_CHECKING:
    import paddle

Item = TypeVar("Item")

_PATIENCE = 24 * 3600  # seconds that a card's process waits for the others: a validation, a round of predictions
_BUCKET = 2**23  # gradients of this many numbers travel together

_meeting: list[Meeting] = []  # this process's, once it has been started


def is_launched() -> bool:
    """Say whether Paddle's launcher started this process."""
    return "PADDLE_TRAINER_ID" in os.environ


def world_size() -> int:
    """Return how many processes the launcher started; 1 without one."""
    return int(os.environ.get("PADDLE_TRAINERS_NUM") or 1)


def rank() -> int:
    """Return this process's number, 0 to `world_size` - 1."""
    return int(os.environ.get("PADDLE_TRAINER_ID") or 0)


def is_main() -> bool:
    """Say whether this is the one process that writes files and shows bars: rank 0."""
    return rank() == 0


def processes_here() -> int:
    """Return how many of the processes share this machine."""
    return int(os.environ.get("PADDLE_LOCAL_SIZE") or 1)


def start() -> None:
    """Make the launched processes one group; nothing to do for a single one. Call after the device is chosen."""
    if world_size() == 1:
        return
    import paddle.distributed as dist

    if dist.is_initialized():
        return
    os.environ.setdefault("PADDLE_PG_TIMEOUT", str(_PATIENCE * 1000))
    with redirect_stderr(StringIO()):  # a list of Paddle's own flags
        dist.init_parallel_env()
    meeting = Meeting(rank(), world_size(), os.environ["PADDLE_TRAINER_ENDPOINTS"].split(",")[0])
    ports: list[Any] = []
    dist.all_gather_object(ports, meeting.port)
    meeting.join(ports[0])
    _meeting[:] = [meeting]


def shard(items: Sequence[Item]) -> list[Item]:
    """Return this process's share of ``items``: every `world_size`-th, beginning with its rank."""
    return list(items[rank() :: world_size()])


def barrier() -> None:
    """Wait until every process is here."""
    if world_size() == 1:
        return
    import paddle.distributed as dist

    with _together():
        if dist.get_backend() != "GLOO":  # whose barrier fails in a process that another leaves at once
            dist.barrier()


def check_main() -> None:
    """Raise `InputError` when rank 0 is gone. Any process may call this between collectives.

    Rank 0 holds the lock of the run's folder. Without it the run may have been started again, on machines that this
    process knows nothing of, and its work would be done twice.
    """
    if _meeting:
        with _everyone_there():
            _meeting[0].check_main()


def gather(thing: Any) -> list[Any]:
    """Return what every process passed, in the order of ranks."""
    if world_size() == 1:
        return [thing]
    import paddle.distributed as dist

    things: list[Any] = []
    with _together():
        dist.all_gather_object(things, thing)
    barrier()  # one of the things may be an error: no process ends before all have them
    return things


def from_main(work: Callable[[], Item]) -> Item:
    """Return on every rank what ``work`` returns on rank 0, which alone calls it; its `InputError` is everyone's."""
    if world_size() == 1:
        return work()
    import paddle.distributed as dist

    outcome: list[Any] = [None]
    if is_main():
        try:
            outcome = [(work(), None)]
        except InputError as error:
            outcome = [(None, str(error))]
    with _together():
        dist.broadcast_object_list(outcome, src=0)
    barrier()  # as above
    result, problem = outcome[0]
    if problem is not None:
        raise InputError(problem)
    return result


def mean(values: Sequence[float]) -> list[float]:
    """Return the means over the processes of some numbers, taken in double precision."""
    if world_size() == 1:
        return list(values)
    import paddle

    sums = paddle.to_tensor(np.asarray(values, np.float64))
    sum_in_place(sums)
    return (sums / world_size()).tolist()


def highest(value: int) -> int:
    """Return the largest of the integers that the processes pass."""
    if world_size() == 1:
        return value
    import paddle
    import paddle.distributed as dist

    found = paddle.to_tensor([value], dtype="int64")
    with _together():
        dist.all_reduce(found, op=dist.ReduceOp.MAX)
    return int(found.item())


def sum_in_place(tensor: paddle.Tensor) -> None:
    """Put the sum over the processes into ``tensor``, outside of what gradients see."""
    if world_size() == 1:
        return
    import paddle.distributed as dist

    with _together():
        dist.all_reduce(tensor)


def copy_from_main(tensors: Iterable[paddle.Tensor]) -> None:
    """Put rank 0's values into ``tensors``, in place."""
    if world_size() == 1:
        return
    import paddle.distributed as dist

    with _together():
        for tensor in tensors:
            dist.broadcast(tensor, src=0)


def average_gradients(parameters: Iterable[paddle.Tensor]) -> None:
    """Replace each parameter's gradient by the mean over the processes; one that no process has stays None.

    In place of `paddle.DataParallel`, which counts on every parameter taking part in each step and on hooks that our
    own operators and compiled pieces need not call. Sums are taken in float32, whatever the gradients' precision.
    """
    if world_size() == 1:
        return
    import paddle

    with paddle.no_grad():
        for bucket in _buckets(parameters):
            _average(bucket)


def _average(parameters: list[paddle.Tensor]) -> None:
    import paddle

    share = 1 / world_size()
    there = paddle.to_tensor([float(p.grad is not None) for p in parameters])
    pieces = [
        paddle.zeros([p.size]) if p.grad is None else p.grad.astype("float32").flatten() * share for p in parameters
    ]
    flat = paddle.concat([there, *pieces])
    sum_in_place(flat)
    there, *pieces = paddle.split(flat, [len(parameters), *[p.size for p in parameters]])
    for parameter, piece, count in zip(parameters, pieces, there.tolist(), strict=True):
        if count:
            kind = parameter.dtype if parameter.grad is None else parameter.grad.dtype
            parameter.grad = piece.reshape(parameter.shape).astype(kind)


def _buckets(parameters: Iterable[paddle.Tensor]) -> Iterator[list[paddle.Tensor]]:
    bucket: list[paddle.Tensor] = []
    for parameter in parameters:
        bucket.append(parameter)
        if sum(p.size for p in bucket) >= _BUCKET:
            yield bucket
            bucket = []
    if bucket:
        yield bucket


@contextmanager
def _together() -> Iterator[None]:
    """Wait for all processes, then run a collective; raise `InputError` when another process is gone (not on cards)."""
    import paddle.distributed as dist

    if dist.get_backend() != "GLOO":
        yield
        return
    with _everyone_there():
        _meeting[0].wait()
        yield


@contextmanager
def _everyone_there() -> Iterator[None]:
    """Turn the errors of a meeting that a process has left into one line."""
    try:
        yield
    except (RuntimeError, OSError, EOFError) as error:
        raise InputError(
            f"rank {rank()}: another process of this run has ended; its log, workerlog.N in --log_dir, says why; mend "
            "that and start again (a training with --resume)"
        ) from error
