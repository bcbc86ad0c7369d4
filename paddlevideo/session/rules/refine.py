"""Strokes are answered by both heads: the interaction head sees them only as lines, the propagation head finds what
looks like them in the whole frame. (Within a window around the first answer, J fell by 0.01.)
"""

from __future__ import annotations

from collections.abc import Sequence

from ...utils.arrays import Floats, Labels
from ..engine import Engine


def refined(engine: Engine, embedding: Floats, global_map: Floats, label: Labels, ids: Sequence[int]) -> Floats:
    """Return logits (O,h,w) of an annotated frame, its answer carried over to the frame itself.

    Args:
        engine: runs the network.
        embedding: of the frame (C,h,w).
        global_map: of the frame against its strokes (O,h,w).
        label: the ids (h,w) that the interaction head has answered.
        ids: of the rows of the maps.
    """
    local_map = engine.local_map(embedding, embedding, label, ids)
    return engine.propagate(embedding, global_map, local_map, label, ids)
