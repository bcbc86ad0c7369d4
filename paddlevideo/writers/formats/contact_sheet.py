"""One picture that shows the whole result."""

from __future__ import annotations

import numpy as np

from ...utils.registry import EXPORTERS
from ..contact_sheet import ContactSheet as Sheet
from ..contact_sheet import choose_frames
from ..exporter import Exporter
from .overlay import overlay_picture

PICTURES = 12


@EXPORTERS.register
class ContactSheet(Exporter):
    """Contact sheet: evenly spaced frames with objects coloured, and every annotated one, in one PNG."""

    key, name, download, rank = "contact_sheet", "contact_sheet.png", "contact_sheet.png", 35
    media_type = "image/png"
    default = needs_frames = soft = True

    def open(self) -> None:
        annotated = self.clip.recording.annotated
        self._shown = set(choose_frames(len(self.clip.frame_names), PICTURES, annotated))
        self._sheet = Sheet(annotated, pixel_aspect=self.clip.pixel_aspect)

    def write(self, index: int, frame: np.ndarray | None, mask: np.ndarray) -> None:
        assert frame is not None
        if index in self._shown:
            self._sheet.add(index, overlay_picture(self.clip, index, frame, mask))

    def close(self) -> None:
        self._sheet.write(self.target)
