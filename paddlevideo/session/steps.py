"""How one frame gets its mask: the annotated one from strokes or a mask, any other from its neighbour (paper section 3;
reference: the body of the test loop).

Shapes: O ids incl. background, C channels, H W the video's own size, h w embedding grid.
"""

from __future__ import annotations

import numpy as np

from ..loader.frame_source import FrameSource
from ..loader.scribbles import UNLABELLED, clicked, region_distance, region_of_interest
from ..utils.arrays import Cells, Floats, Labels, Mask
from .engine import Engine
from .locks import Locks
from .memory.embeddings import Embeddings
from .memory.masks import grid_labels, nearest_labels, only, upsample_labels
from .options import SessionOptions
from .probabilities import id_planes, locked, logits_of, put_over, shares_of
from .rounds import ALONE, FrameResult, Mixing, Round, State
from .rules.click_lines import with_middles
from .rules.correction_rivals import uncontested
from .rules.edges import with_edges
from .rules.local_corrections import broadened, corrected, reached
from .rules.max_leap import without_leaps
from .rules.references import sure_ids, sure_label
from .rules.search import window_around

Ids = tuple[int, ...]  # of the rows of every map
# By name, where in its cell an answer is found. A network sees labels that were read at an eighth of a cell (the middle
# of the first of its four pixels) and learns by a loss for the middle of all four: 3/8 fits both best.
PLACES: dict[str, float | None] = {"corners": None, "cells": 0.375}


