"""Finer logits: whose they are, and when there are none."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from paddlevideo.loader.array_frames import ArrayFrames
from paddlevideo.loader.preprocess import Preprocess
from paddlevideo.loader.samples import to_grid
from paddlevideo.session.borders import Borders
from paddlevideo.session.options import SessionOptions
from paddlevideo.session.session import Session
from tests.session.test_session import SIZE, Colours, _session, _stroke


class Doubling:
    """Each logit four times over, and ten more."""

    border_decoder = True

    def finer(self, image: np.ndarray, embedding: np.ndarray, logits: np.ndarray) -> np.ndarray:
        assert image.shape == (3, 9, 9) and embedding.shape == (5, 3, 3)
        return cast(np.ndarray, logits.repeat(2, axis=1).repeat(2, axis=2) + 10)


def _borders(engine: Any) -> Borders:
    return Borders(engine, cast(Any, {4: np.zeros((5, 3, 3))}), lambda frame: np.full((3, 9, 9), float(frame)))


@pytest.mark.parametrize("ids", [[0, 2, 5], [2, 0, 5]])
def test_objects_are_told_from_the_background_whose_logits_are_zero(ids: list[int]) -> None:
    logits = np.random.default_rng(0).standard_normal((3, 3, 3))
    finer = _borders(Doubling())(4, logits, ids)
    ground = ids.index(0)
    assert finer.shape == (3, 6, 6) and (finer[ground] == 0).all()
    for row in {0, 1, 2} - {ground}:
        np.testing.assert_allclose(finer[row, ::2, ::2], logits[row] - logits[ground] + 10)


@pytest.mark.parametrize(("decoder", "ids"), [(False, [0, 1]), (True, [0])])
def test_without_a_decoder_or_an_object_logits_stay(decoder: bool, ids: list[int]) -> None:
    engine = Doubling()
    engine.border_decoder = decoder
    logits = np.zeros((len(ids), 3, 3))
    assert _borders(engine)(4, logits, ids) is logits


class Growing(Colours):
    """Finer logits are larger than the grid's, by which objects grow."""

    border_decoder = True

    def finer(self, image: np.ndarray, embedding: np.ndarray, logits: np.ndarray) -> np.ndarray:
        assert image.shape[1:] == SIZE
        return cast(np.ndarray, logits.repeat(2, axis=1).repeat(2, axis=2) + 0.3)


def test_masks_are_those_of_the_finer_logits_and_locked_objects_stay() -> None:
    plain, growing = _session(), _session(engine=Growing())
    for session in (plain, growing):
        session.add_strokes([_stroke(1, 0), _stroke(2, 0)])
        list(session.propagate())
    assert (growing.mask(2) > 0).sum() > (plain.mask(2) > 0).sum()
    before = growing.mask(2) == 2
    growing.lock([2])
    growing.add_strokes([_stroke(1, 2), _stroke(0, 2)])
    list(growing.propagate())
    assert np.array_equal(growing.mask(2) == 2, before)


class Sized(Growing):
    """Of any size; borders are not looked at."""

    def embed(self, image: np.ndarray) -> np.ndarray:
        return image[:, ::4, ::4]

    def finer(self, image: np.ndarray, embedding: np.ndarray, logits: np.ndarray) -> np.ndarray:
        height, width = image.shape[1:]
        assert (height % 16, width % 16) == (1, 1) and embedding.shape[1:] == logits.shape[1:]
        return cast(np.ndarray, logits.repeat(2, axis=1).repeat(2, axis=2)[:, :-1, :-1])


@pytest.mark.parametrize("size", [(61, 35), (34, 90), (9, 7)])
def test_videos_of_any_shape_are_fed_with_aligned_corners(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    frames = ArrayFrames(rng.integers(0, 256, (3, *size, 3)).astype(np.uint8))
    preprocess = Preprocess("rgb", size=48, stride=16, interpolation="area")
    session = Session(Sized(), frames, preprocess, 1, SessionOptions())
    mask = np.zeros(size, np.uint8)
    mask[: size[0] // 2, : size[1] // 2] = 1
    session.add_mask(0, mask)
    results = list(session.propagate())
    assert [result.mask.shape for result in results] == [size] * 3
    assert np.array_equal(session.mask(0), mask)


def test_a_mask_of_the_inputs_own_size_reaches_the_grid_pixel_by_pixel() -> None:
    rng = np.random.default_rng(0)
    frames = ArrayFrames(rng.integers(0, 256, (2, 33, 49, 3)).astype(np.uint8))
    session = Session(Sized(), frames, Preprocess("rgb", size=None, stride=16), 1, SessionOptions())
    mask = rng.integers(0, 2, (33, 49)).astype(np.uint8)
    session.add_mask(0, mask)
    assert np.array_equal(session._history.state.masks.grid(0), to_grid(mask))
