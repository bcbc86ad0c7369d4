"""Objects in front of another video: they keep their motion, are as large as asked, and hide nothing altogether."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from paddlevideo.loader.davis import DavisFolder, Sequence
from paddlevideo.prepare.composed_davis import composed_frames
from paddlevideo.prepare.video_layers import Layer, back_and_forth, draw_layers, fit, keep_cuts_outside, stack_masks
from paddlevideo.prepare.write_davis import write_frame
from paddlevideo.utils.errors import InputError

SIZE = (96, 160)
COLOURS = {"grey": (90, 90, 90), "red": (220, 30, 30), "blue": (30, 30, 220)}


def write_boxes(root: Path, name: str, boxes: list[tuple[int, int, int, int]], void: bool = False) -> Sequence:
    """Write a video of a box (left, top, width, height; by frame) in the colour ``name`` on green; 255 in a corner."""
    for t, (left, top, width, height) in enumerate(boxes):
        frame = np.full((*SIZE, 3), (40, 160, 40), np.uint8)
        mask = np.zeros(SIZE, np.uint8)
        window = slice(top, top + height), slice(left, left + width)
        frame[window] = COLOURS[name]
        mask[window] = 1
        if void:
            mask[:4, :4] = 255
        write_frame(root, name, t, frame, mask)
    return DavisFolder(root, sequences=[name]).sequences[0]


@pytest.fixture
def base(tmp_path: Path) -> Sequence:
    return write_boxes(tmp_path, "grey", [(50 + 2 * t, 30, 50, 40) for t in range(7)], void=True)


@pytest.fixture
def red(tmp_path: Path) -> Sequence:
    """Moves 6 pixels right and 3 down a frame."""
    return write_boxes(tmp_path, "red", [(40 + 6 * t, 20 + 3 * t, 30, 40) for t in range(4)])


@pytest.fixture
def blue(tmp_path: Path) -> Sequence:
    return write_boxes(tmp_path, "blue", [(60, 30, 40, 20)] * 9)


def centre(mask: np.ndarray) -> np.ndarray:
    """Of the box around what is not 0: x, y."""
    left, top, width, height = cv2.boundingRect(mask)
    return np.array([left + width / 2, top + height / 2])


def test_a_short_video_goes_back_and_forth() -> None:
    assert back_and_forth(3, 8).tolist() == [0, 1, 2, 1, 0, 1, 2, 1]
    assert back_and_forth(9, 4).tolist() == [0, 1, 2, 3]
    assert back_and_forth(2, 4).tolist() == [0, 1, 0, 1]
    assert back_and_forth(1, 3).tolist() == [0, 0, 0]


def test_what_is_drawn_keeps_its_promises(base: Sequence, red: Sequence, blue: Sequence) -> None:
    drawn = [draw_layers(base, [red, blue], 7, 3, np.random.default_rng(seed)) for seed in range(20)]
    for layers in drawn:
        assert layers[0].sequence is base and {layer.sequence for layer in layers[1:]} == {red, blue}
        labels = stack_masks(layers)
        for identity, layer in enumerate(layers, 1):
            seen = np.array([(label == identity).sum() for label in labels])
            assert seen[0] >= 0.005 * labels[0].size
            assert np.mean(seen / layer.whole) >= 0.5
        for t, label in enumerate(labels):  # what is not judged stays so, where nothing is in front
            assert label[0, 0] == 255 or any(layer.masks[t][0, 0] for layer in layers[1:])
    pasted = [layer for layers in drawn for layer in layers[1:]]
    sides = [layer.scale * 40 / 96 for layer in pasted]  # both boxes are 40 pixels on their longer side
    assert 0.3 <= min(sides) < 0.4 < 0.5 < max(sides) <= 0.6
    assert {layer.flip for layer in pasted} == {True, False}
    assert {layers[1].sequence for layers in drawn} == {red, blue}
    crossing = [(layers[0].masks[3] == 1) & (layers[1].masks[3] > 0) for layers in drawn]
    assert 0 < sum(both.any() for both in crossing) < len(drawn)


def test_an_object_keeps_its_motion(base: Sequence, red: Sequence) -> None:
    whole_ones = 0
    for seed in range(12):
        _, layer = draw_layers(base, [red], 7, 2, np.random.default_rng(seed))
        if any(mask.sum() < whole for mask, whole in zip(layer.masks, layer.whole, strict=True)):
            continue  # leaves the picture
        whole_ones += 1
        source = [centre(red.mask(index)) for index in (0, 1, 2, 3, 2, 1, 0)]
        for t, mask in enumerate(layer.masks):
            moved = (source[t] - source[0]) * layer.scale * (-1 if layer.flip else 1, 1)
            assert centre(mask) - centre(layer.masks[0]) == pytest.approx(moved, abs=1.1)
    assert whole_ones > 2


def test_pictures_show_what_the_masks_say(base: Sequence, red: Sequence, blue: Sequence) -> None:
    layers = draw_layers(base, [red, blue], 7, 3, np.random.default_rng(1))
    for t, (picture, mask) in enumerate(composed_frames(layers)):
        for identity, layer in enumerate(layers, 1):
            inner = cv2.erode((mask == identity).astype(np.uint8), np.ones((7, 7)))[..., None] > 0
            off = np.abs(picture.astype(int) - COLOURS[layer.sequence.name])
            assert inner.any() and (off * inner).max() < 25
        pasted = np.bitwise_or.reduce([layer.masks[t] for layer in layers[1:]])
        away = cv2.dilate(pasted, np.ones((9, 9))) == 0
        assert (picture[away] == base.frame(t)[away]).all()


def test_edges_are_soft_over_a_pixel_or_two(base: Sequence, red: Sequence) -> None:
    _, layer = draw_layers(base, [red], 7, 2, np.random.default_rng(0))
    ground = np.full((*SIZE, 3), (40, 160, 40), np.uint8)
    row = int(centre(layer.masks[0])[1])
    line = layer.over(ground, 0)[row, :, 0].astype(int)
    between = np.count_nonzero((line > 60) & (line < 200))
    assert 2 <= between <= 8  # both sides together
    assert line.max() > 205 and line.min() < 55


def test_hidden_objects_do_not_fit(base: Sequence) -> None:
    def in_front(columns: int, frames: range) -> list[Layer]:
        bottom = Layer.of_base(base, 7)
        covers = [np.zeros(SIZE, np.uint8) for _ in range(7)]
        for t in range(7):
            covers[t][75:95, 0:20] = 1  # beside the base
        for t in frames:
            covers[t][30:70, 50 + 2 * t : 50 + 2 * t + columns] = 1
        return [bottom, Layer(base, np.arange(7), 1, False, (0, 0), covers, np.array([c.sum() for c in covers]))]

    assert fit(in_front(20, range(7))) and not fit(in_front(30, range(7)))  # of 50 columns
    assert fit(in_front(50, range(4, 7))) and not fit(in_front(50, range(3, 7)))  # of 7 frames
    assert not fit(in_front(50, range(1)))  # in the first one
    bottom, beside = in_front(0, range(0))
    gone = Layer(base, np.arange(7), 1, False, (0, 0), [np.zeros(SIZE, np.uint8)] + beside.masks[1:], beside.whole)
    assert fit([bottom, beside]) and not fit([bottom, gone])


def test_a_border_that_cuts_an_object_off_stays_outside() -> None:
    free, left, right = np.zeros(50, bool), np.arange(50) < 9, np.arange(50) > 40
    assert keep_cuts_outside(12.0, free, 80) == (12.0, False)
    assert keep_cuts_outside(12.0, left, 80) == (0, False) and keep_cuts_outside(-5.0, left, 80) == (-5.0, False)
    assert keep_cuts_outside(12.0, right, 80) == (30, False) and keep_cuts_outside(45.0, right, 80) == (45.0, False)
    assert keep_cuts_outside(12.0, left | right, 80) == (12.0, True)
    assert keep_cuts_outside(12.0, left | right, 40) == (0, False)
    assert keep_cuts_outside(-30.0, left | right, 40) == (-10, False)


def test_an_object_cut_off_below_stands_at_the_lower_border(tmp_path: Path, base: Sequence) -> None:
    cut = write_boxes(tmp_path, "blue", [(60, 56, 30, 40)] * 7)
    for seed in range(8):
        _, layer = draw_layers(base, [cut], 7, 2, np.random.default_rng(seed))
        assert not layer.cut and all(mask[-1].any() for mask in layer.masks)


def test_what_is_cut_off_in_sight_is_the_last_choice(tmp_path: Path, base: Sequence, blue: Sequence) -> None:
    tall = write_boxes(tmp_path, "red", [(60, 0, 40, 96)] * 7)
    for seed in range(8):
        _, layer = draw_layers(base, [tall, blue], 7, 2, np.random.default_rng(seed))
        assert layer.sequence.name == "blue"
    _, layer = draw_layers(base, [tall], 7, 2, np.random.default_rng(0))
    assert layer.cut


def test_no_object_or_no_place_is_one_line(tmp_path: Path, base: Sequence) -> None:
    empty = write_boxes(tmp_path, "red", [(0, 0, 0, 0)] * 3)
    with pytest.raises(InputError, match="no object in the first 3 masks of 'red'"):
        draw_layers(empty, [base], 3, 2, np.random.default_rng(0))
    with pytest.raises(InputError, match="no place for object 2 in 'grey'"):
        draw_layers(base, [empty], 3, 2, np.random.default_rng(0))
