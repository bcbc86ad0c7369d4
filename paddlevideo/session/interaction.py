"""How the annotated frame of a round gets its mask, from strokes or from a mask (paper section 3; reference: the body
of the test loop).

Shapes: O ids incl. background, C channels, H W the video's own size, h w embedding grid.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..loader.scribbles import UNLABELLED
from ..utils.arrays import Floats, Labels, Mask
from .composition import FrameAnswerer
from .matching import MatchingReference
from .memory.distance_maps import StoredMaps
from .memory.masks import only
from .probabilities import id_planes
from .rounds import Answer, FrameResult, FrameUpdate, Round, State
from .rules.click_region import with_region
from .rules.max_leap import without_leaps
from .rules.references import sure_reference

Ids = tuple[int, ...]  # of the rows of every map


@dataclass(frozen=True, eq=False)
class Prompt:
    """What the network is asked with.

    Attributes:
        frame: the annotated one.
        label: its strokes (h,w), -1 where there are none.
        previous: its mask (h,w) before the round, None where no round has been.
        reference: what the frame itself and others are matched with.
    """

    frame: int
    label: Labels
    previous: Mask | None
    reference: MatchingReference


class Interaction(FrameAnswerer):
    """Answers rounds on their annotated frames; changes nothing."""

    def annotate(self, current: Round, state: State, ids: Ids) -> Answer:
        """Answer a round's annotated frame, from the state before the round."""
        if current.mask is not None:
            return self._given(current, current.mask, state, ids)
        strokes = current.label_of(ids)
        prompt = Prompt(
            current.frame, strokes, state.grid_label(current.frame, ids), self._reference(current, strokes, ids)
        )
        answered = self._ask(prompt, state, ids)
        label, reference = prompt.label, prompt.reference
        if prompt.previous is not None:
            label = np.where(label == UNLABELLED, prompt.previous, label)
        logits = without_leaps(answered, label, ids, self._options.max_leap)
        update = self._composer.compose(current.frame, logits, state, ids)

        assert update.grid is not None
        if self._options.references == "answer" and current.number == 1:  # later ones are corrected, not yet right
            probabilities = self._composer.probabilities(answered, update.grid, ids)
            dropped = answered.argmax(axis=0) != logits.argmax(axis=0)
            reference = replace(reference, label=sure_reference(probabilities, strokes, reference.label, dropped, ids))
        return Answer(update, reference)

    def self_match(self, current: Round, state: State, ids: Ids) -> StoredMaps:
        """Global maps of the annotated frame with its local distances to itself in them: the reference's habit.

        Only later rounds read them, so this is apart from `annotate`: the answer to a stroke does not wait for it.
        """
        embedding = self._embeddings[current.frame]
        maps = self._engine.local_map(embedding, embedding, current.label_of(ids), ids)
        return state.global_memory.aggregated(current.frame, maps, ids)

    def _given(self, current: Round, mask: Mask, state: State, ids: Ids) -> Answer:
        """Take a person's mask (H,W) for the answer."""
        label, mask = current.label_of(ids), only(mask, ids)
        grid = self._composer.grid_of(mask, label.shape)
        probabilities = None if state.probabilities is None else id_planes(grid, ids)
        update = FrameUpdate(FrameResult(current.frame, mask, id_planes(label, ids)), grid, probabilities)
        return Answer(update, MatchingReference(self._engine, self._embeddings, current.frame, label, ids))

    def _reference(self, current: Round, label: Labels, ids: Ids) -> MatchingReference:
        """What other frames are matched with by a label (h,w); the first round's has its region of interest."""
        if current.number == 1:
            label = with_region(label, self._options.click_region)
        return MatchingReference(self._engine, self._embeddings, current.frame, label, ids)

    def _ask(self, prompt: Prompt, state: State, ids: Ids) -> Floats:
        """Logits (O,h,w) of the interaction head."""
        engine, embedding = self._engine, self._embeddings[prompt.frame]
        seen = self._global_map(prompt, state, ids) if engine.interaction_map else None
        return engine.interact(embedding, prompt.label, prompt.previous, ids, seen)

    def _global_map(self, prompt: Prompt, state: State, ids: Ids) -> Floats:
        """Global map (O,h,w) of the annotated frame against its strokes, and what earlier rounds have given it."""
        embedding = self._embeddings[prompt.frame]
        maps = prompt.reference.global_map(embedding)
        return np.minimum(maps, state.global_memory.read(prompt.frame, ids, embedding.shape[1:]))
