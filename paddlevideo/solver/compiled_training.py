"""Dense convolutions compiled for training on a CPU (``to_static`` with oneDNN), four to seven times faster than eager.

Only single convolutions are compiled. Norms, activations and resizes stay eager: compiled under this flag, batch norms
leave their running statistics alone, products and interpolations end the process, and so does an output that comes
straight from a oneDNN operator, which is why each piece ends with ``assign``. All is tried in a child process first.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import paddle
from paddle import nn

from ..modeling.layers import Conv2D, conv2d
from ..utils.runtime import device, use_onednn

logger = logging.getLogger(__name__)

TRIAL = "from paddlevideo.solver.compiled_training import try_out; try_out()"
TOLERANCE = 1e-4


class _Convolution(nn.Layer):
    def __init__(self, conv: Conv2D) -> None:
        super().__init__()
        self.conv = conv

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return paddle.assign(nn.Conv2D.forward(self.conv, x))


def compile_dense_convolutions(model: nn.Layer) -> int:
    """Let the trained dense convolutions of ``model`` run compiled; return how many, 0 where that is no gain.

    Nothing is compiled on a GPU, in a model without such convolutions, or where the trial in a child process fails.
    """
    convolutions = [layer for layer in model.sublayers() if isinstance(layer, Conv2D) and _is_dense(layer)]
    if not convolutions or device() != "cpu" or not _trial_succeeds():
        return 0
    use_onednn(True)
    warnings.filterwarnings("ignore", "Tensor do not have 'place'")  # Paddle's own code asks itself
    for layer in convolutions:
        layer.training_runner = compile_convolution(layer)
    return len(convolutions)


def compile_convolution(layer: Conv2D) -> partial:
    """Return a callable that computes ``layer`` compiled; its gradients reach the layer's own parameters."""
    piece = _Convolution(layer)
    piece.train()
    # A partial, because a layer assigned to a layer would become its sublayer and double its weights.
    return partial(paddle.jit.to_static(piece, full_graph=True))


def try_out() -> None:
    """Compare one compiled convolution with eager Paddle; raise `RuntimeError` where they differ (or crash)."""
    use_onednn(True)
    layer = conv2d(8, 16, 3, stride=2, bias=True)
    found = []
    for run in (partial(nn.Conv2D.forward, layer), compile_convolution(layer)):
        x = paddle.to_tensor(np.random.default_rng(0).standard_normal((2, 8, 13, 15)).astype(np.float32))
        x.stop_gradient = False
        out = run(x)
        (out * out).sum().backward()
        found.append([out.numpy(), x.grad.numpy(), layer.weight.grad.numpy(), layer.bias.grad.numpy()])
        layer.clear_gradients()
    for eager, compiled in zip(*found, strict=True):
        if np.abs(eager - compiled).max() > TOLERANCE * np.abs(eager).max():
            raise RuntimeError("the compiled convolution differs from eager Paddle's")


def _is_dense(layer: Conv2D) -> bool:
    return layer._groups == 1 and layer.weight.shape[2] > 1 and not layer.weight.stop_gradient


def _trial_succeeds() -> bool:
    root = Path(__file__).parents[2]  # where the child finds this package, wherever it was started
    done = subprocess.run([sys.executable, "-c", TRIAL], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [""])[-1]
        logger.warning("convolutions train uncompiled: the trial ended with code %d %s", done.returncode, reason)
    return not done.returncode
