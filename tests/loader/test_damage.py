"""Damaged masks keep their ids, and stay like what they were made from."""

from __future__ import annotations

import numpy as np
import pytest

from paddlevideo.loader.damage import MaskDamage, PartDamage, object_ids

DAMAGES = [MaskDamage(), MaskDamage(morphology=1.0), PartDamage(1, 1, 0.3)]


def two_objects() -> np.ndarray:
    mask = np.zeros((90, 120), np.uint8)
    mask[20:60, 10:50] = 1
    mask[30:80, 48:100] = 4
    return mask


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: type(damage).__name__)
@pytest.mark.parametrize("seed", range(8))
def test_no_id_appears_that_was_not_there(damage, seed: int) -> None:
    mask = two_objects()
    mask[:3] = 255
    before = mask.copy()
    damaged = damage(mask, np.random.default_rng(seed))
    assert damaged.shape == mask.shape and damaged.dtype == np.uint8
    assert set(np.unique(damaged)) <= {0, 1, 4}
    assert (mask == before).all()
    assert (damaged == damage(mask, np.random.default_rng(seed))).all()


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: type(damage).__name__)
@pytest.mark.parametrize(("rows", "columns"), [(0, 0), (1, 1), (1, 40), (90, 120)])
def test_empty_tiny_thin_and_full_masks(damage, rows: int, columns: int) -> None:
    mask = np.zeros((90, 120), np.uint8)
    mask[:rows, :columns] = 2
    for seed in range(6):
        assert set(np.unique(damage(mask, np.random.default_rng(seed)))) <= {0, 2}


def test_mask_damage_is_slight_and_real() -> None:
    mask = two_objects()
    overlaps = []
    for seed in range(30):
        damaged = MaskDamage()(mask, np.random.default_rng(seed))
        inside, either = (mask == 4) & (damaged == 4), (mask == 4) | (damaged == 4)
        overlaps.append(inside.sum() / either.sum())
    assert min(overlaps) > 0.7 and max(overlaps) < 1 and len(set(overlaps)) > 20


def test_scale_is_about_the_objects_own_centre() -> None:
    mask = np.zeros((200, 200), np.uint8)
    mask[150:190, 140:180] = 1
    for seed in range(20):
        damaged = MaskDamage(shift=0, scale=0.3, rotate=0)(mask, np.random.default_rng(seed))
        assert np.allclose(np.argwhere(damaged).mean(axis=0), np.argwhere(mask).mean(axis=0), atol=1)


def test_an_object_that_would_vanish_stays() -> None:
    mask = np.zeros((50, 50), np.uint8)
    mask[0, 10:20] = 1
    mask[20:40, 20:40] = 2
    for seed in range(40):
        assert object_ids(MaskDamage(shift=3.0, morphology=0.5)(mask, np.random.default_rng(seed))).size >= 1
        assert (MaskDamage(shift=9.0)(np.where(mask == 1, mask, 0), np.random.default_rng(seed)) == 1).any()


def test_dilation_and_erosion_change_the_area_both_ways() -> None:
    mask = np.zeros((80, 80), np.uint8)
    mask[20:60, 20:60] = 1
    still = MaskDamage(shift=0, scale=0, rotate=0, morphology=1.0)
    areas = np.array([np.count_nonzero(still(mask, np.random.default_rng(seed))) for seed in range(20)])
    assert (areas > 1600).any() and (areas < 1600).any()


def test_dropped_objects_leave_the_mask_empty() -> None:
    assert not PartDamage(drop=1.0)(two_objects(), np.random.default_rng(0)).any()


def test_reference_grows_objects_away_from_the_corner() -> None:
    mask = np.zeros((200, 200), np.uint8)
    mask[150:190, 140:180] = 1
    moved = []
    for seed in range(20):
        damaged = MaskDamage(shift=0, scale=0.1, rotate=0, reference=True)(mask, np.random.default_rng(seed))
        moved.append(np.abs(np.argwhere(damaged).mean(axis=0) - np.argwhere(mask).mean(axis=0)).max())
    assert max(moved) > 5


def test_reference_leaves_the_mask_alone_when_an_object_vanishes() -> None:
    mask = two_objects()
    mask[0, 0] = 255
    damage = MaskDamage(shift=9.0, reference=True)
    assert any(np.array_equal(damage(mask, np.random.default_rng(s)), np.where(mask == 255, 0, mask)) for s in range(5))
