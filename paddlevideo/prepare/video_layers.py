"""Objects of whole videos in front of another one: each with its own motion, at a place that is drawn to make sense."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from ..loader.clip import IGNORE, count_ids
from ..loader.davis import Sequence
from ..loader.synthetic_clips import blend, draw_place, warp
from ..utils.errors import InputError
from .rope import Rope

EXTENT = (0.3, 0.6)  # longer side of a pasted object's box, median over its frames, by the picture's shorter side
ENLARGED = 1.5  # at most: beyond, an object is blurred beside what is sharp
NEAR = 0.5  # of the places are on or beside an object, so that some cross it
TRIES = 20  # places drawn for an object before another one is taken
KEPT = 0.5  # of each object is in sight, mean over frames
FIRST = 0.005  # of the first picture shows each object: somebody will scribble on it


@dataclass(frozen=True)
class Layer:
    """The object of a sequence over T frames of a composition: its place is constant, its motion its own.

    Attributes:
        sequence: where it comes from; all its objects count as one.
        order: (T,) the sequence's frames that are shown.
        scale, flip: of its pictures. 1, False and the corner (0, 0) for the base.
        corner: x, y of their upper left corner in the composition.
        masks: T (H, W) uint8 of 0 and 1, in the composition; the base's 255 (not judged) stay.
        whole: (T,) int64, the object's pixels, in sight or not.
        cut: whether the border of its own pictures cuts it off in sight.
    """

    sequence: Sequence | Rope
    order: np.ndarray
    scale: float
    flip: bool
    corner: tuple[int, int]
    masks: list[np.ndarray]
    whole: np.ndarray
    cut: bool = False

    @classmethod
    def of_base(cls, sequence: Sequence, frames: int) -> Layer:
        """The first frames of a sequence as they are; `InputError` when none of them shows an object."""
        read = [sequence.mask(t) for t in range(frames)]
        masks = [np.where(mask == IGNORE, IGNORE, mask > 0).astype(np.uint8) for mask in read]
        whole = np.array([np.count_nonzero(mask == 1) for mask in masks])
        if not whole.any():
            raise InputError(
                f"no object in the first {frames} masks of '{sequence.name}': take more frames, or leave the "
                "sequence out of the split"
            )
        return cls(sequence, np.arange(frames), 1.0, False, (0, 0), masks, whole)

    @classmethod
    def of_thing(cls, thing: Rope) -> Layer:
        """A drawn thing as it is, of the base's size."""
        masks = [thing.mask(t) for t in range(len(thing))]
        whole = np.array([np.count_nonzero(mask) for mask in masks])
        return cls(thing, np.arange(len(thing)), 1.0, False, (0, 0), masks, whole)

    def over(self, picture: np.ndarray, t: int) -> np.ndarray:
        """Return (H, W, 3) uint8: ``picture`` with the object of frame ``t`` in front."""
        own = _reshape(self.sequence.frame(self.order[t]), self.scale, self.flip)
        return blend(picture, _move(own, self.corner, self.masks[t].shape, cv2.BORDER_REPLICATE), self.masks[t])


def stack_masks(layers: list[Layer]) -> list[np.ndarray]:
    """Return T masks (H, W) uint8 with the ids 1 to ``len(layers)``, later ones in front."""
    labels = layers[0].masks
    for identity, layer in enumerate(layers[1:], 2):
        labels = [
            np.where(mask > 0, np.uint8(identity), label) for mask, label in zip(layer.masks, labels, strict=True)
        ]
    return labels


def draw_layers(
    base: Sequence, others: list[Sequence], frames: int, objects: int, rng: np.random.Generator
) -> list[Layer]:
    """Draw the base's layer and those in front of it, ``objects`` in all, none from the same sequence.

    At each step all layers `fit`. An object that would be seen cut off is taken only where nothing else fits. Raises
    `InputError` when no object has a place.
    """
    layers = [Layer.of_base(base, frames)]
    waiting = [others[index] for index in rng.permutation(len(others))]
    while len(layers) < objects:
        layer = _draw_layer(layers, waiting, rng)
        if layer is None:
            raise InputError(
                f"no place for object {len(layers) + 1} in '{base.name}', one would hide another: give another seed or "
                "fewer objects, or leave the sequence out of the split"
            )
        layers.append(layer)
        waiting = [sequence for sequence in waiting if sequence is not layer.sequence]
    return layers


def _draw_layer(layers: list[Layer], waiting: list[Sequence], rng: np.random.Generator) -> Layer | None:
    labels = stack_masks(layers)
    second_best = None
    for sequence in waiting:
        donor = _Donor.read(sequence, len(labels))
        for _ in range(TRIES if donor.side else 0):
            layer = donor.placed(labels, rng)
            if fit([*layers, layer]):
                if not layer.cut:
                    return layer
                second_best = second_best or layer
    return second_best


