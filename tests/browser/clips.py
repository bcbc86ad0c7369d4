"""Small video files, made on the spot."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import av
import numpy as np

HEIGHT, WIDTH = 144, 256
RADIUS = 30
Place = tuple[float, float]

# Strokes over the rabbit and beside it in frame 48 of the demo clip: x, y in 0..1.
BODY = [(0.345, 0.40), (0.335, 0.50), (0.335, 0.60), (0.36, 0.70), (0.40, 0.74), (0.425, 0.64)]
FACE = [(0.355, 0.20), (0.37, 0.27), (0.385, 0.33), (0.40, 0.36)]
GRASS = [(0.12, 0.85), (0.30, 0.90), (0.50, 0.86), (0.60, 0.70), (0.58, 0.50)]


@dataclass(frozen=True)
class Shown:
    """What the pictures of the documents show: frames of the demo clip, drawn on one and corrected on another."""

    first: int = 44  # of the clip
    frames: int = 40
    drawn: int = 4  # where `BODY` is
    corrected: int = 14  # the mask lacks the ear; a stone beside it looks like the rabbit
    stone: tuple[Place, ...] = ((0.495, 0.63), (0.535, 0.63))
    ear: tuple[Place, ...] = ((0.25, 0.135), (0.285, 0.125), (0.325, 0.13), (0.345, 0.16))


def disc_centre(frame: int, frames: int) -> tuple[float, float]:
    """Where the disc of `write_disc` is: x, y in 0..1."""
    along = frame / max(1, frames - 1)
    return 0.3 + 0.4 * along, 0.45 + 0.1 * np.sin(6 * along)


def write_disc(path: Path, frames: int = 40) -> Path:
    """Write an H.264 clip of 144x256 px, ten frames a second: a bright disc goes right over a dark textured ground."""
    rng = np.random.default_rng(0)
    ground = _blocks(rng, (60, 80, 60))
    skin = _blocks(rng, (225, 205, 120))
    y, x = np.mgrid[:HEIGHT, :WIDTH]

    def picture(frame: int) -> np.ndarray:
        centre_x, centre_y = disc_centre(frame, frames)
        inside = (x - centre_x * WIDTH) ** 2 + (y - centre_y * HEIGHT) ** 2 < RADIUS**2
        return np.where(inside[..., None], skin, ground)

    return _write(path, (picture(frame) for frame in range(frames)), (WIDTH, HEIGHT))


def write_long(path: Path, frames: int = 2000) -> Path:
    """Write a clip of many frames of 48x64 px, each with a brightness of its own."""
    return write_greys(path, (64, 48), frames)


def write_greys(path: Path, size: tuple[int, int], frames: int = 100) -> Path:
    """Write a clip of a width and a height in px, each frame with a brightness of its own."""
    pictures = (np.full((size[1], size[0], 3), 40 + frame % 160, np.uint8) for frame in range(frames))
    return _write(path, pictures, size)


def shade(frame: int) -> int:
    """The grey of a frame of `write_shades`: unlike that of the frames around it."""
    return 60 + 8 * (frame * 7 % 20)


def write_shades(path: Path, frames: int = 75, rate: int = 25) -> Path:
    """Write a clip of 1920x1080 px with B-frames and a keyframe every 30 frames, each in the grey of `shade`."""
    pictures = (np.full((1080, 1920, 3), shade(frame), np.uint8) for frame in range(frames))
    return _write(path, pictures, (1920, 1080), rate, bf="3", g="30", sc_threshold="0")


def cut(source: Path, path: Path, first: int, frames: int) -> Path:
    """Write some frames of a video, as a video at its size."""
    with av.open(str(source)) as container:
        pictures = (frame.to_ndarray(format="rgb24") for frame in container.decode(video=0))
        kept = list(islice(pictures, first, first + frames))
    return _write(path, kept, (kept[0].shape[1], kept[0].shape[0]))


def _blocks(rng: np.random.Generator, colour: tuple[int, int, int]) -> np.ndarray:
    blocks = rng.integers(-25, 26, (HEIGHT // 8, WIDTH // 8, 1)).repeat(8, 0).repeat(8, 1)
    return np.clip(np.array(colour) + blocks, 0, 255).astype(np.uint8)


def _write(path: Path, pictures: object, size: tuple[int, int], rate: int = 10, **options: str) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.options = {"preset": "ultrafast", "crf": "18", **options}
        for picture in pictures:  # type: ignore[attr-defined]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path
