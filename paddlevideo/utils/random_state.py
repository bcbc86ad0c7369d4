"""The random numbers of a process, as plain values that a checkpoint can hold."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np


def random_states(generators: Mapping[str, np.random.Generator] | None = None) -> dict[str, Any]:
    """Return where Python's, NumPy's and Paddle's random numbers stand, and those of the named ``generators``."""
    import paddle

    return {
        "python": random.getstate(),
        "numpy": np.random.get_state(legacy=False),
        "paddle": [state.__getstate__() for state in paddle.get_rng_state()],
        "generators": {name: generator.bit_generator.state for name, generator in (generators or {}).items()},
    }


def restore_random_states(
    states: Mapping[str, Any], generators: Mapping[str, np.random.Generator] | None = None
) -> None:
    """Go on with the random numbers from where `random_states` saw them; raise `KeyError` for an unknown generator."""
    import paddle

    random.setstate(states["python"])
    np.random.set_state(states["numpy"])
    restored = []
    for current, values in zip(paddle.get_rng_state(), states["paddle"], strict=True):
        kind: Any = type(current)
        state = kind.__new__(kind)  # it has no other way in than that of pickle
        state.__setstate__(values)
        restored.append(state)
    paddle.set_rng_state(restored)
    for name, generator in (generators or {}).items():
        generator.bit_generator.state = states["generators"][name]
