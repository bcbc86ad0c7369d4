"""The objects with transparent surroundings, as pictures or a video.

Alpha is straight: the colours of the picture stay beneath what is transparent, so that a compositor can soften or grow
the edge without a dark rim. Where they must not be given away, `CutoutPremultiplied` has black there.
"""

from __future__ import annotations

from typing import ClassVar

import cv2
import numpy as np

from ...utils.registry import EXPORTERS
from ..edges import Edge, alpha
from ..exporter import Exporter, FolderExporter
from ..video import AlphaVideoWriter, Look, ProResWriter, VideoWriter

_SPEED = [cv2.IMWRITE_PNG_COMPRESSION, 3]


def cut_out(frame: np.ndarray, mask: np.ndarray, edge: Edge = Edge()) -> np.ndarray:
    """Return (H, W, 4) uint8 RGBA: ``frame`` (H, W, 3), opaque where ``mask`` (H, W) is not 0, with this edge."""
    return np.dstack([frame, alpha(mask > 0, edge)])


def premultiply(picture: np.ndarray) -> np.ndarray:
    """Return an (H, W, 4) uint8 RGBA picture of `cut_out` with its colours as strong as they are opaque."""
    opaque = picture[..., 3:]
    colours = np.rint(picture[..., :3] * (opaque / np.float32(255))).astype(np.uint8)
    return np.concatenate([colours, opaque], axis=2)


def encode_cutout(picture: np.ndarray) -> bytes:
    """Return the PNG of an (H, W, 4) uint8 RGBA picture."""
    return bytes(cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGBA2BGRA), _SPEED)[1])


@EXPORTERS.register
class Cutout(FolderExporter):
    """Objects cut out, a transparent PNG for each frame, straight alpha."""

    key, name, download, rank = "cutout", "cutout", "cutout.zip", 50
    needs_frames = soft = True

    def write(self, index: int, frame: np.ndarray | None, mask: np.ndarray) -> None:
        assert frame is not None
        self.put(f"{self.clip.frame_names[index]}.png", encode_cutout(cut_out(frame, mask, self.clip.edge)))


@EXPORTERS.register
class CutoutPremultiplied(FolderExporter):
    """Objects cut out, a transparent PNG for each frame, black beneath."""

    key, name, download, rank = "cutout_premultiplied", "cutout_premultiplied", "cutout_premultiplied.zip", 52
    needs_frames = soft = True

    def write(self, index: int, frame: np.ndarray | None, mask: np.ndarray) -> None:
        assert frame is not None
        picture = premultiply(cut_out(frame, mask, self.clip.edge))
        self.put(f"{self.clip.frame_names[index]}.png", encode_cutout(picture))


@EXPORTERS.register
class CutoutWebm(Exporter):
    """Objects cut out, as a video with transparency, VP9 in WebM."""

    key, name, download, rank = "cutout_webm", "cutout.webm", "cutout.webm", 60
    media_type = "video/webm"
    needs_frames = soft = True
    writer: ClassVar[type[VideoWriter]] = AlphaVideoWriter

    def open(self) -> None:
        look = Look.of(self.clip)
        self._video = self.enter(self.writer(self.target, self.clip.rate, self.clip.size, look))

    def write(self, index: int, frame: np.ndarray | None, mask: np.ndarray) -> None:
        assert frame is not None
        self._video.write(cut_out(frame, mask, self.clip.edge))


@EXPORTERS.register
class Prores(CutoutWebm):
    """Objects cut out, as a video with transparency, ProRes 4444 in MOV, straight alpha."""

    key, name, download, rank = "prores", "cutout.mov", "cutout.mov", 62
    media_type = "video/quicktime"
    preset = 1
    writer = ProResWriter
