"""Which clips a process makes in each step, and the workers that make them."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import time

import numpy as np
import pytest

from paddlevideo.loader.builder import Loader, Share, make_batch
from paddlevideo.loader.samples import Sample, TrainingSamples
from paddlevideo.utils.errors import InputError


class Counted(TrainingSamples):
    """Samples that say where they come from; ``mark`` stands for what rounds of annotation change."""

    def __init__(self, groups: str, mark: int = 0) -> None:
        self.groups = groups
        self.mark = mark

    def __len__(self) -> int:
        return len(self.groups)

    def group(self, index: int) -> str:
        return self.groups[index]

    def sample(self, seed: int, epoch: int, index: int) -> tuple[str, Sample]:
        if self.mark < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        signal.raise_signal(signal.SIGTERM) if multiprocessing.parent_process() else None
        return self.groups[index], {"masks": np.zeros((2, 2)), "where": np.array([epoch, index, self.mark])}


def places(batch: tuple[list[str], Sample]) -> list[list[int]]:
    return batch[1]["where"].tolist()


@pytest.mark.parametrize("world", [2, 3])
def test_shares_put_together_are_the_whole_batch_and_hold_no_sequence_twice(world: int) -> None:
    dataset = Counted("abcdefg" * 4)
    for step in range(10):
        whole = make_batch(dataset, 2 * world, seed=3, step=step)
        parts = [make_batch(dataset, 2, seed=3, step=step, share=Share(rank, world)) for rank in range(world)]
        assert sum((places(part) for part in parts), []) == places(whole)
        assert sum((part[0] for part in parts), []) == whole[0]
        assert len(set(whole[0])) == 2 * world
    loaders = [Loader(dataset, 2, seed=3, start_step=1, share=Share(rank, world)) for rank in range(world)]
    assert {len(loader) for loader in loaders} == {28 // (2 * world)}
    assert places(next(iter(loaders[1]))) == places(make_batch(dataset, 2, 3, 1, Share(1, world)))


def test_an_epoch_has_to_hold_one_step_of_all_processes() -> None:
    assert len(Loader(Counted("abcd"), 2, seed=0, share=Share(0, 2))) == 1
    with pytest.raises(InputError, match="batch_size is 2 for each of 3 processes: a step takes 1 to 4 clips"):
        Loader(Counted("abcd"), 2, seed=0, share=Share(0, 3))
    with pytest.raises(InputError, match="batch_size is 0: a step takes"):
        Loader(Counted("abcd"), 0, seed=0)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_restart_shows_what_has_changed_in_the_data(workers: int) -> None:
    loader = Loader(Counted("abcdefgh"), 2, seed=5, workers=workers)
    before = list(itertools.islice(loader, 2))
    assert not workers or len(multiprocessing.active_children()) == 1
    loader.dataset.mark = 7
    after = next(loader.restart(1))
    assert after[0] == before[1][0]
    assert (after[1]["where"][:, 2] == 7).all() and (before[1][1]["where"][:, 2] == 0).all()
    loader.close()
    assert multiprocessing.active_children() == []


def test_a_worker_that_the_system_ends_is_one_line() -> None:
    with pytest.raises(InputError, match="ended from outside, by the system if memory ran out; go on with --resume"):
        next(iter(Loader(Counted("abcd", mark=-1), 2, seed=0, workers=1)))


def train_until_killed(number) -> None:
    batches = iter(Loader(Counted("abcd"), 2, seed=0, workers=1))
    next(batches)
    number.value = multiprocessing.active_children()[0].pid
    os.kill(os.getpid(), signal.SIGKILL)


def test_workers_leave_when_the_trainer_is_killed() -> None:
    context = multiprocessing.get_context("spawn")
    number = context.Value("i", 0)
    trainer = context.Process(target=train_until_killed, args=(number,))
    trainer.start()
    trainer.join()
    assert trainer.exitcode == -signal.SIGKILL and number.value
    deadline = time.monotonic() + 20
    while running(number.value):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def running(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{number}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0] != "Z"
