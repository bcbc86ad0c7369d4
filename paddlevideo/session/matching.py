"""The annotated frame of a round, as other frames are matched with it.

Shapes: O ids incl. background, C channels, h w embedding grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..utils.arrays import Floats, Labels
from .engine import Engine
from .memory.embeddings import Embeddings
from .rules.correction_rivals import uncontested


@dataclass(frozen=True, eq=False)
class MatchingReference:
    """What global matching compares frames with.

    Attributes:
        engine: runs the network.
        embeddings: of the video.
        frame: the annotated one.
        label: its label (h,w), -1 where nothing is compared.
        ids: of the rows of a map.
        rivals: what else the frame shows (h,w), -1 where uncertain: what resembles ``label`` has to resemble that
            less, see `paddlevideo.session.rules.correction_rivals`. None: no such check.
    """

    engine: Engine
    embeddings: Embeddings
    frame: int
    label: Labels
    ids: tuple[int, ...]
    rivals: Labels | None = None

    def global_map(self, embedding: Floats) -> Floats:
        """Distances (O,h,w) of a frame's embedding (C,h,w)."""
        maps = [self.engine.global_map(embedding, each) for each in self._prepared]
        return uncontested(*maps) if len(maps) > 1 else maps[0]

    def release(self) -> None:
        """Free what the engine has prepared; it is prepared again when needed."""
        self.__dict__.pop("_prepared", None)

    @cached_property
    def _prepared(self) -> list[Any]:
        embedding = self.embeddings[self.frame]
        labels = [label for label in (self.label, self.rivals) if label is not None]
        return [self.engine.reference(embedding, label, self.ids) for label in labels]
