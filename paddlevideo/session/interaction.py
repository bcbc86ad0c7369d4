"""How the annotated frame of a round gets its mask, from strokes or from a mask (paper section 3; reference: the body
of the test loop).

Shapes: O ids incl. background, C channels, H W the video's own size, h w embedding grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..loader.scribbles import UNLABELLED, clicked
from ..utils.arrays import Cells, Floats, Labels, Mask
from .composition import FrameAnswerer
from .matching import MatchingReference
from .memory.distance_maps import StoredMaps
from .memory.masks import nearest_labels, only
from .probabilities import id_planes, softmax
from .rounds import Answer, FrameResult, FrameUpdate, Round, State
from .rules.click_bias import biased
from .rules.click_lines import with_middles
from .rules.click_region import with_region
from .rules.correction_rivals import rivals_of
from .rules.local_corrections import broadened, changeable_cells, corrected
from .rules.max_leap import without_leaps
from .rules.references import sure_ids, sure_reference
from .rules.refine import refined

Ids = tuple[int, ...]  # of the rows of every map


@dataclass(frozen=True, eq=False)
class Prompt:
    """What the network is asked with.

    Attributes:
        frame: the annotated one.
        label: its strokes (h,w), -1 where there are none.
        previous: its mask (h,w) before the round, None where no round has been.
        clicked: the objects that are new in this round and shown by a click alone.
        reference: what the frame itself and others are matched with.
        changeable: the cells (h,w) that a local correction may change; None: all.
        unchanged: the ids (h,w) that a correction leaves, -1 elsewhere: the frame is matched with them, too.
    """

    frame: int
    label: Labels
    previous: Mask | None
    clicked: Sequence[int]
    reference: MatchingReference
    changeable: Cells | None = None
    unchanged: Labels | None = None


class Interaction(FrameAnswerer):
    """Answers rounds on their annotated frames; changes nothing."""

    def annotate(self, current: Round, state: State, ids: Ids) -> Answer:
        """Answer a round's annotated frame, from the state before the round."""
        if current.mask is not None:
            return self._given(current, current.mask, state, ids)
        strokes = current.label_of(ids)
        prompt = self._prompt(current, strokes, state, ids)
        answered = self._answer(prompt, state, ids)
        logits, label, reference = answered, prompt.label, prompt.reference
        if prompt.previous is not None:
            if prompt.changeable is not None:
                label = broadened(label, prompt.previous, ids)
                logits = corrected(answered, label, prompt.changeable, prompt.previous, ids)
                reference = replace(reference, label=label)
            label = np.where(label == UNLABELLED, prompt.previous, label)
        logits = without_leaps(logits, label, ids, self._options.max_leap)
        update = self._composer.compose(current.frame, logits, state, ids)

        assert update.grid is not None
        if self._options.references == "answer" and current.number == 1:  # later ones are corrected, not yet right
            probabilities = self._composer.probabilities(answered, update.grid, ids)
            dropped = answered.argmax(axis=0) != logits.argmax(axis=0)
            reference = replace(reference, label=sure_reference(probabilities, strokes, reference.label, dropped, ids))
        elif self._options.correction_rivals and current.number > 1:
            probabilities = self._composer.probabilities(logits, update.grid, ids)
            reference = replace(reference, rivals=rivals_of(reference.label, sure_ids(probabilities, ids)))
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
        grid = nearest_labels(mask, label.shape)
        probabilities = None if state.probabilities is None else id_planes(grid, ids)
        update = FrameUpdate(FrameResult(current.frame, mask, id_planes(label, ids)), grid, probabilities)
        return Answer(update, MatchingReference(self._engine, self._embeddings, current.frame, label, ids))

    def _prompt(self, current: Round, strokes: Labels, state: State, ids: Ids) -> Prompt:
        """What the network is asked with by the strokes (h,w) of a round."""
        options, frame, first = self._options, current.frame, current.number == 1
        previous = state.grid_label(frame, ids)
        objects = [each for each in clicked(strokes) if each not in current.known]  # a click on others corrects them
        prompt = Prompt(frame, strokes, previous, objects, self._reference(current, strokes, ids))
        if objects and options.click_lines:
            logits, _ = self._ask(prompt, state, ids)
            strokes = with_middles(strokes, softmax(logits), ids, objects)
            prompt = replace(prompt, label=strokes, reference=self._reference(current, strokes, ids))
        if previous is None or first or not options.local_corrections:
            return prompt
        changeable = changeable_cells(strokes, previous, ids)
        unchanged = None
        if options.correction_rivals:
            unchanged = self._unchanged(frame, changeable | (strokes != UNLABELLED), state, ids)
        return replace(prompt, changeable=changeable, unchanged=unchanged)

    def _reference(self, current: Round, label: Labels, ids: Ids) -> MatchingReference:
        """What other frames are matched with by a label (h,w); the first round's has its region of interest."""
        if current.number == 1:
            label = with_region(label, self._options.click_region)
        return MatchingReference(self._engine, self._embeddings, current.frame, label, ids)

    def _answer(self, prompt: Prompt, state: State, ids: Ids) -> Floats:
        """Logits (O,h,w) of the annotated frame by one head or both."""
        logits, global_map = self._ask(prompt, state, ids)
        if global_map is None or not self._options.refine:
            return logits
        label = self._composer.grid_label(prompt.frame, logits, ids)
        return refined(self._engine, self._embeddings[prompt.frame], global_map, label, ids)

    def _ask(self, prompt: Prompt, state: State, ids: Ids) -> tuple[Floats, Floats | None]:
        """Logits (O,h,w) of the interaction head, and the frame's global map (O,h,w) if one is used."""
        engine, embedding = self._engine, self._embeddings[prompt.frame]
        needed = self._options.refine or engine.interaction_map
        global_map = self._global_map(prompt, state, ids) if needed else None
        shown = global_map if engine.interaction_map else None
        logits = engine.interact(embedding, prompt.label, prompt.previous, ids, shown)
        return biased(logits, prompt.clicked, ids, self._options.click_bias), global_map

    def _global_map(self, prompt: Prompt, state: State, ids: Ids) -> Floats:
        """Global map (O,h,w) of the annotated frame against its strokes, what a correction leaves, and what
        earlier rounds have given it: outside their windows (`window_around`) nothing, and strokes alone would claim
        all."""
        embedding = self._embeddings[prompt.frame]
        maps = prompt.reference.global_map(embedding)
        if prompt.unchanged is not None:
            maps = np.minimum(maps, replace(prompt.reference, label=prompt.unchanged).global_map(embedding))
        return np.minimum(maps, state.global_memory.read(prompt.frame, ids, embedding.shape[1:]))

    def _unchanged(self, frame: int, changeable: Cells, state: State, ids: Ids) -> Labels:
        """The ids (h,w) that a mask is sure of outside the cells (h,w) that a correction may change; -1 elsewhere."""
        if state.probabilities is not None:
            shown: Labels = sure_ids(state.probabilities.read(frame, ids), ids)
        else:
            grid = state.grid_label(frame, ids)
            assert grid is not None
            shown = grid.astype(np.int16)
        return np.where(changeable, UNLABELLED, shown)
