"""Samples of stage 2: which strokes and which earlier mask, in which round, and what a crop does to them."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from paddlevideo.loader.preprocess import Preprocess
from paddlevideo.loader.rounds_dataset import Annotation, DAVISRoundsDataset, draw_thick, strokes_to_grid
from paddlevideo.loader.samples import TrainingFolder, to_grid
from paddlevideo.loader.scribbles import UNLABELLED, Stroke
from paddlevideo.loader.transforms import RandomCrop, RandomHorizontalFlip, RandomReverse, RandomScale
from paddlevideo.utils.errors import InputError


def dataset(root: Path, **keys: Any) -> DAVISRoundsDataset:
    transforms = keys.pop("transforms", ())
    folder = TrainingFolder(str(root))
    return DAVISRoundsDataset(folder, preprocess=Preprocess(size=None), transforms=transforms, **keys)


def test_epochs_go_through_rounds_and_cycles(tiny_davis: Path) -> None:
    data = dataset(tiny_davis, rounds=3, epochs_per_round=2)
    assert [data.phase(epoch) for epoch in range(8)] == [(0, 0)] * 2 + [(0, 1)] * 2 + [(0, 2)] * 2 + [(1, 0)] * 2
    assert len(data) == 2 and {data.group(0), data.group(1)} == {"disc", "pair"}


def test_the_first_round_has_the_human_strokes_and_no_earlier_mask(tiny_davis: Path) -> None:
    data = dataset(tiny_davis)
    name, sample = data.sample(0, 0, 0)
    assert name == "disc" and sample["images"].shape[0] == 1 and sample["objects"] == 1
    assert set(np.unique(sample["scribble"])) == {UNLABELLED, 0, 1}  # the file has a background stroke too
    assert (sample["interaction_previous"] == UNLABELLED).all()
    truth = data.sequences[0].mask(2)  # the file's frame
    assert (sample["masks"][0] == truth).all()
    assert (to_grid(truth)[sample["scribble"] == 1] == 1).mean() > 0.9


def test_without_a_human_file_strokes_are_simulated_on_all_objects(tiny_davis: Path) -> None:
    _, sample = dataset(tiny_davis).sample(0, 0, 1)
    assert sample["objects"] == 2 and set(np.unique(sample["scribble"])) == {UNLABELLED, 1, 2}


def test_later_rounds_correct_the_networks_mask(tiny_davis: Path) -> None:
    data = dataset(tiny_davis, epochs_per_round=1)
    disc = data.sequences[0]
    wrong = np.roll(disc.mask(4), 30, axis=1)
    stroke = Stroke(0, 4, ((0.5, 0.2), (0.6, 0.4)))
    data.annotations = {"disc": Annotation(4, [stroke], wrong)}
    _, later = data.sample(0, 1, 0)
    assert set(np.unique(later["scribble"])) == {UNLABELLED, 0}
    assert (later["masks"][0] == disc.mask(4)).all()
    earlier = later["interaction_previous"]
    assert set(np.unique(earlier)) == {0, 1} and (earlier == to_grid(wrong)).mean() > 0.9
    # The first round of a cycle and a sequence without a correction start from the beginning.
    assert (data.sample(0, 0, 0)[1]["interaction_previous"] == UNLABELLED).all()
    assert (data.sample(0, 1, 1)[1]["interaction_previous"] == UNLABELLED).all()


def test_every_crop_shows_strokes_and_moves_them_with_the_picture(tiny_davis: Path) -> None:
    crop = [RandomHorizontalFlip(), RandomReverse(), RandomScale((0.75, 1.25)), RandomCrop(48)]
    data = dataset(tiny_davis, transforms=crop)
    hits: list[bool] = []
    for epoch in range(20):
        for index in range(2):
            _, sample = data.sample(1, epoch, index)
            drawn = sample["scribble"]
            assert sample["images"].shape == (1, 3, 48, 48) and (drawn > UNLABELLED).any()
            grid = to_grid(sample["masks"][0].astype(np.uint8))
            hits += (grid == drawn)[drawn > 0].tolist()
    assert len(hits) > 500 and np.mean(hits) > 0.8  # not all: a cell counts that a stroke only touches


def test_samples_follow_from_seed_epoch_and_index_and_travel_to_workers(tiny_davis: Path) -> None:
    data = dataset(tiny_davis, transforms=[RandomCrop(64)])
    data.annotations = {"pair": Annotation(1, [Stroke(1, 1, ((0.2, 0.2),))], data.sequences[1].mask(1))}
    other = pickle.loads(pickle.dumps(data))
    for epoch in (0, 30):
        first, second = data.sample(3, epoch, 1)[1], other.sample(3, epoch, 1)[1]
        assert all((first[key] == second[key]).all() for key in first)


@pytest.mark.parametrize("scale", [0.75, 1.0, 1.25])
def test_thin_strokes_reach_the_grid_in_one_piece(scale: float) -> None:
    size = (round(96 * scale), round(160 * scale))
    drawn = draw_thick([Stroke(2, 0, ((0.1, 0.1), (0.9, 0.7)))], (96, 160))
    drawn = cv2.resize(drawn, size[::-1], interpolation=cv2.INTER_NEAREST)
    label = strokes_to_grid(drawn).astype(int) - 1
    assert label.shape == (-(-size[0] // 4), -(-size[1] // 4)) and set(np.unique(label)) == {-1, 2}
    columns = (label == 2).any(axis=0)
    first, last = np.flatnonzero(columns)[[0, -1]]
    assert columns[first : last + 1].all() and last - first > 0.75 * label.shape[1]
    assert (label == 2).sum(axis=0).max() <= 3  # and no blot


@pytest.mark.parametrize("keys", [{"rounds": 0}, {"epochs_per_round": 0}, {"window": 0}, {"robot": "human"}])
def test_bad_settings_are_refused(tiny_davis: Path, keys: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=f"DATASET.train.{next(iter(keys))}"):
        dataset(tiny_davis, **keys)
