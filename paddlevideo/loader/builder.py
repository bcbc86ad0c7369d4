"""Batches for the trainer: which samples form step k, and the processes that make them."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any

import cv2
import numpy as np

from ..utils.errors import InputError
from ..utils.registry import DATASETS
from .preprocess import Preprocess
from .samples import Sample, TrainingSamples
from .transforms import build_transforms

Batch = tuple[list[str], Sample]


def build_loader(cfg: Mapping[str, Any], seed: int, start_step: int = 0) -> Loader:
    """Build the loader of ``DATASET.train`` with ``PIPELINE.input`` and ``PIPELINE.train.transform``.

    Frames keep the size that the transforms give them: ``PIPELINE.input.size`` is inference's.

    Raises:
        InputError: bad data or arguments.
    """
    section = cfg["DATASET"]
    preprocess = Preprocess(**{**cfg["PIPELINE"]["input"], "size": None})
    transforms = build_transforms(cfg["PIPELINE"].get("train", {}).get("transform", []))
    dataset = DATASETS.build(section["train"], preprocess=preprocess, transforms=transforms)
    return Loader(dataset, section["batch_size"], seed, start_step, section.get("num_workers", 0))


class Loader:
    """Endless iterator of ``(names, batch)`` from ``start_step`` on; ``len`` is the number of steps an epoch.

    Batch k depends on the dataset, the batch size, the seed and k alone, however many workers there are.

    Args:
        dataset: the samples.
        batch_size: clips a step.
        seed: of order and samples.
        start_step: the first step wanted.
        workers: processes that prepare batches ahead; 0 prepares each when it is asked for.
    """

    def __init__(
        self, dataset: TrainingSamples, batch_size: int, seed: int, start_step: int = 0, workers: int = 0
    ) -> None:
        if not 1 <= batch_size <= len(dataset):
            raise InputError(f"DATASET.batch_size is {batch_size}: it must be 1 to {len(dataset)}, an epoch's samples")
        self.dataset = dataset
        self.batch_size = batch_size
        self.seed = seed
        self.start_step = start_step
        self.workers = workers

    def __len__(self) -> int:
        return len(self.dataset) // self.batch_size

    def __iter__(self) -> Iterator[Batch]:
        return self._ahead() if self.workers else self._here()

    def _here(self) -> Iterator[Batch]:
        step = self.start_step
        while True:
            yield make_batch(self.dataset, self.batch_size, self.seed, step)
            step += 1

    def _ahead(self) -> Iterator[Batch]:
        # Spawned, not forked: the trainer has Paddle's threads running, and a fork would copy their locks.
        context = multiprocessing.get_context("spawn")
        arguments = (self.dataset, self.batch_size, self.seed)
        with ProcessPoolExecutor(self.workers, context, initializer=_start_worker, initargs=arguments) as pool:
            waiting: deque[Future[Batch]] = deque()
            step = self.start_step
            try:
                while True:
                    while len(waiting) <= 2 * self.workers:
                        waiting.append(pool.submit(_work, step))
                        step += 1
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()


def make_batch(dataset: TrainingSamples, batch_size: int, seed: int, step: int) -> Batch:
    """Make the batch of one step: names, and each array of the samples stacked."""
    epoch, place = divmod(step, len(dataset) // batch_size)
    indices = epoch_order(dataset, batch_size, seed, epoch)[place * batch_size : (place + 1) * batch_size]
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


_worker: list[tuple[TrainingSamples, int, int]] = []


def _start_worker(dataset: TrainingSamples, batch_size: int, seed: int) -> None:
    # The trainer needs the cores; a worker that used them all would only get in its way.
    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the trainer's to handle; it then closes the pool
    _worker[:] = [(dataset, batch_size, seed)]


def _work(step: int) -> Batch:
    return make_batch(*_worker[0], step)
