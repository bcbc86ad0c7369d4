"""Masks with more objects than allowed, masks of another size than their frames, and clips whose objects are gone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle
import pytest
from PIL import Image

from paddlevideo.config.loading import load_config
from paddlevideo.loader.clip import TrainingClip
from paddlevideo.loader.clip_dataset import ClipDataset
from paddlevideo.loader.davis import DavisFolder
from paddlevideo.loader.limits import check_object_limit
from paddlevideo.loader.preprocess import Preprocess
from paddlevideo.loader.samples import DRAWS, DAVISDataset
from paddlevideo.loader.transforms import RandomCrop
from paddlevideo.modeling import build_model
from paddlevideo.solver.objective import build_objective
from paddlevideo.utils.errors import InputError
from paddlevideo.utils.registry import DATASETS as REGISTRY

LITE = Path(__file__).parents[2] / "configs" / "segmentation" / "manet_lite.yaml"
DATASETS = [DAVISDataset, ClipDataset]


def make(kind, root: Path, transforms, **options):
    keys = {"format": kind.__name__, "file_path": str(root), **options}
    return REGISTRY.build(keys, preprocess=Preprocess(size=None), transforms=transforms)


class Losing:
    """Loses every object in the first ``times`` clips of each sample."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.calls = 0

    def __call__(self, clip: TrainingClip, rng: np.random.Generator) -> TrainingClip:
        self.calls += 1
        return clip.without(np.arange(1, 255)) if self.calls <= self.times else clip


@pytest.mark.parametrize("kind", DATASETS)
def test_too_many_objects_are_named_with_their_mask(tiny_davis: Path, kind) -> None:
    path = tiny_davis / "Annotations" / "480p" / "pair" / "00003.png"
    mask = np.array(Image.open(path))
    mask[0, :30] = np.arange(30)
    Image.fromarray(mask).save(path)
    with pytest.raises(
        InputError, match="'pair' hold object ids up to 29, more than the limit of 20.*00003.png"
    ) as told:
        make(kind, tiny_davis, [])
    assert "\n" not in str(told.value) and "max_objects to 29" in str(told.value)
    assert len(make(kind, tiny_davis, [], max_objects=29)) == 10
    disc, pair = DavisFolder(tiny_davis, "train").sequences
    check_object_limit(disc, 1)
    with pytest.raises(InputError, match="limit of 28"):
        check_object_limit(pair, 28)


@pytest.mark.parametrize("kind", DATASETS)
def test_a_mask_of_another_size_than_its_frames_stops_the_start(tiny_davis: Path, kind) -> None:
    path = tiny_davis / "Annotations" / "480p" / "disc" / "00002.png"
    Image.open(path).resize((80, 48), Image.Resampling.NEAREST).save(path)
    with pytest.raises(InputError, match=r"disc.00002.png is 80x48 but the first frame of 'disc' is 160x96"):
        make(kind, tiny_davis, [])


@pytest.mark.parametrize("kind", DATASETS)
def test_a_clip_without_objects_is_drawn_again_the_same_way(tiny_davis: Path, kind) -> None:
    found = []
    for _ in range(2):
        losing = Losing(3)
        found.append(make(kind, tiny_davis, [RandomCrop(64), losing]).sample(0, 0, 1)[1])
        assert losing.calls == 4
        assert found[-1]["objects"] >= 1
    assert all(np.array_equal(found[0][key], found[1][key]) for key in found[0])


@pytest.mark.parametrize("kind", DATASETS)
def test_where_no_draw_has_an_object_the_loss_of_the_background_is_finite(tiny_davis: Path, kind) -> None:
    losing = Losing(99)
    sample = make(kind, tiny_davis, [RandomCrop(64), losing]).sample(0, 0, 1)[1]
    assert losing.calls == DRAWS
    assert sample["objects"] == 0 and not sample["masks"].any()
    section = load_config(LITE)["MODEL"]
    model = build_model(section)
    objective = build_objective(section, model)
    model.train()
    out = objective({key: paddle.to_tensor(value[None]) for key, value in sample.items()}, 0)
    out["loss"].backward()
    assert np.isfinite(float(out["loss"]))
    assert all(np.isfinite(p.grad.numpy()).all() for p in model.parameters() if p.grad is not None)
