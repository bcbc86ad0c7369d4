"""Masks of one object at a time."""

from __future__ import annotations

import cv2
import numpy as np

from ...utils.registry import EXPORTERS
from ..exporter import FolderExporter

_SPEED = [cv2.IMWRITE_PNG_COMPRESSION, 3]


def encode_binary(mask: np.ndarray, object_id: int) -> bytes:
    """Return a grey PNG, 255 where ``mask`` (H, W) is the object, 0 elsewhere."""
    return bytes(cv2.imencode(".png", np.where(mask == object_id, 255, 0).astype(np.uint8), _SPEED)[1])


@EXPORTERS.register
class Binary(FolderExporter):
    """Masks, a black and white PNG for each frame and object."""

    key, name, download, rank = "binary", "binary", "binary.zip", 20

    def write(self, index: int, frame: np.ndarray | None, mask: np.ndarray) -> None:
        for each in self.clip.objects:
            self.put(f"{each.file_name}/{self.clip.frame_names[index]}.png", encode_binary(mask, each.id))
