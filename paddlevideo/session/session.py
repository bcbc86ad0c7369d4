"""One interactive segmentation of one video: strokes in, masks out, round by round (paper section 3; reference: the
test loop).

A round is the strokes (or a mask) of one frame. Annotating gives that frame's mask at once; propagating carries it
forward to the last frame and then backward to the first, helped by the memories of the rounds before.

Shapes: O ids incl. background, C channels, H W the video's own size, h w embedding grid (stride 4).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..loader.frame_source import FrameSource
from ..loader.preprocess import Preprocess
from ..loader.scribbles import MAX_OBJECT_ID, UNLABELLED, Stroke, draw_label
from ..utils.arrays import IGNORE, Floats, Labels, Mask
from ..utils.errors import InputError
from ..utils.fingerprint import fingerprint
from . import checks
from .borders import Borders
from .composition import Composer
from .drawn import Drawn
from .engine import Engine
from .history import History
from .interaction import Interaction
from .matching import MatchingReference
from .memory.array_store import MIB, ArrayStore
from .memory.capacity import check_capacity
from .memory.distance_maps import GlobalMemory, LocalMemory
from .memory.embeddings import Embeddings
from .memory.locks import Locks
from .memory.masks import MaskStore, nearest_labels, only
from .memory.probability_maps import ProbabilityMemory
from .options import SessionOptions
from .propagation import Propagation
from .rounds import FrameResult, Round, State
from .saved_state import SavedState, read_state, write_state

DEFAULTS = SessionOptions()
_NO_MATTER = ("max_memory_mib", "undo_depth")  # options that change no number


class Session:
    """Annotate frames and propagate; see the module's text.

    Args:
        engine: runs the network, see `paddlevideo.session.engine.build_engine`.
        frames: the video.
        preprocess: frame to network input.
        objects: how many objects (ids 1..n), or their ids.
        options: see `SessionOptions`.
    """

    def __init__(
        self,
        engine: Engine,
        frames: FrameSource,
        preprocess: Preprocess,
        objects: int | Sequence[int] = 1,
        options: SessionOptions = DEFAULTS,
    ) -> None:
        self._frames = frames
        self._preprocess = preprocess
        self._store = store = ArrayStore(int(options.max_memory_mib * MIB), options.storage)

        @lru_cache(maxsize=1)  # a frame is embedded, then its borders are decoded
        def image(frame: int) -> Floats:
            return preprocess(frames[frame])

        self._embeddings = Embeddings(
            lambda frame: engine.embed(image(frame)),
            len(frames),
            store,
            lambda first: check_capacity(
                store, frames.path, len(frames), first.shape, len(self.ids), maps=2 if options.reach == "video" else 3
            ),
        )
        self._matching = partial(MatchingReference, engine, self._embeddings)
        self._locks = Locks()
        self._options = options
        rounds: list[Round] = []
        borders, drawn = Borders(engine, self._embeddings, image), Drawn(rounds, preprocess.aligned)
        composer = Composer(frames.size, preprocess, self._locks, borders, drawn)
        self._objects = checks.object_ids(objects)
        self._next_object = max(self._objects, default=0) + 1
        probabilities = ProbabilityMemory(store) if options.reach == "between" else None
        self._empty = State(GlobalMemory(store), LocalMemory(store), MaskStore(), probabilities)
        self._history = History(
            rounds,
            Interaction(engine, self._embeddings, composer, options),
            Propagation(engine, self._embeddings, composer, options),
            self._empty.copy(),
            lambda: self.ids,
            options.undo_depth,
        )

    # ----------------------------------------------------------------------------------------------- objects

    @property
    def objects(self) -> tuple[int, ...]:
        """Ids of the objects, background left out."""
        return tuple(self._objects)

    @property
    def ids(self) -> tuple[int, ...]:
        """Ids of the rows of every logit map: 0 (background), then the objects."""
        return (0, *self._objects)

    def add_object(self) -> int:
        """Add one more object and return its id; earlier rounds simply never saw it."""
        if self._next_object > MAX_OBJECT_ID:
            raise InputError(f"objects: there can be no id above {MAX_OBJECT_ID}; open a second session")
        self._history.answer_again()
        self._objects.append(self._next_object)
        self._next_object += 1
        return self._objects[-1]

    def remove_object(self, object_id: int) -> None:
        """Forget an object: it becomes background in all masks. Its id is not given again."""
        if object_id not in self._objects:
            raise InputError(
                f"objects: there is no object {object_id} to remove; there are {checks.listed(self._objects)}"
            )
        self.set_objects([each for each in self._objects if each != object_id])

    def set_objects(self, objects: Sequence[int]) -> None:
        """Let these ids be the objects: what is new is added, what is missing removed.

        A removed one that is put back before another round has begun is what it was, masks and memories included.
        """
        ids = checks.object_ids(objects) if objects else []
        if ids == self._objects:
            return
        self._history.answer_again()
        self._objects = ids
        self._next_object = max([self._next_object - 1, *ids]) + 1
        self._locks.set([each for each in self._locks.ids if each in ids], self._history.state.masks)

    def lock(self, objects: Sequence[int]) -> None:
        """Let these be the locked objects: strokes and propagation leave their masks as they are now."""
        checks.known_ids(set(objects), self._objects, "lock")
        self._history.interrupt()
        self._locks.set(objects, self._history.state.masks)

    # ------------------------------------------------------------------------------------------------ rounds

    @property
    def rounds(self) -> tuple[Round, ...]:
        """The rounds so far, the oldest first."""
        return tuple(self._history.rounds)

    def add_strokes(self, strokes: Sequence[Stroke]) -> FrameResult:
        """Draw strokes of any objects on one frame and return its new mask, which has their objects under them.

        More strokes on the same frame belong to the same round until it is propagated; strokes on another frame begin
        a new one. Raises `InputError` for a frame or an object that is not there.
        """
        frame = checks.one_frame(strokes)
        self._check(frame, "strokes")
        checks.known_ids({stroke.object_id for stroke in strokes}, self.ids, f"strokes on frame {frame}")
        label = draw_label(strokes, self._embeddings[frame].shape[1:])
        return self._history.annotate(frame, label, strokes)

    def annotate(self, frame: int, label: Labels) -> FrameResult:
        """As `add_strokes`, for strokes drawn already: a label (h,w) on the embedding grid, -1 where there is none."""
        self._check(frame, "label")
        label = checks.grid_label(label, frame, self._embeddings[frame].shape[1:], self.ids)
        return self._history.annotate(frame, label, [])

    def add_mask(self, frame: int, mask: np.ndarray) -> FrameResult:
        """Give a frame's whole mask (H,W) at the video's own size: ids, 0 for background, 255 where it says nothing.

        Until it is propagated, another mask of the frame replaces it. It stays until strokes correct it: what is
        carried from other frames leaves it alone.

        A mask file is read by the same rule: bool, and 255 on 0 alone, is object 1, with soft edges too; numbers that
        are no ids are refused.
        """
        self._check(frame, "mask")
        mask = self._locks.paste(checks.whole_mask(mask, frame, self._frames, self.ids), frame)
        grid = self._embeddings[frame].shape[1:]
        label = nearest_labels(mask, grid, self._preprocess.aligned).astype(np.int16)
        label[label == IGNORE] = UNLABELLED
        return self._history.open(frame, label, mask=np.where(mask == IGNORE, 0, mask).astype(np.uint8))

    def undo(self) -> None:
        """Take the last round back, with all that it changed in masks and memories; objects stay."""
        self._history.undo()

    def propagate(self, span: tuple[int, int] | None = None) -> Iterator[FrameResult]:
        """Yield the annotated frame, the frames after it to the last, then those before it down to the first.

        Rounds on several frames that were not propagated yet follow one another in their order. With none waiting, the
        last round is run again. The caller may stop at any frame: masks done so far stay, and nothing more is
        computed. Annotating, undoing or changing the objects ends a propagation that is still under way.

        Args:
            span: first and last frame to carry masks to, the annotated ones between them; None is the whole video.
        """
        if not self._history.rounds:
            raise InputError("propagate: no frame is annotated; add strokes or a mask first")
        annotated = [each.frame for each in self._history.waiting()]
        return self._history.propagate(*checks.span_around(span, annotated, self._frames))

    # ----------------------------------------------------------------------------------------------- results

    def mask(self, frame: int) -> Mask:
        """Mask (H,W) of a frame at the video's own size; all background where no round has been."""
        self._check(frame, "mask")
        mask = self._history.state.masks.mask(frame)
        return np.zeros(self._frames.size, np.uint8) if mask is None else only(mask, self.ids)

    def has_mask(self, frame: int) -> bool:
        """Whether any round has reached ``frame``."""
        self._check(frame, "mask")
        return frame in self._history.state.masks

    def global_memory(self, frame: int) -> Floats:
        """Aggregated global distance map (O,h,w) of a frame; 1 where no round has been."""
        self._check(frame, "global memory")
        self._history.settle()
        return self._history.state.global_memory.read(frame, self.ids, self._embeddings[frame].shape[1:])

    def embedding(self, frame: int) -> Floats:
        """Embedding (C,h,w) of a frame."""
        self._check(frame, "embedding")
        return self._embeddings[frame]

    def embed_next(self, around: int) -> int | None:
        """Embed one frame ahead of its use, see `Embeddings.embed_next`; for a caller with nothing else to do."""
        self._check(around, "embedding")
        return self._embeddings.embed_next(around)

    @property
    def embedded(self) -> int:
        """How many frames' embeddings are at hand."""
        return len(self._embeddings)

    @property
    def memory_bytes(self) -> int:
        """Memory that embeddings and maps take now."""
        return self._store.nbytes

    def drop_embeddings(self) -> None:
        """Free what they take; they are computed again when needed."""
        self._embeddings.clear()

    # ------------------------------------------------------------------------------------------------ on disk

    def save(self, path: str | Path, network: str, notes: Any = None) -> Iterator[None]:
        """Write the session as it is at the first step into a file, an array a step; other work may come in between.

        The file is there, whole, after the last step; one that is given up leaves none. Embeddings are not in it.

        Args:
            path: the file; one that is there is replaced.
            network: what names the network and its weights, for `load` to compare.
            notes: what JSON can hold, given back by `load`.

        Raises:
            InputError: the disk is full, or the maps take more than `paddlevideo.session.saved_state.LARGEST`.
        """
        history, locks = self._history, dict(self._locks.kept)
        saved = SavedState(list(self._objects), self._next_object, locks, history.rounds, history.state)
        yield from write_state(path, saved, self._store, self._made_by(network), notes)

    def load(self, path: str | Path, network: str) -> Any:
        """Become the session that `save` wrote, to the bit, and return its notes; only its last round can be undone.

        Raises:
            InputError: the file is missing or damaged, or of another network, version or other options, or of a video
                of another length or size: what its frames show is not compared. The session is as it was then.
        """
        saved, notes = read_state(path, self._empty, self._store, self._matching, self._made_by(network))
        self._history.interrupt()
        self._objects, self._next_object, self._locks.kept = saved.objects, saved.next_object, saved.locks
        self._history.rounds[:], self._history.state = saved.rounds, saved.state
        return notes

    # ------------------------------------------------------------------------------------------------ inside

    def _made_by(self, network: str) -> str:
        options = {name: value for name, value in asdict(self._options).items() if name not in _NO_MATTER}
        size = self._frames.size
        return fingerprint(__version__, network, options, len(self._frames), size, self._preprocess.input_size(*size))

    def _check(self, frame: int, what: str) -> None:
        checks.known_frame(frame, self._frames, what)
