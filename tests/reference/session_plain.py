"""The rounds of a session as the reference's test loop has them: everything kept, nothing undone.

Shapes: O ids incl. background, C channels, H W video, h w embedding grid.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import paddle
from paddle.nn import functional as F

from paddlevideo.loader.frame_source import FrameSource
from paddlevideo.loader.preprocess import Preprocess
from paddlevideo.loader.scribbles import Stroke, draw_label, region_of_interest
from paddlevideo.session.engine import Engine
from paddlevideo.session.options import SessionOptions
from paddlevideo.utils.arrays import Floats, Labels

DEFAULTS = SessionOptions()


class PlainSession:
    """Annotate, propagate, look at masks: the part of `Session` that the reference has.

    Of the options it has one rule, which is ours: ``references: answer``, other frames are matched with what the first
    round's answer is sure of.
    """

    def __init__(
        self,
        engine: Engine,
        frames: FrameSource,
        preprocess: Preprocess,
        objects: int = 1,
        options: SessionOptions = DEFAULTS,
    ) -> None:
        self.ids = list(range(objects + 1))
        self.round = 0
        self._engine, self._frames, self._preprocess = engine, frames, preprocess
        self._answer = options.references == "answer"
        self._embeddings: dict[int, Floats] = {}
        self._masks: dict[int, np.ndarray] = {}
        self._global: dict[int, Floats] = {}
        self._local: dict[tuple[int, int], Floats] = {}  # of a frame and a round
        self._weight: dict[tuple[int, int], float] = {}
        self._open = False  # a round that is not propagated yet is begun anew by another annotation

    def embedding(self, frame: int) -> Floats:
        if frame not in self._embeddings:
            self._embeddings[frame] = self._engine.embed(self._preprocess(self._frames[frame]))
        return self._embeddings[frame]

    def mask(self, frame: int) -> np.ndarray:
        return self._masks.get(frame, np.zeros(self._frames.size, np.int64))

    def global_memory(self, frame: int) -> Floats:
        return self._global.get(frame, np.ones((len(self.ids), *self.embedding(frame).shape[1:]), np.float32))

    def add_strokes(self, strokes: Sequence[Stroke]) -> np.ndarray:
        frame = strokes[0].frame
        return self.annotate(frame, draw_label(strokes, self.embedding(frame).shape[1:]))

    def annotate(self, frame: int, label: Labels) -> np.ndarray:
        """Answer a label (h,w) on a frame with the frame's mask (H,W)."""
        if not self._open:
            self.round += 1
            self._before = None if self.round == 1 else self._grid(frame)
        self._open = True
        embedding = self.embedding(frame)
        self._frame, self._reference = frame, region_of_interest(label) if self.round == 1 else label
        seen = None
        if self._engine.interaction_map:
            maps = self._engine.global_map(embedding, self._engine.reference(embedding, self._reference, self.ids))
            seen = np.minimum(maps, self.global_memory(frame))
        logits = self._engine.interact(embedding, label, self._before, self.ids, seen)
        self._masks[frame] = self._labels(logits)
        if self._answer and self.round == 1:
            shares = F.softmax(paddle.to_tensor(logits), axis=0).numpy()
            self._reference = label.copy()
            for row, object_id in enumerate(self.ids):
                self._reference[(shares[row] >= 0.9) & (label == -1)] = object_id
        maps = self._engine.local_map(embedding, embedding, label, self.ids)
        self._global[frame] = np.minimum(maps, self.global_memory(frame))
        return self._masks[frame]

    def propagate(self) -> Iterator[int]:
        """Yield every frame once its mask is there: the annotated one, forward to the end, backward to the start."""
        self._open = False
        yield self._frame
        reference = self._engine.reference(self.embedding(self._frame), self._reference, self.ids)
        for step, order in ((1, range(self._frame + 1, len(self._frames))), (-1, range(self._frame - 1, -1, -1))):
            for frame in order:
                maps = self._engine.global_map(self.embedding(frame), reference)
                self._global[frame] = np.minimum(maps, self.global_memory(frame))
                previous = self._grid(frame - step)
                near = (self.embedding(frame), self.embedding(frame - step), previous, self.ids)
                chosen = self._choose(frame, self._engine.local_map(*near))
                inputs = (self.embedding(frame), self._global[frame], chosen, previous, self.ids)
                self._masks[frame] = self._labels(self._engine.propagate(*inputs))
                yield frame

    def _choose(self, frame: int, maps: Floats) -> Floats:
        """The new local map where its annotated frame is strictly nearer than the last round's, else the last's."""
        now, last = (frame, self.round), (frame, self.round - 1)
        self._local[now], self._weight[now] = maps, 1 / abs(frame - self._frame)
        return maps if self._weight[now] > self._weight.get(last, 0.0) else self._local[last]

    def _labels(self, logits: Floats) -> np.ndarray:
        size = list(self._frames.size)
        large = F.interpolate(paddle.to_tensor(logits[None]), size, mode="bilinear", align_corners=True)
        return large[0].argmax(axis=0).numpy()

    def _grid(self, frame: int) -> Labels:
        """The mask on the embedding grid, by the floor rule."""
        mask, (height, width) = self.mask(frame), self.embedding(frame).shape[1:]
        return mask[np.arange(height) * len(mask) // height][:, np.arange(width) * mask.shape[1] // width]
