"""A clip of four frames whose masks are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from paddlevideo.loader.frame_source import FrameSource
from paddlevideo.loader.scribbles import Stroke
from paddlevideo.writers.clip_info import ClipInfo, ObjectInfo, Recording
from paddlevideo.writers.exporter import find_exporters, write_clip

FRAMES, SIZE = 4, (33, 47)
STROKES = [Stroke(1, 2, ((0.1, 0.9), (0.9, 0.9))), Stroke(0, 2, ((0.5, 0.05),))]


class Frames(FrameSource):
    """Grey pictures, a level a frame; counts how often one is read."""

    def __init__(self) -> None:
        self.path, self.size, self.rate = "videos/cat.mp4", SIZE, 25.0
        self.names = [f"shot{number}" for number in range(FRAMES)]
        self.files = [Path(self.path)]
        self.reads = 0

    def _read(self, index: int) -> np.ndarray:
        self.reads += 1
        return np.full((*SIZE, 3), 60 + 20 * index, np.uint8)


def mask(frame: int) -> np.ndarray:
    """Two boxes, objects 1 and 3; the first moves right, the second is not in frame 0."""
    found = np.zeros(SIZE, np.uint8)
    found[6:16, 4 + 6 * frame : 16 + 6 * frame] = 1
    if frame:
        found[20:30, 8:20] = 3
    return found


def clip(show_strokes: bool = False) -> ClipInfo:
    """Describe it, with object 3 in a colour of its own."""
    objects = [ObjectInfo(1), ObjectInfo(3, "dog", (250, 240, 10))]
    return ClipInfo.of(Frames(), objects, Recording([STROKES], annotated=frozenset({2})), show_strokes=show_strokes)


def twins() -> ClipInfo:
    """Describe it as a folder of pictures, with two objects of one name and letters that formats have to escape."""
    name = "the <dog> & co"
    return replace(
        clip(),
        objects=[ObjectInfo(1, name), ObjectInfo(3, name)],
        file_names=[f"shot{number}.jpg" for number in range(FRAMES)],
    )


def write(folder: Path, kind: str, described: ClipInfo | None = None) -> Path:
    """Export this kind and return where it is."""
    [exporter] = find_exporters([kind])
    path = folder / exporter.name
    for _ in write_clip([exporter(described or clip(), path)], Frames(), mask):
        pass
    return path


def palette_masks(folder: Path) -> list[np.ndarray]:
    """The clip's masks as the palette PNGs have them."""
    with_masks = write(folder, "palette")
    return [np.array(Image.open(with_masks / f"shot{number}.png")) for number in range(FRAMES)]