class Steps:
    """The network's answers, noted in a state as they come.

    Args:
        engine: runs the network.
        embeddings: of the video.
        locks: objects whose masks stay.
        size: (H,W) of the video.
        input_size: of what the network is fed.
        pictures: the video.
        options: of the session.
    """

    def __init__(
        self,
        engine: Engine,
        embeddings: Embeddings,
        locks: Locks,
        size: tuple[int, int],
        input_size: tuple[int, int],
        pictures: FrameSource,
        options: SessionOptions,
    ) -> None:
        self._engine = engine
        self._embeddings = embeddings
        self._locks = locks
        self._size = size
        self._input_size = input_size
        self._pictures = pictures
        self._options = options
        self._place = PLACES[options.upsampling]

    def annotate(self, current: Round, state: State, ids: Ids) -> FrameResult:
        """Answer a round's annotated frame; its reference and whatever came of an earlier one are made anew."""
        label = current.label_of(ids)
        current.reference, current.rivals, current.prepared, current.noted = label, None, None, False
        if current.mask is not None:
            return self._given(current, current.mask, label, state, ids)
        previous = self._previous(current.frame, state, ids)
        found = clicked(label) if current.number == 1 else []
        if found and self._options.click_lines:
            answer, _ = self._asked(current, label, previous, state, ids, found)
            label = with_middles(label, shares_of(answer), ids, found)
        reach = beyond = None
        if previous is not None and self._options.local_corrections and current.number > 1:
            reach = reached(label, previous, ids)
            if self._options.correction_rivals:
                beyond = self._beyond(current.frame, reach | (label != UNLABELLED), state, ids)
        logits, seen = self._asked(current, label, previous, state, ids, found, beyond)
        if seen is not None and self._options.refine:
            logits = self._refined(current, logits, seen, ids)
        broad, known, near = label, label, logits
        if previous is not None:
            if reach is not None:
                broad = broadened(label, previous, ids)
                near = corrected(logits, broad, reach, previous, ids)
                current.reference, current.prepared = broad, None
            known = np.where(broad == UNLABELLED, previous, broad)
        near = self._without_leaps(near, known, ids)
        result = self._answer(current, current.frame, near, state, ids)
        if self._options.references == "answer" and current.number == 1:  # later answers are corrected, not yet right
            current.reference, current.prepared = self._sure(logits, near, current, state, ids), None
        elif self._options.correction_rivals and current.number > 1:
            said = current.reference != UNLABELLED
            shown = sure_ids(self._shares_shown(near, current.frame, state, ids), ids)
            current.rivals, current.prepared = np.where(said, UNLABELLED, shown), None
        return result

    def _given(self, current: Round, mask: Mask, label: Labels, state: State, ids: Ids) -> FrameResult:
        """Take a person's mask (H,W) for the answer; ``label`` (h,w) is what it says on the grid."""
        mask = only(mask, ids)
        grid = nearest_labels(mask, label.shape)
        state.masks.put(current.frame, mask, grid)
        if state.shares is not None:
            state.shares.put(current.frame, id_planes(grid, ids), ids, current.number)
        return FrameResult(current.frame, mask, id_planes(label, ids))

    def _asked(
        self,
        current: Round,
        label: Labels,
        previous: Mask | None,
        state: State,
        ids: Ids,
        found: list[int],
        beyond: Labels | None = None,
    ) -> tuple[Floats, Floats | None]:
        """Logits (O,h,w) of the annotated frame by a label (h,w) of strokes, and the global map (O,h,w) if one is used.

        The label, in the first round with its region of interest, becomes the round's reference. ``found`` are the
        objects of a first round that clicks alone show, ``beyond`` the ids (h,w) that a correction does not reach.
        """
        current.reference, current.prepared = label, None
        if current.number == 1 and (label != UNLABELLED).any():
            distance = region_distance(label, click_region=self._options.click_region)
            current.reference = region_of_interest(label, distance)
        shown = self._engine.interaction_map
        seen = self._seen(current, state, ids, beyond) if self._options.refine or shown else None
        logits = self._engine.interact(self._embeddings[current.frame], label, previous, ids, seen if shown else None)
        if found and self._options.click_bias:
            gain = self._options.click_bias * np.isin(ids, found)
            logits = logits + gain.astype(np.float32)[:, None, None]
        return logits, seen

    def note(self, current: Round, state: State, ids: Ids) -> None:
        """Take the annotated frame, matched against itself, locally, into the global memory: the reference's habit.

        Only later rounds read it, so it is apart from `annotate`: the answer to a stroke does not wait for it.
        """
        embedding = self._embeddings[current.frame]
        maps = self._engine.local_map(embedding, embedding, current.label_of(ids), ids)
        state.global_memory.aggregate(current.frame, maps, ids)
        current.noted = True

    def carry(
        self, current: Round, neighbour: int, frame: int, state: State, ids: Ids, mixing: Mixing = ALONE
    ) -> FrameResult:
        """Segment ``frame`` with the help of its ``neighbour``, done just before; what stands costs nothing."""
        if not mixing.share and not mixing.over:
            return self._standing(frame, state, ids)
        engine, previous = self._engine, self._previous(neighbour, state, ids)
        assert previous is not None
        window = window_around(previous, ids, self._options.search)
        part, beside = (self._embeddings.read(each, window.part) for each in (frame, neighbour))
        before = window.cut(previous)
        maps = window.distances(self._global_map(current, part, ids))
        seen = state.global_memory.aggregate(frame, maps, ids)
        maps = window.distances(engine.local_map(part, beside, before, ids))
        near = state.local_memory.choose(frame, maps, ids, current.number, abs(frame - current.frame))
        logits = window.logits(engine.propagate(part, window.cut(seen), window.cut(near), before, ids), ids)
        logits = self._without_leaps(logits, previous, ids)
        return self._answer(current, frame, logits, state, ids, mixing)

    def _seen(self, current: Round, state: State, ids: Ids, beyond: Labels | None) -> Floats:
        """Global map of the annotated frame against what was said of it and what lies ``beyond``, and of what earlier
        rounds have given it: outside their windows (`window_around`) nothing, and strokes alone would claim all."""
        embedding = self._embeddings[current.frame]
        maps = self._global_map(current, embedding, ids)
        if beyond is not None:
            maps = np.minimum(maps, self._engine.global_map(embedding, self._engine.reference(embedding, beyond, ids)))
        return np.minimum(maps, state.global_memory.read(current.frame, ids, embedding.shape[1:]))

    def _beyond(self, frame: int, reach: Cells, state: State, ids: Ids) -> Labels:
        """The ids (h,w) that the mask is sure of beyond the ``reach`` (h,w) of a correction; -1 elsewhere."""
        if state.shares is not None:
            shown: Labels = sure_ids(state.shares.read(frame, ids), ids)
        else:
            grid = state.masks.grid(frame)
            assert grid is not None
            shown = only(grid, ids).astype(np.int16)
        return np.where(reach, UNLABELLED, shown)

    def _refined(self, current: Round, logits: Floats, seen: Floats, ids: Ids) -> Floats:
        """Logits of the annotated frame, the answer that it has by ``logits`` carried over to the frame itself.

        The interaction head sees strokes only as lines; the propagation head sees what looks like them, everywhere:
        within a window around the first answer J fell by 0.01.
        """
        free, kept = self._free(logits, ids)
        answer = only(self._locks.paste_grid(grid_labels(free, kept, self._input_size), current.frame), ids)
        embedding = self._embeddings[current.frame]
        near = self._engine.local_map(embedding, embedding, answer, ids)
        return self._engine.propagate(embedding, seen, near, answer, ids)

    def _without_leaps(self, logits: Floats, known: Labels, ids: Ids) -> Floats:
        """The logits without parts far from where objects are ``known`` (h,w): in the neighbour, or in the annotated
        frame by its strokes and its mask before the round."""
        return logits if self._options.max_leap is None else without_leaps(logits, known, ids, self._options.max_leap)

    def _sure(self, logits: Floats, near: Floats, current: Round, state: State, ids: Ids) -> Labels:
        """What other frames are matched with; what looked like an object, but is too far off, says nothing."""
        label = current.label_of(ids)
        assert current.reference is not None
        sure = sure_label(self._shares_shown(logits, current.frame, state, ids), label, current.reference, ids)
        dropped = logits.argmax(axis=0) != near.argmax(axis=0)
        return np.where(dropped & (label == UNLABELLED), UNLABELLED, sure)

    def _shares_shown(self, logits: Floats, frame: int, state: State, ids: Ids) -> Floats:
        """Shares by logits (O,h,w) of an answered frame, with locked objects where they are."""
        shown = state.masks.grid(frame)
        assert shown is not None
        return locked(shares_of(logits), shown, ids, self._locks.ids)

    def _global_map(self, current: Round, embedding: Floats, ids: Ids) -> Floats:
        if current.prepared is None:
            annotated = self._embeddings[current.frame]
            labels = [label for label in (current.reference, current.rivals) if label is not None]
            current.prepared = [self._engine.reference(annotated, label, ids) for label in labels]
        maps = [self._engine.global_map(embedding, each) for each in current.prepared]
        return uncontested(*maps) if len(maps) > 1 else maps[0]

    def _standing(self, frame: int, state: State, ids: Ids) -> FrameResult:
        """What a frame has had, again; rounds that mix have left shares of it."""
        mask = state.masks.mask(frame)
        assert mask is not None and state.shares is not None
        return FrameResult(frame, only(mask, ids), logits_of(state.shares.read(frame, ids)))

    def _answer(
        self, current: Round, frame: int, logits: Floats, state: State, ids: Ids, mixing: Mixing = ALONE
    ) -> FrameResult:
        new, over = mixing.share, mixing.over
        shares = None if state.shares is None else state.shares.mixed(frame, shares_of(logits), ids, new, over)
        if shares is not None and new < 1:
            logits = logits_of(shares)
        free, kept = self._free(logits, ids)
        mask = upsample_labels(free, kept, self._size, self._place)
        grid = grid_labels(free, kept, self._input_size)
        if self._options.edges:
            mask = with_edges(mask, shares_of(free), kept, self._pictures[frame], self._place)
        if not new:  # what stands does so to the pixel
            mask = put_over(state.masks.mask(frame), mask, over, ids)
            grid = put_over(state.masks.grid(frame), grid, over, ids)
        mask, grid = self._locks.paste(mask, frame), self._locks.paste_grid(grid, frame)
        state.masks.put(frame, mask, grid)
        if state.shares is not None and shares is not None:
            state.shares.put(frame, locked(shares, grid, ids, self._locks.ids), ids, current.number)
        return FrameResult(frame, mask, logits)

    def _free(self, logits: Floats, ids: Ids) -> tuple[Floats, Ids]:
        """Logits and ids without the locked objects, which claim nothing new; their old pixels go over the others'."""
        rows = [row for row, object_id in enumerate(ids) if object_id not in self._locks.ids]
        return (logits, ids) if len(rows) == len(ids) else (logits[rows], tuple(ids[row] for row in rows))

    def _previous(self, frame: int, state: State, ids: Ids) -> Mask | None:
        """Mask of a frame on the embedding grid, None where no round has been."""
        label = state.masks.grid(frame)
        return None if label is None else only(label, ids)
