"""All masks in one small file."""

from __future__ import annotations

import numpy as np

from ...utils.registry import EXPORTERS
from ..exporter import Exporter
from ..rle import encode_mask, rle_file


@EXPORTERS.register
class Rle(Exporter):
    """Masks as COCO run-length encoding, JSON."""

    key, name, download, rank = "rle", "masks.json", "rle.json", 70
    media_type = "application/json"
    default = True

    def open(self) -> None:
        self._add = self.enter(rle_file(self.target, self.clip.size, len(self.clip.frame_names)))

    def write(self, index: int, frame: np.ndarray | None, mask: np.ndarray) -> None:
        for record in encode_mask(mask, index, self.clip.frame_names[index], self.clip.ids):
            self._add(record)
