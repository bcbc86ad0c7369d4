"""Warming up: what a person's first strokes and propagation need is compiled by then."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from paddlevideo.app.work.warm_up import STEPS, warm_up
from paddlevideo.loader.preprocess import Preprocess
from paddlevideo.session import Segmenter
from paddlevideo.session.options import SessionOptions
from tests.app.toy import SIZE, Colours

ROOT = Path(__file__).parents[3]

# In a process of its own: in this one other tests have compiled the loops.
SCRIPT = """
import gc
import numpy as np
from numba.core.dispatcher import Dispatcher
from paddlevideo.loader.scribbles import Stroke
from paddlevideo.session import Segmenter
from paddlevideo.app.work.warm_up import warm_up

def compiled():
    found = [each for each in gc.get_objects() if isinstance(each, Dispatcher) and "paddlevideo" in each.__module__]
    return {f"{each.__module__}.{each.__name__} {one}" for each in found for one in each.signatures}

segmenter = Segmenter.load()
for _ in warm_up(segmenter, (96, 160)):
    pass
before = compiled()
frames = np.random.default_rng(0).integers(0, 255, (4, 120, 200, 3), np.uint8)
session = segmenter.open(frames, objects=3)
session.add_strokes([Stroke(1, 1, ((0.3, 0.4), (0.3, 0.6)))])
list(session.propagate())
session.add_strokes([Stroke(2, 3, ((0.6, 0.5),)), Stroke(3, 3, ((0.8, 0.5), (0.8, 0.6)))])
list(session.propagate())
session.undo()
assert before and compiled() == before, compiled() - before
"""


def test_nothing_is_compiled_after_it() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_it_does_all_that_a_person_does_in_steps() -> None:
    engine = Colours()
    steps = list(warm_up(Segmenter(engine, Preprocess("rgb", size=None), SessionOptions()), SIZE))
    assert len(steps) == STEPS
    assert {"embed", "interact", "propagate"} == set(engine.calls)
