"""Masks as label files of YOLO segmentation."""

from __future__ import annotations

import numpy as np
import yaml

from ...utils.registry import EXPORTERS
from ..exporter import FolderExporter
from ..outlines import centre_outlines, joined


@EXPORTERS.register
class Yolo(FolderExporter):
    """YOLO segmentation labels: a text file for each frame, and data.yaml with the names.

    ``labels/NAME.txt`` has a line for each object in sight, its class and its polygon in shares of the picture; objects
    of one name are one class. An object of several parts stays one polygon, with cuts of no width between them. The
    frames belong into ``images/``.
    """

    key, name, download, rank = "yolo", "yolo", "yolo.zip", 76

    def open(self) -> None:
        super().open()
        names = dict(enumerate(self.clip.categories))
        data = {"path": ".", "train": "images", "val": "images", "names": names}
        self.put("data.yaml", yaml.safe_dump(data, sort_keys=False, allow_unicode=True).encode())

    def write(self, index: int, frame: np.ndarray | None, mask: np.ndarray) -> None:
        lines = []
        for each in self.clip.objects:
            inside = mask == each.id
            if inside.any():
                shares = joined(centre_outlines(inside)) / self.clip.size[::-1]
                numbers = " ".join(f"{value:.6f}" for value in shares.ravel())
                lines.append(f"{self.clip.categories.index(each.label)} {numbers}\n")
        self.put(f"labels/{self.clip.frame_names[index]}.txt", "".join(lines).encode())
