"""The objects without their surroundings, as pictures or a video with transparency."""

from __future__ import annotations

import cv2
import numpy as np

from ...utils.registry import EXPORTERS
from ..exporter import Exporter, FolderExporter
from ..video import AlphaVideoWriter

_SPEED = [cv2.IMWRITE_PNG_COMPRESSION, 3]


def cut_out(frame: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return (H, W, 4) uint8 RGBA: ``frame`` (H, W, 3) where ``mask`` (H, W) is not 0, elsewhere transparent black."""
    inside = (mask > 0).astype(np.uint8)
    return np.dstack([frame * inside[..., None], inside * 255])


def encode_cutout(picture: np.ndarray) -> bytes:
    """Return the PNG of an (H, W, 4) uint8 RGBA picture."""
    return bytes(cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGBA2BGRA), _SPEED)[1])


@EXPORTERS.register
class Cutout(FolderExporter):
    """Objects cut out, a transparent PNG for each frame."""

    key, name, download, rank = "cutout", "cutout", "cutout.zip", 50
    needs_frames = True

    def write(self, index: int, frame: np.ndarray | None, mask: np.ndarray) -> None:
        assert frame is not None
        self.put(f"{self.clip.frame_names[index]}.png", encode_cutout(cut_out(frame, mask)))


@EXPORTERS.register
class CutoutWebm(Exporter):
    """Objects cut out, as a video with transparency, VP9 in WebM."""

    key, name, download, rank = "cutout_webm", "cutout.webm", "cutout.webm", 60
    media_type = "video/webm"
    needs_frames = True

    def open(self) -> None:
        self._video = self.enter(AlphaVideoWriter(self.target, self.clip.rate, self.clip.size))

    def write(self, index: int, frame: np.ndarray | None, mask: np.ndarray) -> None:
        assert frame is not None
        self._video.write(cut_out(frame, mask))
