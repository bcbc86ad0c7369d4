"""Masks that follow the picture's edges."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from paddlevideo.loader.preprocess import Preprocess
from paddlevideo.session.memory.masks import upsample_labels
from paddlevideo.session.options import SessionOptions
from paddlevideo.session.rules.edges import with_edges
from paddlevideo.session.session import Session
from paddlevideo.utils.errors import InputError
from tests.session.test_session import FRAMES, SIZE, Clip, Colours, _stroke

HEIGHT, WIDTH = 120, 168
IDS = (0, 2, 5)


def scene(*discs: tuple[int, int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """A picture and its true ids: discs (id, row, column, radius), each of a brightness of its own."""
    truth = np.zeros((HEIGHT, WIDTH), np.uint8)
    for object_id, row, column, radius in discs:
        cv2.circle(truth, (column, row), radius, object_id, cv2.FILLED)
    noise = np.random.default_rng(0).normal(0, 4, truth.shape)
    grey = np.clip(60 + 30.0 * truth + noise, 0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2), truth


def shares_of(truth: np.ndarray) -> np.ndarray:
    """What a network on a grid of every fourth pixel could know: shares (O,h,w), blurred."""
    planes = [cv2.resize((truth == each).astype(np.float32), None, fx=0.25, fy=0.25) for each in IDS]
    return np.stack([cv2.GaussianBlur(plane, (0, 0), 1.0) for plane in planes])


def overlap(mask: np.ndarray, truth: np.ndarray, object_id: int) -> float:
    one, other = mask == object_id, truth == object_id
    return float((one & other).sum() / (one | other).sum())


def test_borders_move_to_where_the_brightness_changes() -> None:
    picture, truth = scene((2, 50, 40, 23), (5, 70, 120, 9))
    shares = shares_of(truth)
    plain = upsample_labels(shares, IDS, truth.shape)
    before = plain.copy()
    followed = with_edges(plain, shares, IDS, picture)
    assert (plain == before).all()
    for object_id in (2, 5):
        assert 1 - overlap(followed, truth, object_id) < 0.5 * (1 - overlap(plain, truth, object_id))


def test_far_from_borders_nothing_changes_whatever_the_picture() -> None:
    _, truth = scene((2, 50, 40, 23))
    picture = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    shares = shares_of(truth)
    plain = upsample_labels(shares, IDS, truth.shape)
    followed = with_edges(plain, shares, IDS, picture)
    near = cv2.dilate(plain, np.ones((41, 41), np.uint8)) != cv2.erode(plain, np.ones((41, 41), np.uint8))
    assert (followed != plain).any() and (followed == plain)[~near].all()
    assert set(np.unique(followed)) <= {0, 2}


def test_a_picture_without_edges_leaves_a_straight_border() -> None:
    truth = np.zeros((HEIGHT, WIDTH), np.uint8)
    truth[:, WIDTH // 2 :] = 2
    shares = shares_of(truth)
    plain = upsample_labels(shares, IDS, truth.shape)
    flat = np.full((HEIGHT, WIDTH, 3), 77, np.uint8)
    assert (with_edges(plain, shares, IDS, flat) == plain).all()


@pytest.mark.parametrize("where", [(0, 0), (HEIGHT - 1, WIDTH - 1)])
def test_objects_at_the_rim(where: tuple[int, int]) -> None:
    picture, truth = scene((5, *where, 30))
    shares = shares_of(truth)
    plain = upsample_labels(shares, IDS, truth.shape)
    followed = with_edges(plain, shares, IDS, picture)
    assert overlap(followed, truth, 5) > overlap(plain, truth, 5) and followed[where] == 5


def test_masks_without_a_border_stay() -> None:
    picture, truth = scene()
    assert not with_edges(truth, shares_of(truth), IDS, picture).any()


def test_a_session_shows_such_masks_and_propagates_as_before() -> None:
    def logits(**rules: bool) -> tuple[Session, list[np.ndarray]]:
        session = Session(Colours(), Clip(), Preprocess("rgb", size=None), 2, SessionOptions(**rules))
        session.add_strokes([_stroke(1, 2), _stroke(2, 2)])
        return session, [result.logits for result in session.propagate()]

    (plain, one), (followed, other) = logits(), logits(edges=True)
    assert len(one) == FRAMES and all(np.array_equal(*pair) for pair in zip(one, other, strict=True))
    differ = [(plain.mask(frame) != followed.mask(frame)).sum() for frame in range(FRAMES)]
    assert 0 < max(differ) < 0.1 * SIZE[0] * SIZE[1]


def test_cells_move_masks_alone() -> None:
    def run(**rules: str) -> tuple[Session, list[np.ndarray]]:
        session = Session(Colours(), Clip(), Preprocess("rgb", size=None), 2, SessionOptions(**rules))
        session.add_strokes([_stroke(1, 2), _stroke(2, 2)])
        return session, [result.logits for result in session.propagate()]

    (corners, one), (cells, other) = run(), run(upsampling="cells")
    assert all(np.array_equal(*pair) for pair in zip(one, other, strict=True))
    assert any((corners.mask(frame) != cells.mask(frame)).any() for frame in range(FRAMES))
    with pytest.raises(InputError, match="upsampling is one of corners, cells"):
        run(upsampling="middles")
