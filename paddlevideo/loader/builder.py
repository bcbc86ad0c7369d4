"""Batches for the trainer: which samples form step k, and the processes that make them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..utils.errors import InputError
from ..utils.processes import rank, world_size
from ..utils.registry import DATASETS
from ..utils.runtime import bound_opencv
from .preprocess import Preprocess
from .samples import Sample, TrainingSamples
from .transforms import build_transforms

Batch = tuple[list[str], Sample]


def build_loader(cfg: Mapping[str, Any], seed: int, start_step: int = 0) -> Loader:
    """Build the loader of ``DATASET.train`` with ``PIPELINE.input`` and ``PIPELINE.train.transform``.

    Of a run of several processes each gets its share. Frames keep the size that the transforms give them:
    ``PIPELINE.input.size`` is inference's.

    Raises:
        InputError: bad data or arguments.
    """
    section = cfg["DATASET"]
    preprocess = Preprocess(**{**cfg["PIPELINE"]["input"], "size": None})
    transforms = build_transforms(cfg["PIPELINE"].get("train", {}).get("transform", []))
    dataset = DATASETS.build(section["train"], preprocess=preprocess, transforms=transforms)
    workers = section.get("num_workers", 0)
    return Loader(dataset, section["batch_size"], seed, start_step, workers, Share(rank(), world_size()))


@dataclass(frozen=True)
class Share:
    """Which part of a step's clips a process makes: the ``rank``-th of ``world``."""

    rank: int = 0
    world: int = 1


ALL = Share()


class Loader:
    """Endless iterator of ``(names, batch)`` from ``start_step`` on; ``len`` is the number of steps an epoch.

    Batch k depends on the dataset, the batch size, the seed, the share and k alone, however many workers there are.

    Args:
        dataset: the samples.
        batch_size: clips a step, of this process.
        seed: of order and samples.
        start_step: the first step wanted.
        workers: processes that prepare batches ahead; 0 prepares each when it is asked for.
        share: of several processes with ``batch_size`` clips each.
    """

    def __init__(
        self,
        dataset: TrainingSamples,
        batch_size: int,
        seed: int,
        start_step: int = 0,
        workers: int = 0,
        share: Share = ALL,
    ) -> None:
        if not 1 <= batch_size * share.world <= len(dataset):
            each = f" for each of {share.world} processes" if share.world > 1 else ""
            raise InputError(
                f"DATASET.batch_size is {batch_size}{each}: a step takes 1 to {len(dataset)} clips, an epoch's samples"
            )
        self.dataset = dataset
        self.batch_size = batch_size
        self.seed = seed
        self.start_step = start_step
        self.workers = workers
        self.share = share
        self._batches: Generator[Batch, None, None] | None = None

    def __len__(self) -> int:
        return len(self.dataset) // (self.batch_size * self.share.world)

    def __iter__(self) -> Iterator[Batch]:
        return self.restart(self.start_step)

    def restart(self, step: int) -> Iterator[Batch]:
        """Return the batches from ``step`` on; the workers of the iterator before, who know the old data, are ended."""
        self.close()
        self._batches = self._ahead(step) if self.workers else self._here(step)
        return self._batches

    def close(self) -> None:
        """End the workers."""
        if self._batches is not None:
            self._batches.close()

    def _here(self, step: int) -> Generator[Batch, None, None]:
        while True:
            yield make_batch(self.dataset, self.batch_size, self.seed, step, self.share)
            step += 1

    def _ahead(self, step: int) -> Generator[Batch, None, None]:
        # Spawned, not forked: the trainer has Paddle's threads running, and a fork would copy their locks.
        context = multiprocessing.get_context("spawn")
        arguments = (self.dataset, self.batch_size, self.seed, self.share)
        with ProcessPoolExecutor(self.workers, context, initializer=_start_worker, initargs=arguments) as pool:
            waiting: deque[Future[Batch]] = deque()
            try:
                while True:
                    while len(waiting) <= 2 * self.workers:
                        waiting.append(pool.submit(_work, step))
                        step += 1
                    yield waiting.popleft().result()
            except BrokenProcessPool as error:
                raise InputError(
                    "a process that prepares batches was ended from outside, by the system if memory ran out; go on "
                    "with --resume, with fewer -o DATASET.num_workers (0 needs none) or a smaller batch_size"
                ) from error
            finally:
                for future in waiting:
                    future.cancel()


def make_batch(
    dataset: TrainingSamples,
    batch_size: int,
    seed: int,
    step: int,
    share: Share = ALL,
) -> Batch:
    """Make one process's part of a step's clips: names, and each array of the samples stacked."""
    together = batch_size * share.world
    epoch, place = divmod(step, len(dataset) // together)
    first = place * together + share.rank * batch_size
    indices = epoch_order(dataset, together, seed, epoch)[first : first + batch_size]
    names, samples = zip(*(dataset.sample(seed, epoch, int(index)) for index in indices), strict=True)
    sizes = {sample["masks"].shape for sample in samples}
    if len(sizes) > 1:
        raise InputError(
            f"the clips of a batch differ in size ({', '.join(map(str, sorted(sizes)))}): end PIPELINE.train.transform "
            "with RandomCrop or Resize"
        )
    return list(names), {key: np.stack([sample[key] for sample in samples]) for key in samples[0]}


def epoch_order(dataset: TrainingSamples, batch_size: int, seed: int, epoch: int) -> np.ndarray:
    """Return the sample indices of an epoch, shuffled so that no batch holds a sequence twice where that can be.

    (The reference keeps results by sequence name, so that two clips of one sequence overwrite each other.)
    """
    shuffled = np.random.default_rng([seed, epoch]).permutation(len(dataset)).tolist()
    order: list[int] = []
    while shuffled:
        batch: list[int] = []
        groups: set[str] = set()
        later: list[int] = []
        for position, index in enumerate(shuffled):
            if len(batch) == batch_size:
                later += shuffled[position:]
                break
            group = dataset.group(index)
            if group in groups:
                later.append(index)
            else:
                groups.add(group)
                batch.append(index)
        missing = batch_size - len(batch)
        order += batch + later[:missing]
        shuffled = later[missing:]
    return np.asarray(order)


_worker: list[tuple[TrainingSamples, int, int, Share]] = []


def _start_worker(dataset: TrainingSamples, batch_size: int, seed: int, share: Share) -> None:
    bound_opencv(1)  # the trainer needs the cores; a worker that used them all would only get in its way
    for number in (signal.SIGINT, signal.SIGTERM):  # sent to the whole group: the trainer's to handle
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_trainer, daemon=True).start()
    _worker[:] = [(dataset, batch_size, seed, share)]


def _end_with_trainer() -> None:
    """Leave when the trainer is gone; after a kill -9 nobody else would tell this process."""
    trainer = multiprocessing.parent_process()
    if trainer is not None:
        trainer.join()
        os._exit(1)


def _work(step: int) -> Batch:
    dataset, batch_size, seed, share = _worker[0]
    return make_batch(dataset, batch_size, seed, step, share)
