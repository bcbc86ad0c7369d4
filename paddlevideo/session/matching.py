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


@dataclass(frozen=True, eq=False)
class MatchingReference:
    """What global matching compares frames with.

    Attributes:
        engine: runs the network.
        embeddings: of the video.
        frame: the annotated one.
        label: its label (h,w), -1 where nothing is compared.
        ids: of the rows of a map.
    """

    engine: Engine
    embeddings: Embeddings
    frame: int
    label: Labels
    ids: tuple[int, ...]

    def global_map(self, embedding: Floats) -> Floats:
        """Distances (O,h,w) of a frame's embedding (C,h,w)."""
        return self.engine.global_map(embedding, self._prepared)

    def release(self) -> None:
        """Free what the engine has prepared; it is prepared again when needed."""
        self.__dict__.pop("_prepared", None)

    @cached_property
    def _prepared(self) -> Any:
        return self.engine.reference(self.embeddings[self.frame], self.label, self.ids)
