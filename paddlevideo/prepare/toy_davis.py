"""A small DAVIS that is drawn, not filmed: textured shapes that turn, grow and cross each other over a moving ground.

For tests, for a first training run of minutes, and for whoever has no data yet. The same seed gives the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from ..loader.scribbles import write_rounds
from ..loader.simulated_strokes import simulate_strokes
from ..utils.errors import InputError
from .write_davis import new_davis_folder, write_frame, write_splits

MAX_OBJECTS = 3


@dataclass(frozen=True)
class ToyWorld:
    """How much is drawn.

    Attributes:
        sequences: training sequences; every third of them has no scribble file. ``val`` has half as many, others.
        frames: frames a sequence.
        size: height and width.
        seed: of everything.
    """

    sequences: int = 6
    frames: int = 12
    size: tuple[int, int] = (144, 240)
    seed: int = 0


def write_toy_davis(root: str | Path, world: ToyWorld) -> list[str]:
    """Draw a DAVIS folder with the splits ``train`` and ``val`` at ``root``; return the sequences' names.

    Raises:
        InputError: ``root`` is there already and not empty, or the world is too small to draw in.
    """
    if world.sequences < 1 or world.frames < 3 or min(world.size) < 64:
        raise InputError("a toy world needs 1 sequence, 3 frames and 64 pixels each way, or more of each")
    splits = {
        "train": [f"toy-{number:02d}" for number in range(world.sequences)],
        "val": [f"unseen-{number:02d}" for number in range(-(-world.sequences // 2))],
    }
    names = [name for split in splits.values() for name in split]
    with new_davis_folder(root) as folder:
        for index, name in enumerate(tqdm(names, desc="drawing", unit="sequence", delay=2)):
            _write_sequence(folder, name, index, world)
        write_splits(folder, splits)
    return names


def draw_sequence(
    objects: int, frames: int, size: tuple[int, int], rng: np.random.Generator
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Draw frames (H, W, 3) uint8 RGB and masks (H, W) uint8 with the ids 1 to ``objects``.

    A later object is in front of the earlier ones. Centres bounce off the border, so that objects stay in sight.
    """
    height, width = size
    ground = _texture((height + 2 * frames, width + 2 * frames), rng)
    actors = [_Actor.draw(size, place, objects, rng) for place in range(objects)]
    pan = rng.uniform(-1, 1, 2)
    pictures, masks = [], []
    for t in range(frames):
        y, x = (int(round(frames + pan[axis] * t)) for axis in (0, 1))
        picture = ground[y : y + height, x : x + width].copy()
        mask = np.zeros(size, np.uint8)
        for identity, actor in enumerate(actors, 1):
            skin, inside = actor.at(t, size)
            picture[inside] = skin[inside]
            mask[inside] = identity
        pictures.append(picture)
        masks.append(mask)
    return pictures, masks


@dataclass(frozen=True)
class _Actor:
    """An object: its skin and its shape (side x side), and how it moves."""

    skin: np.ndarray
    shape: np.ndarray
    centre: np.ndarray  # x, y at frame 0
    speed: np.ndarray  # pixels a frame
    turn: float  # degrees a frame
    growth: float  # of the scale, at most, over a slow wave

    @classmethod
    def draw(cls, size: tuple[int, int], place: int, places: int, rng: np.random.Generator) -> _Actor:
        side = int(min(size) * rng.uniform(0.5, 0.65))
        # Side by side at first, so that the first frames show every object.
        x = size[1] * (place + 0.5) / places
        return cls(
            skin=_texture((side, side), rng),
            shape=_shape(side, rng),
            centre=np.array([x, size[0] * rng.uniform(0.4, 0.6)]),
            speed=rng.uniform(1, 4, 2) * rng.choice([-1, 1], 2),
            turn=float(rng.uniform(-6, 6)),
            growth=float(rng.uniform(0, 0.2)),
        )

    def at(self, t: int, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """The object's picture (H, W, 3) and bool mask (H, W) at frame ``t``."""
        height, width = size
        side = len(self.shape)
        scale = 1 + self.growth * np.sin(t / 3)
        matrix = cv2.getRotationMatrix2D((side / 2, side / 2), self.turn * t, scale)
        x, y = (_bounce(self.centre[axis] + self.speed[axis] * t, limit) for axis, limit in enumerate((width, height)))
        matrix[:, 2] += (x - side / 2, y - side / 2)
        skin = cv2.warpAffine(self.skin, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        inside = cv2.warpAffine(self.shape, matrix, (width, height), flags=cv2.INTER_NEAREST)
        return skin, inside > 0


def _bounce(position: float, limit: int) -> float:
    """Reflect a coordinate at an eighth of the picture from either border."""
    margin = limit / 8
    length = limit - 2 * margin
    phase = (position - margin) % (2 * length)
    return float(margin + (phase if phase < length else 2 * length - phase))


def _texture(size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Blotches of one hue at two scales (H, W, 3)."""
    height, width = size
    colour = rng.integers(40, 216, 3)
    picture = np.zeros((height, width, 3), np.float32) + colour
    for cell, contrast in ((16, 35), (5, 25)):
        coarse = rng.normal(0, contrast, (height // cell + 2, width // cell + 2, 1)).repeat(3, 2).astype(np.float32)
        coarse += rng.normal(0, contrast / 3, coarse.shape).astype(np.float32)
        picture += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(picture, 0, 255).astype(np.uint8)


def _shape(side: int, rng: np.random.Generator) -> np.ndarray:
    """A disc, a box, a star or a blob as (side, side) uint8 of 0 and 1."""
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    waves = int(rng.integers(2, 6))
    radius = (
        np.ones(40),
        1 / np.maximum(np.abs(np.cos(angles)), np.abs(np.sin(angles))) / 1.3,
        1 - 0.4 * (np.arange(40) % 8 >= 4),
        0.75 + 0.25 * np.sin(waves * angles + rng.uniform(0, 6)),
    )[rng.integers(4)]
    stretch = np.array([1.0, rng.uniform(0.7, 1.0)])
    points = side / 2 + (side / 2 - 1) * stretch * radius[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    shape = np.zeros((side, side), np.uint8)
    cv2.fillPoly(shape, [points.round().astype(np.int32)], 1)
    return shape


def _write_sequence(root: Path, name: str, index: int, world: ToyWorld) -> None:
    rng = np.random.default_rng([world.seed, index])
    frames, masks = draw_sequence(1 + index % MAX_OBJECTS, world.frames, world.size, rng)
    for t, (frame, mask) in enumerate(zip(frames, masks, strict=True)):
        write_frame(root, name, t, frame, mask)
    if index % 3 < 2:
        middle = world.frames // 2
        strokes = simulate_strokes(masks[middle], None, middle, rng)
        write_rounds(root / "Scribbles" / name / "001.json", [strokes], world.frames, name)
