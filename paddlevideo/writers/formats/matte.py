"""Where the objects are, as a video for compositing."""

from __future__ import annotations

import numpy as np

from ...utils.registry import EXPORTERS
from ..exporter import Exporter
from ..video import Look, VideoWriter


def matte(mask: np.ndarray) -> np.ndarray:
    """Return (H, W, 3) uint8: white where ``mask`` (H, W) is not 0, black elsewhere."""
    return np.repeat(np.where(mask > 0, 255, 0).astype(np.uint8)[..., None], 3, axis=2)


@EXPORTERS.register
class Matte(Exporter):
    """Matte video, white objects on black, H.264."""

    key, name, download, rank = "matte", "matte.mp4", "matte.mp4", 40
    media_type = "video/mp4"

    def open(self) -> None:
        look = Look.of(self.clip)
        self._video = self.enter(VideoWriter(self.target, self.clip.rate, self.clip.size, look))

    def write(self, index: int, frame: np.ndarray | None, mask: np.ndarray) -> None:
        self._video.write(matte(mask))
