"""What a person did, to get the same masks again."""

from __future__ import annotations

import numpy as np

from ...loader.replay_file import settings_document
from ...loader.scribbles import write_rounds
from ...utils.registry import EXPORTERS
from ..exporter import Exporter


@EXPORTERS.register
class Scribbles(Exporter):
    """Strokes as DAVIS scribbles JSON, from which --infer makes the same masks."""

    key, name, download, rank = "scribbles", "scribbles.json", "scribbles.json", 90
    media_type = "application/json"
    needs_masks = False
    needs_strokes = True

    def open(self) -> None:
        """All is known at the end, too."""

    def write(self, index: int, frame: np.ndarray | None, mask: np.ndarray) -> None:
        """Masks do not matter."""

    def close(self) -> None:
        recording = self.clip.recording
        settings = [settings_document(each) for each in recording.settings]
        write_rounds(self.target, recording.rounds, len(self.clip.frame_names), self.clip.name, settings)
