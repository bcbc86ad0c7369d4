"""Every transform moves all frames and masks of a clip alike."""

from __future__ import annotations

import numpy as np
import pytest

from paddlevideo.loader.clip import TrainingClip
from paddlevideo.loader.transforms import (
    ColorJitter,
    RandomBlur,
    RandomCrop,
    RandomHorizontalFlip,
    RandomReverse,
    RandomScale,
    Resize,
    build_transforms,
)
from paddlevideo.utils.errors import InputError


def marked_clip(frames: int = 4, height: int = 60, width: int = 100) -> TrainingClip:
    """Frame t has a bright block where its mask is 1, moving with t."""
    pictures, masks = [], []
    for t in range(frames):
        mask = np.zeros((height, width), np.uint8)
        mask[10:30, 5 + 4 * t : 25 + 4 * t] = 1
        masks.append(mask)
        pictures.append(np.repeat(mask[..., None] * 200 + 20, 3, axis=2).astype(np.uint8))
    return TrainingClip(pictures, masks)


def agree(clip: TrainingClip) -> bool:
    """Whether masks still lie on what they mark (edges aside)."""
    return all(
        ((frame[..., 0] > 120) != (mask == 1)).mean() < 0.03
        for frame, mask in zip(clip.frames, clip.masks, strict=True)
    )


@pytest.mark.parametrize(
    ("transform", "size"),
    [
        (RandomHorizontalFlip(1.0), (60, 100)),
        (RandomScale([1.25]), (75, 125)),
        (RandomScale([0.5]), (30, 50)),
        (RandomCrop(48), (48, 48)),
        (RandomCrop([30, 64], share=0.9), (30, 64)),
        (RandomCrop(120), (120, 120)),
        (Resize([32, 32]), (32, 32)),
        (RandomReverse(1.0), (60, 100)),
        (RandomBlur(1.0), (60, 100)),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, tuple) else "x".join(map(str, value)),
)
def test_frames_and_masks_move_together(transform, size) -> None:
    clip = transform(marked_clip(), np.random.default_rng(0))
    assert len(clip) == 4 and clip.size == size
    assert all(frame.shape == (*size, 3) and frame.dtype == np.uint8 for frame in clip.frames)
    assert all(mask.dtype == np.uint8 and set(np.unique(mask)) <= {0, 1} for mask in clip.masks)
    assert clip.masks[0].any() and agree(clip)


def test_a_smooth_scale_averages_frames_and_reads_masks_in_the_middle() -> None:
    frame = np.zeros((12, 12, 3), np.uint8)
    frame[::3] = 90  # a line in every three
    mask = np.arange(144, dtype=np.uint8).reshape(12, 12)
    small = RandomScale([1 / 3], smooth=True)(TrainingClip([frame], [mask]), np.random.default_rng(0))
    assert (small.frames[0] == 30).all()
    assert (small.masks[0] == mask[1::3, 1::3]).all()
    rough = RandomScale([1 / 3])(TrainingClip([frame], [mask]), np.random.default_rng(0))
    assert (rough.masks[0] == mask[::3, ::3]).all() and not (rough.frames[0] == 30).any()


def test_same_generator_state_same_clip() -> None:
    steps = build_transforms([{"RandomHorizontalFlip": None}, {"RandomScale": None}, {"RandomCrop": {"size": 40}}])
    results = []
    for _ in range(2):
        clip, rng = marked_clip(), np.random.default_rng(7)
        for step in steps:
            clip = step(clip, rng)
        results.append(np.stack(clip.frames))
    assert (results[0] == results[1]).all()


def test_reverse_leaves_the_reference_frame() -> None:
    clip = marked_clip()
    turned = RandomReverse(1.0)(clip, np.random.default_rng(0))
    for new, old in enumerate((0, 3, 2, 1)):
        assert (turned.masks[new] == clip.masks[old]).all()


