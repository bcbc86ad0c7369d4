"""Drawn clips for tests of readers: a disc (object 1) going right and a box (object 2) going left on a texture."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

SIZE = (72, 96)
COLOURS = [0, 0, 0, 255, 0, 0, 0, 255, 0]


def truth(frame: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Return the (H, W) uint8 ids of a frame."""
    y, x = np.mgrid[: size[0], : size[1]]
    ids = np.zeros(size, np.uint8)
    ids[(y - 24) ** 2 + (x - 28 - 3 * frame) ** 2 < 14**2] = 1
    ids[(abs(y - 55) < 10) & (abs(x - 70 + 2 * frame) < 10)] = 2
    return ids


def picture(frame: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Return the (H, W, 3) uint8 RGB of a frame."""
    ground = np.random.default_rng(5).integers(70, 180, (size[0] // 8 + 1, size[1] // 8 + 1, 3)).astype(np.uint8)
    pixels = ground.repeat(8, 0).repeat(8, 1)[: size[0], : size[1]].copy()
    pixels[truth(frame, size) == 1] = (220, 40, 30)
    pixels[truth(frame, size) == 2] = (30, 60, 220)
    return pixels


def save(path: Path, pixels: np.ndarray, **options: object) -> Path:
    """Write pixels as a picture of the path's suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)
    return path


def save_mask(path: Path, ids: np.ndarray) -> Path:
    """Write ids as a palette PNG of other colours than DAVIS's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mask = Image.fromarray(ids)
    mask.putpalette(COLOURS)
    mask.save(path)
    return path


def save_clip(folder: Path, count: int = 6, name: str = "{:05d}.png") -> Path:
    """Write ``count`` pictures."""
    for frame in range(count):
        save(folder / name.format(frame), picture(frame))
    return folder


def save_film(
    path: Path,
    count: int = 6,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    options: dict[str, str] | None = None,
    times: Sequence[int] | None = None,
    aspect: Fraction | None = None,
) -> Path:
    """Write a film of ``count`` frames; ``times`` in milliseconds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=10)
        stream.height, stream.width = SIZE
        stream.pix_fmt = pixels
        stream.options = options or {}
        unit = Fraction(1, 1000) if times else Fraction(1, 10)
        stream.codec_context.time_base = unit
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        for frame in range(count):
            shown = av.VideoFrame.from_ndarray(picture(frame), format="rgb24")
            shown.pts, shown.time_base = (times[frame] if times else frame), unit
            container.mux(stream.encode(shown))
        container.mux(stream.encode())
    return path
