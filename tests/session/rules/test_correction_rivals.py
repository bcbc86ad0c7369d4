"""Corrections claim in other frames what looks more like their strokes than like the rest of their own frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from paddlevideo.kernels.global_matching import Reference
from paddlevideo.loader.preprocess import Preprocess
from paddlevideo.loader.scribbles import UNLABELLED, Stroke
from paddlevideo.modeling.rivals import nearest_rival
from paddlevideo.session.options import SessionOptions
from paddlevideo.session.rules.correction_rivals import uncontested
from paddlevideo.session.session import Session
from tests.session.test_session import FRAMES, GRID, SIZE, Clip, Colours

IDS = (0, 1, 2)
MAPS = arrays.arrays(np.float32, (3, 4, 5), elements=st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]))


@settings(max_examples=60, deadline=None)
@given(claims=MAPS, others=MAPS)
def test_a_claim_stands_where_no_other_id_is_nearer(claims: np.ndarray, others: np.ndarray) -> None:
    kept = uncontested(claims, others)
    for row, y, x in np.ndindex(claims.shape):
        rivals = [each[other, y, x] for each in (claims, others) for other in range(3) if other != row]
        assert kept[row, y, x] == (claims[row, y, x] if claims[row, y, x] <= min(rivals) else 1)


def test_one_id_has_no_rival() -> None:
    claims = np.full((1, 2, 2), 0.5, np.float32)
    assert (nearest_rival(claims) == 1).all() and (uncontested(claims, np.zeros_like(claims)) == claims).all()


class Noting(Colours):
    """Sure of its answers; notes the labels that it makes references of."""

    def __init__(self) -> None:
        super().__init__()
        self.references: list[np.ndarray] = []

    def interact(self, *args: Any, **kwargs: Any) -> np.ndarray:
        return 20 * super().interact(*args, **kwargs)

    def reference(self, embedding: np.ndarray, label: np.ndarray, ids: Sequence[int]) -> Any:
        self.references.append(label.copy())
        return super().reference(embedding, label, ids)


def _stroke(object_id: int, frame: int, x: float, y: float) -> Stroke:
    return Stroke(object_id, frame, ((x / SIZE[1], y / SIZE[0]), ((x + 8) / SIZE[1], y / SIZE[0])))


def _session(*, engine: Noting | None = None, **settings: Any) -> tuple[Any, Session]:
    """After a round on frame 0, whose references are forgotten."""
    engine = engine or Noting()
    session = Session(engine, Clip(), Preprocess("rgb", size=None), 2, SessionOptions(**settings))
    session.add_strokes([_stroke(1, 0, 4, 16), _stroke(2, 0, 12, 36), _stroke(0, 0, 40, 4)])
    list(session.propagate())
    engine.references.clear()
    return engine, session


def test_a_correction_is_weighed_against_what_its_frame_shows() -> None:
    engine, session = _session(correction_rivals=True)
    before = [session.global_memory(t).copy() for t in range(FRAMES)]
    session.add_strokes([_stroke(2, 4, 22, 16)])  # the red square, which was object 1, is to be object 2
    shown = session.mask(4)[1::4, 1::4]
    list(session.propagate())
    strokes, rest = engine.references[-2:]
    assert set(np.unique(strokes)) == {UNLABELLED, 2} and not ((strokes != UNLABELLED) & (rest != UNLABELLED)).any()
    assert set(np.unique(rest)) >= {0, 2} and (rest[rest != UNLABELLED] == shown[rest != UNLABELLED]).mean() > 0.9
    claims, others = (Reference(session.embedding(4), label, IDS) for label in (strokes, rest))
    for t in (0, 2, 5):
        embedding = session.embedding(t)
        claimed = uncontested(claims.map(embedding), others.map(embedding))
        assert np.allclose(session.global_memory(t), np.minimum(before[t], claimed), atol=1e-6)


def test_without_it_a_correction_claims_all_that_looks_like_it() -> None:
    engine, session = _session()
    session.add_strokes([_stroke(2, 4, 22, 16)])
    list(session.propagate())
    assert len(engine.references) == 1


def test_more_strokes_and_undone_ones_are_weighed_anew() -> None:
    engine, session = _session(correction_rivals=True)
    memory = [session.global_memory(t).copy() for t in range(FRAMES)]
    session.add_strokes([_stroke(2, 4, 22, 16)])
    list(session.propagate())
    session.undo()
    assert all(np.array_equal(session.global_memory(t), memory[t]) for t in range(FRAMES))
    session.add_strokes([_stroke(2, 4, 22, 16)])
    session.add_strokes([_stroke(0, 4, 50, 4)])
    list(session.propagate())
    once, other = _session(correction_rivals=True)
    other.add_strokes([_stroke(2, 4, 22, 16), _stroke(0, 4, 50, 4)])
    list(other.propagate())
    assert all(np.array_equal(session.mask(t), other.mask(t)) for t in range(FRAMES))
    assert all(np.array_equal(*pair) for pair in zip(engine.references[-2:], once.references[-2:], strict=True))


def test_a_whole_mask_has_no_rivals() -> None:
    engine, session = _session(correction_rivals=True)
    mask = np.zeros(SIZE, np.uint8)
    mask[8:24, 16:32] = 1
    session.add_mask(4, mask)
    list(session.propagate())
    assert len(engine.references) == 1 and engine.references[0].shape == GRID
