"""Training samples and batches: the contract with the trainer, and that step k is always the same batch."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import paddle
import pytest
from PIL import Image

from paddlevideo.loader import clip_dataset as clip_dataset_module
from paddlevideo.loader.builder import Loader, build_loader, epoch_order, make_batch
from paddlevideo.loader.clip import TrainingClip
from paddlevideo.loader.clip_dataset import ClipDataset
from paddlevideo.loader.davis import DavisFolder
from paddlevideo.loader.photographs import PhotographFolder
from paddlevideo.loader.preprocess import Preprocess
from paddlevideo.loader.samples import DAVISDataset, Sample, TrainingFolder, TrainingSamples, draw_frames, to_grid
from paddlevideo.loader.synthetic_clips import Cutout, Drift, paste, photograph_clip, touching
from paddlevideo.loader.transforms import RandomCrop
from paddlevideo.utils.errors import InputError
from paddlevideo.utils.registry import DATASETS

PREPROCESS = Preprocess(size=None)
CROP = [RandomCrop(64)]


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """Two photographs of 80x120 with two instances each."""
    root = tmp_path / "photographs"
    rng = np.random.default_rng(0)
    for folder in ("JPEGImages", "Instances"):
        (root / folder).mkdir(parents=True)
    for number in range(2):
        ids = np.zeros((80, 120), np.uint8)
        ids[10:40, 20:60], ids[30:70, 70:100] = 1, 2
        Image.fromarray(rng.integers(0, 255, (80, 120, 3), np.uint8)).save(root / "JPEGImages" / f"{number}.jpg")
        Image.fromarray(ids).save(root / "Instances" / f"{number}.png")
    return root


def clip_dataset(root: Path, photographs: Path | None = None, **options) -> ClipDataset:
    transforms = options.pop("transforms", CROP)
    keys = {"file_path": str(root), "photographs": photographs and str(photographs), "short_side": 96, **options}
    return DATASETS.build({"format": "ClipDataset", **keys}, preprocess=PREPROCESS, transforms=transforms)


def check_contract(sample: Sample, frames: int, size: int) -> None:
    grid = -(-size // 4)
    shapes = {
        "images": (frames, 3, size, size),
        "masks": (frames, size, size),
        "previous": (size, size),
        "reference": (grid, grid),
        "scribble": (grid, grid),
        "interaction_previous": (grid, grid),
        "interaction_reference": (grid, grid),
        "own_round": (),
        "objects": (),
    }
    assert {key: value.shape for key, value in sample.items()} == shapes
    assert sample["images"].dtype == np.float32 and np.isfinite(sample["images"]).all()
    assert all(value.dtype == np.int64 for key, value in sample.items() if key != "images")
    ids = set(range(int(sample["objects"]) + 1))
    assert sample["objects"] >= 1
    assert set(np.unique(sample["masks"])) <= ids | {255}
    assert set(np.unique(sample["masks"][0])) >= ids - {0}
    assert set(np.unique(sample["previous"])) <= ids
    for key in ("reference", "scribble", "interaction_previous", "interaction_reference"):
        assert set(np.unique(sample[key])) <= ids | {-1}


def test_both_are_registered() -> None:
    assert "DAVISDataset" in DATASETS and "ClipDataset" in DATASETS


def test_stage_one_samples(tiny_davis: Path) -> None:
    dataset = DAVISDataset(TrainingFolder(str(tiny_davis)), preprocess=PREPROCESS, transforms=CROP)
    assert len(dataset) == 10
    assert sorted(dataset.group(index) for index in range(10)) == ["disc"] * 5 + ["pair"] * 5
    damaged = 0
    for index in range(10):
        name, sample = dataset.sample(1, 0, index)
        assert name == dataset.group(index)
        check_contract(sample, 3, 64)
        assert (sample["reference"] == to_grid(sample["masks"][0].astype(np.uint8))).all()
        assert (sample["scribble"] == -1).all() and (sample["interaction_previous"] == -1).all()
        damaged += bool((sample["previous"] != sample["masks"][1]).any())
    assert damaged > 5


@pytest.mark.parametrize(("reference", "objects"), [(False, 1), (True, 2)])
def test_the_reference_keeps_objects_that_a_crop_has_lost(tiny_davis: Path, reference: bool, objects: int) -> None:
    def lose(clip: TrainingClip, rng: np.random.Generator) -> TrainingClip:
        return clip.without(np.array([1]))

    folder = TrainingFolder(str(tiny_davis), sequences=["pair"])
    dataset = DAVISDataset(folder, reference=reference, preprocess=PREPROCESS, transforms=[lose])
    sample = dataset.sample(1, 0, 0)[1]
    assert sample["objects"] == objects and set(np.unique(sample["reference"])) == {0, objects}


def test_stage_one_frames(tiny_davis: Path) -> None:
    (pair,) = DavisFolder(tiny_davis, "val").sequences
    pair.__dict__["complete_frames"] = np.array([1, 3, 4])
    seen = set()
    for seed in range(60):
        reference, previous, current = draw_frames(pair, 3, np.random.default_rng(seed), apart=True)
        assert current == previous + 1 and reference in (1, 3, 4) and reference not in (previous, current)
        seen.add(previous)
    assert seen == {0, 1, 2, 3, 4}


def test_skips_stay_within_short_sequences(tiny_davis: Path) -> None:
    (pair,) = DavisFolder(tiny_davis, "val").sequences
    steps = set()
    for seed in range(60):
        _, *others = draw_frames(pair, 4, np.random.default_rng(seed), skip=9)
        assert max(others) < 6 and len(set(np.diff(others))) == 1
        steps.add(int(np.diff(others)[0]))
    assert steps == {1, 2}


def test_clip_samples_keep_the_contract(tiny_davis: Path, photographs: Path) -> None:
    dataset = clip_dataset(tiny_davis, photographs, frames=4, paste_prob=0.7)
    names, objects, full, corrections = set(), set(), 0, 0
    for index in range(40):
        name, sample = dataset.sample(2, 0, index % len(dataset) + 100 * (index // len(dataset)))
        check_contract(sample, 4, 64)
        names.add(name)
        objects.add(int(sample["objects"]))
        full += bool((sample["reference"] == to_grid(sample["masks"][0].astype(np.uint8))).all())
        correction = (sample["interaction_previous"] >= 0).all()
        corrections += bool(correction)
        assert correction or (sample["interaction_previous"] == -1).all()
        assert (sample["scribble"] >= 0).any()
    assert {"disc", "pair"} < names and len(objects) > 1
    assert 8 < full < 30 and 8 < corrections < 32


@pytest.fixture
def no_background_strokes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clip_dataset_module, "BACKGROUND_STROKES", 0.0)


@pytest.mark.usefixtures("no_background_strokes")
def test_first_rounds_without_full_masks_see_strokes_and_filled_region(tiny_davis: Path) -> None:
    probabilities = ("paste_prob", "reference_full_prob", "correction_prob", "previous_damage_prob")
    dataset = clip_dataset(tiny_davis, **dict.fromkeys(probabilities, 0.0), roi_distance=2)
    filled, on_object = 0, []
    for index in range(10):
        _, sample = dataset.sample(0, 0, index)
        drawn = sample["scribble"] >= 0
        on_grid = to_grid(sample["masks"][0].astype(np.uint8))
        on_object += (sample["scribble"][drawn] == on_grid[drawn]).tolist()
        inner = drawn[:-1, :-1]
        assert (sample["reference"][:-1, :-1][inner] == sample["scribble"][:-1, :-1][inner]).all()
        assert (sample["previous"] == sample["masks"][1]).all()
        filled += bool((sample["reference"] == 0).any())
    assert filled > 5 and np.mean(on_object) > 0.85


@pytest.mark.usefixtures("no_background_strokes")
def test_clicks_fill_less_of_the_background_when_objects_may_reach_far(tiny_davis: Path) -> None:
    probabilities = dict.fromkeys(("paste_prob", "reference_full_prob", "correction_prob"), 0.0)
    near, far = (
        clip_dataset(tiny_davis, **probabilities, click_prob=1.0, roi_distance=2, click_region=share)
        for share in (None, 0.4)
    )
    for index in range(6):
        (_, small), (_, large) = (dataset.sample(0, 0, index) for dataset in (near, far))
        assert (small["scribble"] == large["scribble"]).all()
        filled, left = (int((sample["reference"] == 0).sum()) for sample in (small, large))
        assert left < filled


def test_references_like_an_answer_are_the_mask_where_it_is_sure_and_the_strokes(tiny_davis: Path) -> None:
    plain = {"paste_prob": 0.0, "reference_full_prob": 1.0}
    exact, damaged = (clip_dataset(tiny_davis, **plain, reference_damage_prob=prob) for prob in (0.0, 1.0))
    unsure, wrong = [], []
    for index in range(12):
        _, sample = damaged.sample(1, 0, index)
        truth, reference = (each["reference"] for each in (exact.sample(1, 0, index)[1], sample))
        drawn = sample["scribble"] >= 0
        assert (reference[drawn] == sample["scribble"][drawn]).all()
        unsure.append((reference < 0).mean())
        wrong.append((reference != truth)[reference >= 0].mean())
    assert 0 == min(unsure) < max(unsure) < 0.7  # borders are left out in two of three
    assert 0 < np.mean(wrong) < 0.15


def test_sample_depends_on_seed_epoch_and_index_alone(tiny_davis: Path, photographs: Path) -> None:
    first, second = (clip_dataset(tiny_davis, photographs) for _ in range(2))
    first.sample(0, 0, 0)
    base = first.sample(3, 2, 1)[1]
    assert all((base[key] == value).all() for key, value in second.sample(3, 2, 1)[1].items())
    assert any((base["images"] != second.sample(*where)[1]["images"]).any() for where in ((4, 2, 1), (3, 3, 1)))


class Named(TrainingSamples):
    """Samples that only know where they came from."""

    def __init__(self, groups: list[str]) -> None:
        self.groups = groups

    def __len__(self) -> int:
        return len(self.groups)

    def group(self, index: int) -> str:
        return self.groups[index]

    def sample(self, seed: int, epoch: int, index: int) -> tuple[str, Sample]:
        rng = np.random.default_rng([seed, epoch, index])
        return self.groups[index], {"masks": rng.integers(0, 9, (2, 2)), "where": np.array([epoch, index])}


def test_epochs_hold_every_sample_once_and_batches_no_sequence_twice() -> None:
    dataset = Named(list("abcdef") * 5)
    orders = [epoch_order(dataset, 4, 0, epoch) for epoch in range(3)]
    for order in orders:
        assert sorted(order) == list(range(30))
        batches = [[dataset.group(int(index)) for index in order[k : k + 4]] for k in range(0, 20, 4)]
        assert all(len(set(batch)) == 4 for batch in batches)
    assert (orders[0] != orders[1]).any()
    alone = Named(list("aaaa"))
    assert sorted(epoch_order(alone, 2, 0, 0)) == [0, 1, 2, 3]


@pytest.mark.parametrize("workers", [0, 1])
def test_loader_resumes_at_any_step(workers: int) -> None:
    dataset = Named(list("abcde") * 2)
    straight = list(itertools.islice(Loader(dataset, 3, seed=4), 8))
    resumed = iter(Loader(dataset, 3, seed=4, start_step=5, workers=workers))
    for step in range(5, 8):
        names, batch = next(resumed)
        assert names == straight[step][0]
        assert all((batch[key] == value).all() for key, value in straight[step][1].items())
    resumed.close()
    assert len(Loader(dataset, 3, seed=4)) == 3
    assert straight[3][1]["where"][0, 0] == 1


def test_build_loader_from_a_config(tiny_davis: Path) -> None:
    config = {
        "DATASET": {
            "batch_size": 2,
            "train": {"format": "ClipDataset", "file_path": str(tiny_davis), "short_side": 96},
        },
        "PIPELINE": {"input": {"size": [480, 854]}, "train": {"transform": [{"RandomCrop": {"size": [64, 80]}}]}},
    }
    names, batch = next(iter(build_loader(config, seed=0)))
    assert sorted(names) == ["disc", "pair"]
    assert batch["images"].shape == (2, 3, 3, 64, 80) and batch["reference"].shape == (2, 16, 20)
    assert batch["objects"].shape == (2,)


def test_the_reference_frame_alone(tiny_davis: Path) -> None:
    dataset = clip_dataset(tiny_davis, frames=1, paste_prob=0.7)
    for index in range(8):
        _, sample = dataset.sample(3, 0, index)
        check_contract(sample, 1, 64)
        assert (sample["scribble"] > 0).any()


def test_bad_settings_are_input_errors(tiny_davis: Path) -> None:
    with pytest.raises(InputError, match="batch_size is 99"):
        Loader(Named(["a"]), 99, seed=0)
    with pytest.raises(InputError, match="frames is 0"):
        clip_dataset(tiny_davis, frames=0)
    with pytest.raises(InputError, match="has 6 of 9 frames"):
        clip_dataset(tiny_davis, frames=9)
    for path in (tiny_davis / "Annotations" / "480p" / "disc").glob("*.png"):
        Image.fromarray(np.zeros((96, 160), np.uint8)).save(path)
    with pytest.raises(InputError, match="'disc' .* has no object"):
        clip_dataset(tiny_davis)


def test_clips_of_two_sizes_do_not_stack(tiny_davis: Path) -> None:
    for path in (tiny_davis / "JPEGImages" / "480p" / "disc").glob("*.jpg"):
        Image.open(path).resize((80, 80)).save(path)
    for path in (tiny_davis / "Annotations" / "480p" / "disc").glob("*.png"):
        Image.open(path).resize((80, 80), Image.Resampling.NEAREST).save(path)
    dataset = clip_dataset(tiny_davis, transforms=[])
    with pytest.raises(InputError, match="RandomCrop or Resize"):
        make_batch(dataset, 2, 0, 0)


# ---------------------------------------------------------------------------------------------------- composing


def test_paste_adds_an_object_and_respects_order() -> None:
    base = np.zeros((60, 80), np.uint8)
    base[20:40, 20:60] = 1
    clip = TrainingClip([np.full((60, 80, 3), 50, np.uint8)] * 3, [base] * 3)
    cutout = Cutout([np.full((30, 30, 3), 250, np.uint8)] * 3, [np.pad(np.ones((10, 10), np.uint8), 10)] * 3)
    hid = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        motion = Drift().draw(3, clip.size, (40, 30), rng)
        pasted = paste(clip, cutout, motion, rng)
        for frame, mask in zip(pasted.frames, pasted.masks, strict=True):
            assert set(np.unique(mask)) <= {0, 1, 2}
            solid = (mask == 2) & (frame[..., 0] > 100)
            assert solid.sum() >= 0.9 * (mask == 2).sum()
        assert np.count_nonzero(pasted.masks[0] == 1) >= 400
        hid += np.count_nonzero(pasted.masks[0] == 1) < 800
    assert 3 < hid < 27
    assert (clip.frames[0] == 50).all() and (clip.masks[0] == base).all()


def test_distractors_get_no_id() -> None:
    clip = TrainingClip([np.zeros((40, 40, 3), np.uint8)] * 2, [np.zeros((40, 40), np.uint8)] * 2)
    cutout = Cutout([np.full((9, 9, 3), 200, np.uint8)] * 2, [np.ones((9, 9), np.uint8)] * 2)
    rng = np.random.default_rng(0)
    pasted = paste(clip, cutout, Drift().draw(2, (40, 40), (20, 20), rng), rng, distractor=1.0)
    assert not pasted.masks[0].any() and (pasted.frames[0] > 100).any()


def test_a_lookalike_is_a_copy_of_an_object_that_is_background(tiny_davis: Path) -> None:
    plain, copied = (
        clip_dataset(tiny_davis, paste_prob=0.0, lookalike_prob=prob, transforms=[]) for prob in (0.0, 1.0)
    )
    added = 0
    for seed in range(10):
        _, clip, _ = plain._draw(0, np.random.default_rng(seed))
        _, other, _ = copied._draw(0, np.random.default_rng(seed))
        assert clip.frames[0].shape == other.frames[0].shape
        changed = (clip.frames[0] != other.frames[0]).any(axis=2)
        inside = changed & (other.masks[0] == 0)
        assert (other.masks[0][~changed] == clip.masks[0][~changed]).all()
        added += np.count_nonzero(inside) > 20
    assert added > 6


def test_photograph_clips_show_their_object_and_move(photographs: Path) -> None:
    folder = PhotographFolder(photographs)
    for seed in range(15):
        photograph = folder.photographs[seed % 2]
        clip = photograph_clip(photograph, folder.usable(photograph), 3, (54, 96), Drift(), np.random.default_rng(seed))
        assert clip.size == (54, 96) and len(clip) == 3
        assert (clip.masks[0] == 1).any() and clip.masks[0].max() <= 2
        assert (clip.frames[1] != clip.frames[2]).any()


def test_an_object_takes_along_what_touches_it() -> None:
    numbers = np.zeros((20, 40), np.uint8)
    numbers[5:15, 2:10], numbers[5:15, 12:20], numbers[5:15, 28:36], numbers[:5] = 1, 2, 3, 255
    assert touching(numbers, 1).tolist() == [1, 2] and touching(numbers, 3).tolist() == [3]


def test_joined_photographs_have_one_object_where_others_have_two(tmp_path: Path) -> None:
    for kind in ("JPEGImages", "Instances"):
        (tmp_path / kind).mkdir()
    numbers = np.zeros((90, 160), np.uint8)
    numbers[30:60, 50:80], numbers[30:60, 80:110] = 1, 2
    Image.fromarray(np.full((90, 160, 3), 90, np.uint8)).save(tmp_path / "JPEGImages" / "a.jpg")
    Image.fromarray(numbers).save(tmp_path / "Instances" / "a.png")
    [photograph] = PhotographFolder(tmp_path).photographs

    def largest(join_prob: float) -> set[int]:
        size, ids = (90, 160), np.array([1, 2])
        draws = [np.random.default_rng(seed) for seed in range(9)]
        clips = [photograph_clip(photograph, ids, 3, size, Drift(), rng, join_prob) for rng in draws]
        return {int(clip.masks[0].max()) for clip in clips}

    assert largest(0.0) == {1, 2} and largest(1.0) == {1}


def test_the_interaction_is_compared_with_its_strokes_and_their_region(tiny_davis: Path) -> None:
    data = clip_dataset(tiny_davis, correction_prob=0.5)
    for index in range(12):
        _, sample = data.sample(0, 0, index)
        scribble, reference = sample["scribble"], sample["interaction_reference"]
        drawn = scribble >= 0
        drawn[-1], drawn[:, -1] = False, False  # always beyond the region, as in the reference
        assert (reference[drawn] == scribble[drawn]).all()
        assert (reference >= 0).sum() > (scribble >= 0).sum()  # what lies beyond it is background


def test_some_corrections_are_left_to_the_network(tiny_davis: Path) -> None:
    data = clip_dataset(tiny_davis, correction_prob=0.7, own_prob=0.5)
    seeds = []
    for index in range(20):
        _, sample = data.sample(0, 0, index)
        first_round = (sample["interaction_previous"] < 0).all()
        if sample["own_round"] >= 0:
            seeds.append(int(sample["own_round"]))
            assert first_round and (sample["scribble"] > 0).any()
    assert 2 < len(seeds) < 14 and len(set(seeds)) == len(seeds)
    assert all(clip_dataset(tiny_davis, correction_prob=1.0).sample(0, 0, k)[1]["own_round"] == -1 for k in range(5))


def test_labels_keep_the_corners_of_a_mask_with_sides_of_4k_and_1() -> None:
    mask = np.arange(9 * 13, dtype=np.uint8).reshape(9, 13)
    assert to_grid(mask).tolist() == [[0, 4, 8, 12], [52, 56, 60, 64], [104, 108, 112, 116]]
    assert to_grid(mask[:8, :12]).tolist() == [[0, 4, 8], [52, 56, 60]]
    assert to_grid(paddle.to_tensor(mask)).numpy().tolist() == to_grid(mask).tolist()


def test_a_crop_that_the_inputs_stride_does_not_allow_is_refused(tiny_davis: Path) -> None:
    def sample(side: int) -> Sample:
        section = {"format": "ClipDataset", "file_path": str(tiny_davis), "short_side": 96}
        cfg = {
            "DATASET": {"batch_size": 1, "train": section},
            "PIPELINE": {"input": {"stride": 16}, "train": {"transform": [{"RandomCrop": {"size": side}}]}},
        }
        return build_loader(cfg, seed=0).dataset.sample(0, 0, 0)[1]

    assert sample(65)["reference"].shape == (17, 17)
    with pytest.raises(InputError, match="clips are 64x64 pixels; .*stride 16 .* let RandomCrop cut 65x65"):
        sample(64)
