"""Where the objects are, as a video for compositing."""

from __future__ import annotations

import numpy as np

from ...utils.registry import EXPORTERS
from ..edges import Edge, alpha
from ..exporter import Exporter
from ..video import Look, VideoWriter


def matte(mask: np.ndarray, edge: Edge = Edge()) -> np.ndarray:
    """Return (H, W, 3) uint8: white where ``mask`` (H, W) is not 0, with this edge, black elsewhere."""
    return np.repeat(alpha(mask > 0, edge)[..., None], 3, axis=2)


@EXPORTERS.register
class Matte(Exporter):
    """Matte video, white objects on black, H.264."""

    key, name, download, rank = "matte", "matte.mp4", "matte.mp4", 40
    media_type = "video/mp4"
    soft, preset = True, 2

    def open(self) -> None:
        look = Look.of(self.clip)
        self._video = self.enter(VideoWriter(self.target, self.clip.rate, self.clip.size, look))

    def write(self, index: int, frame: np.ndarray | None, mask: np.ndarray) -> None:
        self._video.write(matte(mask, self.clip.edge))
