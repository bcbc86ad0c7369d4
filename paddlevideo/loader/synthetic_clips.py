"""Clips with several objects out of what has one: objects pasted from other videos, photographs set in motion."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .clip import IGNORE, TrainingClip
from .damage import object_ids
from .photographs import Photograph

Matrix = np.ndarray
"""(2, 3) float64, maps source pixels (x, y) to target pixels."""


@dataclass(frozen=True)
class Drift:
    """Smooth random motion of a whole picture, as parts of its shorter side, by frame.

    Attributes:
        shift: standard deviation of the move from one frame to the next.
        scale: of the change of size.
        rotate: of the turn, in degrees.
        jump: how many frames' worth of motion lie between the reference frame and the next, at most.
    """

    shift: float = 0.015
    scale: float = 0.012
    rotate: float = 1.2
    jump: float = 8.0

    def draw(
        self, frames: int, size: tuple[int, int], centre: tuple[float, float], rng: np.random.Generator
    ) -> list[Matrix]:
        """Return a matrix a frame, the identity for the first; turns and sizes are about ``centre`` (x, y)."""
        steps = rng.normal(0, 1, 4) * 0.8 + rng.normal(0, 1, (frames, 4)) * 0.6
        steps[0] = 0
        if frames > 1:
            # The reference frame may lie anywhere in a video, its neighbours in this clip follow each other.
            steps[1] = rng.normal(0, 1, 4) * rng.uniform(1, self.jump) ** 0.5
        path = steps.cumsum(axis=0) * (self.shift, self.shift, self.scale, self.rotate) * (min(size), min(size), 1, 1)
        matrices = []
        for x, y, scale, turn in path:
            matrix = cv2.getRotationMatrix2D(centre, float(turn), float(np.exp(scale)))
            matrix[:, 2] += (x, y)
            matrices.append(matrix)
        return matrices


def chain(first: Matrix, then: Matrix) -> Matrix:
    """Return the affine map ``first`` followed by ``then``."""
    return np.hstack([then[:, :2] @ first[:, :2], then[:, :2] @ first[:, 2:] + then[:, 2:]])


def touching(numbers: np.ndarray, number: int) -> np.ndarray:
    """Return the instances of a mask (H,W) that are within three pixels of instance ``number``, itself among them."""
    around = cv2.dilate((numbers == number).astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    found = np.unique(numbers[around])
    return found[(found > 0) & (found != IGNORE)]


def photograph_clip(
    photograph: Photograph,
    instances: np.ndarray,
    frames: int,
    size: tuple[int, int],
    drift: Drift,
    rng: np.random.Generator,
    join_prob: float = 0.0,
) -> TrainingClip:
    """Return a clip of a photograph under camera drift, with one or two of ``instances`` (numbers) as its objects.

    With probability ``join_prob`` the first object is all that touches it as well. The view covers ``size`` (height,
    width) of the photograph scaled to fill it, a little enlarged; where it moves over the edge the photograph is
    mirrored, mask and all.
    """
    image, numbers = photograph.image(), photograph.instances()
    chosen = rng.permutation(instances)[: int(rng.integers(1, 3))]
    table = np.zeros(256, np.uint8)
    table[chosen] = np.arange(1, len(chosen) + 1)
    if join_prob and rng.random() < join_prob:
        table[touching(numbers, chosen[0])] = 1
    table[IGNORE] = IGNORE
    mask = table[numbers]
    height, width = size
    fill = max(height / image.shape[0], width / image.shape[1]) * rng.uniform(1.0, 1.25)
    # Look at a pixel of the first object, from somewhere that keeps the view within the photograph.
    pixels = np.flatnonzero(mask == 1)
    y, x = divmod(int(pixels[rng.integers(len(pixels))]), mask.shape[1])
    slack = np.array([image.shape[1] * fill - width, image.shape[0] * fill - height])
    corner = np.clip(np.array([x, y]) * fill - rng.uniform(0.2, 0.8, 2) * (width, height), 0, slack)
    view = np.hstack([np.eye(2) * fill, -corner[:, None]])
    matrices = [chain(view, motion) for motion in drift.draw(frames, size, (width / 2, height / 2), rng)]
    return TrainingClip(
        [warp(image, matrix, size, cv2.INTER_LINEAR, cv2.BORDER_REFLECT_101) for matrix in matrices],
        [warp(mask, matrix, size, cv2.INTER_NEAREST, cv2.BORDER_REFLECT_101) for matrix in matrices],
    )


@dataclass(frozen=True)
class Cutout:
    """An object to paste: T frames (H, W, 3) and its binary masks (H, W), uint8."""

    frames: list[np.ndarray]
    masks: list[np.ndarray]

    @classmethod
    def of_clip(cls, clip: TrainingClip, rng: np.random.Generator) -> Cutout:
        """One object of another clip, with the motion it has there."""
        ids = object_ids(clip.masks[0])
        identity = rng.choice(ids) if len(ids) else 1
        return cls(clip.frames, [(mask == identity).astype(np.uint8) for mask in clip.masks])


def paste(
    clip: TrainingClip,
    cutout: Cutout,
    motion: list[Matrix],
    rng: np.random.Generator,
    *,
    extent: tuple[float, float] = (0.25, 0.7),
    near: float = 0.5,
    front: float = 0.6,
    distractor: float = 0.0,
) -> TrainingClip:
    """Return ``clip`` with an object pasted into every frame, under a new id, in front of or behind the others.

    Args:
        clip: T frames.
        cutout: as many frames of the object, from a picture of any size.
        motion: T matrices applied to the target frame, on top of the object's own motion.
        rng: draws size, place and order.
        extent: the longer side of the object's box, as a part of the frame's shorter side.
        near: probability that it lands on or beside an object that is there, else anywhere.
        front: probability that it goes in front of them.
        distractor: probability that it is pasted as background: something to tell from the objects.

    The reference frame keeps at least half of each object that was there: the pasted one goes behind where it would
    hide more. An object that ends up hidden has no pixels; `TrainingClip.compact` closes the gap.
    """
    left, top, box_width, box_height = cv2.boundingRect(cutout.masks[0])
    if not box_width:
        return clip
    height, width = clip.size
    scale = min(height, width) * rng.uniform(*extent) / max(box_width, box_height)
    flip = -1.0 if rng.random() < 0.5 else 1.0
    linear = np.diag([flip * scale, scale])
    target = draw_place(clip.masks[0], rng, near)
    centre = np.array([left + box_width / 2, top + box_height / 2])
    placed = np.hstack([linear, (target - linear @ centre)[:, None]])
    ids = object_ids(clip.masks[0])
    identity = 0 if rng.random() < distractor else int(ids[-1]) + 1 if len(ids) else 1
    if identity >= IGNORE:
        return clip
    masks = [
        warp(mask, chain(placed, moved), clip.size, cv2.INTER_NEAREST)
        for mask, moved in zip(cutout.masks, motion, strict=True)
    ]
    in_front = rng.random() < front and all(
        np.count_nonzero((clip.masks[0] == other) & (masks[0] == 0)) * 2 >= np.count_nonzero(clip.masks[0] == other)
        for other in ids
    )
    frames, labels = [], []
    for index, moved in enumerate(motion):
        shown = masks[index] if in_front else masks[index] * (clip.masks[index] == 0)
        picture = warp(cutout.frames[index], chain(placed, moved), clip.size, cv2.INTER_LINEAR, cv2.BORDER_REPLICATE)
        frames.append(blend(clip.frames[index], picture, shown))
        labels.append(np.where(shown > 0, np.uint8(identity), clip.masks[index]))
    return TrainingClip(frames, labels)


def draw_place(mask: np.ndarray, rng: np.random.Generator, near: float) -> np.ndarray:
    """Draw a point (x, y): with probability ``near`` on or beside an object of ``mask``, else anywhere."""
    height, width = mask.shape
    pixels = np.flatnonzero((mask != 0) & (mask != IGNORE))
    if len(pixels) and rng.random() < near:
        y, x = divmod(int(pixels[rng.integers(len(pixels))]), width)
        return np.array([x, y]) + rng.normal(0, 0.12, 2) * min(height, width)
    return rng.uniform(0.1, 0.9, 2) * (width, height)


def blend(frame: np.ndarray, pasted: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """``pasted`` over ``frame`` where ``mask`` is 1, with an edge a little soft so that the seam gives nothing away."""
    left, top, width, height = cv2.boundingRect(mask)
    if not width:
        return frame
    window = slice(max(0, top - 4), top + height + 4), slice(max(0, left - 4), left + width + 4)
    alpha = cv2.GaussianBlur(mask[window].astype(np.float32), (0, 0), 0.8)[..., None]
    blended = frame.copy()
    under = frame[window].astype(np.float32)
    blended[window] = under + alpha * (pasted[window] - under) + 0.5
    return blended


def warp(
    picture: np.ndarray, matrix: Matrix, size: tuple[int, int], interpolation: int, border: int = cv2.BORDER_CONSTANT
) -> np.ndarray:
    """Return ``picture`` under ``matrix``, at ``size`` (height, width)."""
    return cv2.warpAffine(picture, matrix, (size[1], size[0]), flags=interpolation, borderMode=border)
