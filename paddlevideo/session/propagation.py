"""How a round's masks get from frame to frame (paper section 3; reference: the body of the test loop).

Shapes: O ids incl. background, C channels, h w embedding grid.
"""

from __future__ import annotations

from .composition import FrameAnswerer
from .memory.masks import only
from .probabilities import logits_of
from .rounds import FrameResult, FrameUpdate, Round, State
from .rules.max_leap import without_leaps
from .rules.reach import REPLACE, Blend
from .rules.search import window_around


class Propagation(FrameAnswerer):
    """Segments frames with the help of their neighbours; changes nothing."""

    def step(
        self, current: Round, neighbour: int, frame: int, state: State, ids: tuple[int, ...], blend: Blend = REPLACE
    ) -> FrameUpdate:
        """Segment ``frame`` for a round with the help of its ``neighbour``, which was done just before.

        A frame that keeps what it has costs nothing.
        """
        if not blend.weight and not blend.overriding:
            return FrameUpdate(_kept_result(frame, state, ids))
        previous = state.grid_label(neighbour, ids)
        assert previous is not None and current.matching is not None
        window = window_around(previous, ids, self._options.search)
        embedding, beside = (self._embeddings.read(each, window.part) for each in (frame, neighbour))
        label = window.cut(previous)

        maps = window.distances(current.matching.global_map(embedding))
        global_maps = state.global_memory.aggregated(frame, maps, ids)
        maps = window.distances(self._engine.local_map(embedding, beside, label, ids))
        distance = abs(frame - current.frame)
        local_map, local_maps = state.local_memory.choose(frame, maps, ids, current.number, distance)

        global_map, local_map = window.cut(global_maps.maps.read()), window.cut(local_map)
        logits = window.logits(self._engine.propagate(embedding, global_map, local_map, label, ids), ids)
        logits = without_leaps(logits, previous, ids, self._options.max_leap)
        composed = self._composer.compose(frame, logits, state, ids, blend)
        return FrameUpdate(composed.result, composed.grid, composed.probabilities, global_maps, local_maps)


def _kept_result(frame: int, state: State, ids: tuple[int, ...]) -> FrameResult:
    """What a frame has had, again; rounds that mix have left probabilities of it."""
    mask = state.masks.mask(frame)
    assert mask is not None and state.probabilities is not None
    return FrameResult(frame, only(mask, ids), logits_of(state.probabilities.read(frame, ids)))