def test_crop_always_crops_and_keeps_an_object_where_there_is_one() -> None:
    mask = np.zeros((200, 300), np.uint8)
    mask[190:193, 290:293] = 3
    clip = TrainingClip([np.zeros((200, 300, 3), np.uint8)] * 3, [mask] * 3)
    empty = TrainingClip(clip.frames, [np.zeros_like(mask)] * 3)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        assert (RandomCrop(32)(clip, rng).masks[0] == 3).any()
        assert RandomCrop(32)(empty, rng).size == (32, 32)


def test_crop_does_not_take_ignored_pixels_for_objects() -> None:
    mask = np.full((80, 80), 255, np.uint8)
    mask[70:75, 70:75] = 1
    clip = TrainingClip([np.zeros((80, 80, 3), np.uint8)], [mask])
    assert all((RandomCrop(16)(clip, np.random.default_rng(s)).masks[0] == 1).any() for s in range(20))


def test_share_asks_for_most_of_the_object() -> None:
    clip = marked_clip(frames=1)
    shown = [np.count_nonzero(RandomCrop(40, share=0.8)(clip, np.random.default_rng(s)).masks[0]) for s in range(30)]
    assert np.mean(np.array(shown) >= 0.8 * 400) > 0.9


def test_jitter_changes_colours_of_all_frames_alike_and_no_mask() -> None:
    frame = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    clip = TrainingClip([frame] * 3, [np.ones((20, 30), np.uint8)] * 3)
    jittered = ColorJitter(0.4, 0.4, 0.4)(clip, np.random.default_rng(1))
    assert (jittered.frames[0] != frame).any()
    assert all((other == jittered.frames[0]).all() for other in jittered.frames)
    assert (jittered.masks[0] == 1).all()
    still = ColorJitter(0, 0, 0)(clip, np.random.default_rng(1))
    assert np.abs(still.frames[0].astype(int) - frame).max() <= 1


def test_compact_renumbers_and_drops_what_the_reference_does_not_show() -> None:
    first, second = np.zeros((2, 10, 10), np.uint8)
    first[:4], first[4, :2], first[9] = 7, 9, 255
    second[:4], second[4:8], second[8] = 7, 5, 9
    clip, objects = TrainingClip([np.zeros((10, 10, 3), np.uint8)] * 2, [first, second]).compact(min_area=5)
    assert objects == 1
    assert set(np.unique(clip.masks[0])) == {0, 1, 255}
    assert (clip.masks[1][:4] == 1).all() and not clip.masks[1][4:].any()
    tiny = TrainingClip([np.zeros((10, 10, 3), np.uint8)], [np.where(first == 9, first, 0)]).compact(min_area=5)
    assert tiny[1] == 1 and np.count_nonzero(tiny[0].masks[0] == 1) == 2


def test_unknown_and_malformed_entries_are_input_errors() -> None:
    with pytest.raises(InputError, match="did you mean 'RandomCrop'"):
        build_transforms([{"RandomCorp": {"size": 3}}])
    with pytest.raises(InputError, match="a transform is written"):
        build_transforms(["RandomCrop"])  # type: ignore[list-item]


def test_reference_crop_leaves_clips_whole_when_its_last_draws_show_nothing() -> None:
    mask = np.zeros((200, 300), np.uint8)
    mask[190:193, 290:293] = 3
    clip = TrainingClip([np.zeros((200, 300, 3), np.uint8)] * 3, [mask] * 3)
    crop = RandomCrop(32, tries=5, reference=True)
    sizes = [crop(clip, np.random.default_rng(seed)).size for seed in range(10)]
    assert (200, 300) in sizes
    assert Resize(32)(crop(clip, np.random.default_rng(sizes.index((200, 300)))), np.random.default_rng(0)).size == (
        32,
        32,
    )
    full = TrainingClip(clip.frames, [np.tile(np.arange(300, dtype=np.uint8) % 2, (200, 1))] * 3)
    assert crop(full, np.random.default_rng(0)).size == (32, 32)
    assert RandomCrop(250, tries=5, reference=True)(full, np.random.default_rng(0)).size == (200, 250)
