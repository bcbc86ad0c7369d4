"""A video that shows the result."""

from __future__ import annotations

import numpy as np

from ...utils.registry import EXPORTERS
from ..clip_info import ClipInfo
from ..exporter import Exporter
from ..overlay import draw_overlay, draw_strokes
from ..video import Look, VideoWriter


def overlay_picture(clip: ClipInfo, index: int, frame: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return (H, W, 3) uint8: a frame with its objects coloured, and with its strokes where the clip shows them."""
    picture = draw_overlay(frame, mask, clip.opacity, clip.palette, clip.edge)
    strokes = clip.recording.strokes.get(index) if clip.show_strokes else None
    return draw_strokes(picture, strokes) if strokes else picture


@EXPORTERS.register
class Overlay(Exporter):
    """Video of the frames with objects coloured and outlined, H.264."""

    key, name, download, rank = "overlay", "overlay.mp4", "overlay.mp4", 30
    media_type = "video/mp4"
    default = needs_frames = soft = True

    def open(self) -> None:
        look = Look.of(self.clip, sound=True)
        self._video = self.enter(VideoWriter(self.target, self.clip.rate, self.clip.size, look))

    def write(self, index: int, frame: np.ndarray | None, mask: np.ndarray) -> None:
        assert frame is not None
        self._video.write(overlay_picture(self.clip, index, frame, mask))