def fit(layers: list[Layer]) -> bool:
    """Whether enough of each object is in sight: of the first picture, and of the object itself on average.

    A base whose object is too small for that has to be seen whole in the first picture.
    """
    seen = np.stack([count_ids(label)[1 : len(layers) + 1] for label in stack_masks(layers)], axis=1)
    least = np.full(len(layers), FIRST * layers[0].masks[0].size)
    least[0] = min(least[0], layers[0].whole[0])
    if (seen[:, 0] < least).any():
        return False
    whole = np.stack([layer.whole for layer in layers])
    kept = (seen / np.maximum(whole, 1)).sum(axis=1) / (whole > 0).sum(axis=1)
    return bool(kept.min() >= KEPT)


def back_and_forth(length: int, frames: int) -> np.ndarray:
    """Return (frames,) indices of a video of ``length`` frames: forward, backward, forward again."""
    period = max(1, 2 * (length - 1))
    phase = np.arange(frames) % period
    return np.minimum(phase, period - phase)


@dataclass(frozen=True)
class _Donor:
    """A sequence's object before it has a place: T frames and their masks (H, W) uint8 of 0 and 1."""

    sequence: Sequence
    order: np.ndarray
    masks: list[np.ndarray]

    @classmethod
    def read(cls, sequence: Sequence, frames: int) -> _Donor:
        order = back_and_forth(len(sequence), frames)
        read = {index: sequence.mask(index) for index in set(order.tolist())}
        masks = {index: ((mask > 0) & (mask != IGNORE)).astype(np.uint8) for index, mask in read.items()}
        return cls(sequence, order, [masks[index] for index in order.tolist()])

    @cached_property
    def side(self) -> float:
        """The longer side of the box, its median over the frames that show the object; 0 where none does."""
        sides = [max(cv2.boundingRect(mask)[2:]) for mask in self.masks]
        return float(np.median([side for side in sides if side] or [0]))

    def placed(self, labels: list[np.ndarray], rng: np.random.Generator) -> Layer:
        """Draw size, flip and place in front of ``labels``, the T masks of a composition so far."""
        height, width = labels[0].shape
        scale = min(ENLARGED, min(height, width) * rng.uniform(*EXTENT) / self.side)
        flip = bool(rng.random() < 0.5)
        masks = [(_reshape(mask * 255, scale, flip) > 127).astype(np.uint8) for mask in self.masks]
        # Where the object is at some moment of the video, not always the first: it crosses others on its way.
        moment = int(rng.choice(np.flatnonzero([mask.any() for mask in self.masks])))
        left, top, box_width, box_height = cv2.boundingRect(masks[moment])
        x, y = draw_place(labels[moment], rng, NEAR) - (left + box_width / 2, top + box_height / 2)
        ever = np.bitwise_or.reduce(masks)
        x, cut_x = keep_cuts_outside(x, ever.any(axis=0), width)
        y, cut_y = keep_cuts_outside(y, ever.any(axis=1), height)
        corner = round(x), round(y)
        moved = [_move(mask, corner, (height, width)) for mask in masks]
        whole = np.array([np.count_nonzero(mask) for mask in masks])
        return Layer(self.sequence, self.order, scale, flip, corner, moved, whole, cut_x or cut_y)


def keep_cuts_outside(start: float, occupied: np.ndarray, length: int) -> tuple[float, bool]:
    """Move an object's pictures along an axis until no border that cuts it off is within the target.

    Args:
        start: where its pictures begin.
        occupied: (own length,) bool, where the object is in any frame.
        length: of the target.

    Returns:
        The new start, and whether it was in vain: the object is cut off at both ends of pictures that are too short.
    """
    last = length - len(occupied)  # pictures that start here or later end with the target or outside
    near, far = bool(occupied[0]), bool(occupied[-1])
    if near and far:
        return (start, True) if last > 0 else (min(max(start, last), 0), False)
    return (min(start, 0) if near else max(start, last) if far else start), False


def _reshape(picture: np.ndarray, scale: float, flip: bool) -> np.ndarray:
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=interpolation)
    return cv2.flip(scaled, 1) if flip else scaled


def _move(
    picture: np.ndarray, corner: tuple[int, int], size: tuple[int, ...], border: int = cv2.BORDER_CONSTANT
) -> np.ndarray:
    matrix = np.array([[1.0, 0, corner[0]], [0, 1.0, corner[1]]])
    return warp(picture, matrix, (size[0], size[1]), cv2.INTER_NEAREST, border)
