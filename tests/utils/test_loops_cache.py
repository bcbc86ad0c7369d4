"""Compiled loops give the same bits when they have just been compiled and when they come from the cache."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
from paddlevideo.utils import runtime
runtime.prepare_threads(2)
runtime.import_paddle()
import hashlib
import numpy as np
import paddle
from paddlevideo.kernels.convolution import DepthwiseCorrelation
from paddlevideo.modeling.norm import BatchNorm2D, norm_relu
from paddlevideo.kernels.global_matching import Reference, local_map

rng = np.random.default_rng(0)
arrays = []
def tensor(*shape):
    return paddle.to_tensor(rng.standard_normal(shape).astype("float32"), stop_gradient=False)

x, taps, norm = tensor(2, 6, 33, 41), tensor(6, 1, 7, 7), BatchNorm2D(6)
y = norm_relu(norm, DepthwiseCorrelation.apply(x, taps, None, 1), residual=x)
(y * y).sum().backward()
arrays += [each.numpy() for each in (y, x.grad, taps.grad, norm.weight.grad, norm.bias.grad)]
current, previous = rng.standard_normal((2, 17, 24, 30)).astype("float32")
labels = rng.integers(0, 3, (24, 30))
arrays.append(local_map(current, previous, labels, [0, 1, 2], 3))
arrays.append(Reference(current, labels, [0, 1, 2]).map(previous))
print([hashlib.sha1(np.ascontiguousarray(each).tobytes()).hexdigest() for each in arrays])
"""


def run(cache: Path) -> str:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("NUMBA_", "OMP_"))}
    environment = {**kept, "XDG_CACHE_HOME": str(cache), "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_same_bits_when_just_compiled_and_from_the_cache(tmp_path: Path) -> None:
    compiled = run(tmp_path)
    assert list(tmp_path.glob("manet/loops-*/**/*.nbc"))
    assert run(tmp_path) == compiled
