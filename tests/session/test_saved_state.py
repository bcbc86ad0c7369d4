"""A session that was saved and read again is, to the bit, the one that was never closed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paddlevideo.loader.preprocess import Preprocess
from paddlevideo.session.options import SessionOptions
from paddlevideo.session.session import Session
from paddlevideo.utils.errors import InputError
from tests.session.test_session import Clip, Colours, _masks, _memory, _stroke

REFERENCE, LITE = SessionOptions.reference(), SessionOptions.lite()


def _open(options: SessionOptions, engine: Colours | None = None) -> Session:
    return Session(engine or Colours(), Clip(), Preprocess("rgb", size=None), 2, options)


def _run(steps: Any) -> None:
    for _ in steps:
        pass


def _worked(options: SessionOptions) -> Session:
    session = _open(options)
    for frame in (2, 4):
        session.add_strokes([_stroke(1, frame), _stroke(2, frame), _stroke(0, frame)])
        _run(session.propagate())
    session.lock([2])
    square = session.mask(0)
    square[30:40, 40:50] = 1
    session.add_mask(0, square)
    _run(session.propagate((0, 3)))
    return session


def _again(session: Session, path: Path, options: SessionOptions, engine: Colours | None = None) -> Session:
    _run(session.save(path, "network", {"some": [1, "note"]}))
    opened = _open(options, engine)
    assert opened.load(path, "network") == {"some": [1, "note"]}
    return opened


@pytest.mark.parametrize("options", [REFERENCE, LITE])
def test_a_session_read_again_gives_the_same_answers_and_propagations(tmp_path: Path, options: SessionOptions) -> None:
    session, engine = _worked(options), Colours()
    opened = _again(session, tmp_path / "s.zip", options, engine)
    assert not engine.embedded, "nothing is computed"
    assert np.array_equal(_masks(opened), _masks(session)) and opened.objects == session.objects
    for frame, object_id in ((5, 1), (5, 0), (1, 1)):
        stroke = [_stroke(object_id, frame)]
        one, other = session.add_strokes(stroke), opened.add_strokes(stroke)
        assert np.array_equal(one.mask, other.mask) and np.array_equal(one.logits, other.logits)
    opened = _again(opened, tmp_path / "waiting.zip", options)  # with rounds that wait
    for one, other in zip(session.propagate(), opened.propagate(), strict=True):
        assert one.frame == other.frame and np.array_equal(one.mask, other.mask)
        assert np.array_equal(one.logits, other.logits)
    assert np.array_equal(_masks(opened), _masks(session)) and np.array_equal(_memory(opened), _memory(session))


@pytest.mark.parametrize("options", [REFERENCE, LITE])
def test_the_last_round_is_undone_or_run_again(tmp_path: Path, options: SessionOptions) -> None:
    session = _worked(options)
    again, undone = (_again(session, tmp_path / "s.zip", options) for _ in range(2))
    _run(session.propagate())
    _run(again.propagate())
    assert np.array_equal(_masks(again), _masks(session))
    session.undo()
    undone.undo()
    assert np.array_equal(_masks(undone), _masks(session)) and np.array_equal(_memory(undone), _memory(session))
    with pytest.raises(InputError, match="undo"):
        undone.undo()


def test_a_session_goes_on_while_it_is_written(tmp_path: Path) -> None:
    session = _worked(LITE)
    before, saving = _masks(session), session.save(tmp_path / "s.zip", "network")
    next(saving)
    session.add_strokes([_stroke(1, 5)])
    _run(session.propagate())
    assert not (tmp_path / "s.zip").exists()
    _run(saving)
    opened = _open(LITE)
    opened.load(tmp_path / "s.zip", "network")
    assert len(opened.rounds) == 3 and np.array_equal(_masks(opened), before)
    given_up = session.save(tmp_path / "t.zip", "network")
    next(given_up)
    given_up.close()  # type: ignore[attr-defined]
    assert [each.name for each in tmp_path.iterdir()] == ["s.zip"]


def test_what_does_not_fit_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    path, session = tmp_path / "s.zip", _worked(LITE)
    _run(session.save(path, "network"))
    fresh = _open(LITE)
    with pytest.raises(InputError, match="another network"):
        fresh.load(path, "other weights")
    with pytest.raises(InputError, match="other options"):
        _open(replace(LITE, max_leap=0.2)).load(path, "network")
    _open(replace(LITE, undo_depth=1, max_memory_mib=7)).load(path, "network")
    with pytest.raises(InputError, match=r"none\.zip"):
        fresh.load(tmp_path / "none.zip", "network")
    whole = path.read_bytes()
    for cut in (0, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(InputError, match="saved session"):
            fresh.load(path, "network")
    for place in range(60, len(whole) // 2, len(whole) // 20):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        other = _open(LITE)
        try:
            other.load(path, "network")
        except InputError:
            assert not other.rounds and not _masks(other).any()
        else:  # a byte that says nothing, such as of a time
            assert np.array_equal(_masks(other), _masks(session)) and np.array_equal(_memory(other), _memory(session))
    assert not fresh.rounds and not _masks(fresh).any()
