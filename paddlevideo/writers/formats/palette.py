"""Masks as DAVIS stores them."""

from __future__ import annotations

import numpy as np

from ...utils.registry import EXPORTERS
from ..exporter import FolderExporter
from ..masks import encode_palette


@EXPORTERS.register
class Palette(FolderExporter):
    """Masks, a palette PNG of object ids for each frame."""

    key, name, download, rank = "palette", "masks", "palette.zip", 10
    default = True

    def write(self, index: int, frame: np.ndarray | None, mask: np.ndarray) -> None:
        self.put(f"{self.clip.frame_names[index]}.png", encode_palette(mask))
