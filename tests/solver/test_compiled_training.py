"""A training step through compiled convolutions has eager Paddle's loss, gradients and running statistics."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]

# In a process of its own: the flag that it needs holds for the whole process.
STEP = """
import sys
import numpy as np, paddle
from paddlevideo.modeling import DeepLab, ResNet
from paddlevideo.solver.compiled_training import compile_dense_convolutions

paddle.seed(1)
model = DeepLab(ResNet(50), dropout=0.0)
model.train()
compiled = compile_dense_convolutions(model) if sys.argv[1] == "compiled" else 0
x = paddle.to_tensor(np.random.default_rng(0).standard_normal((2, 3, 65, 81)).astype("float32"))
model(x)  # moves the running statistics
for layer in model.sublayers():
    if isinstance(layer, paddle.nn.BatchNorm2D):
        layer.eval()  # a random network with norms over so few pixels blows rounding up
out = model(x)
(out * out).mean().backward()
found = {"compiled": np.array(compiled), "out": out.numpy()}
found |= {f"grad.{name}": p.grad.numpy() for name, p in model.named_parameters() if p.grad is not None}
found |= {f"stat.{name}": x.numpy() for name, x in model.state_dict().items() if name.endswith(("_mean", "_variance"))}
np.savez(sys.argv[2], **found)
"""


def _run(kind: str, path: Path) -> dict[str, np.ndarray]:
    done = subprocess.run(
        [sys.executable, "-c", STEP, kind, str(path)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(np.load(path))


def test_compiled_convolutions_train_as_eager_ones(tmp_path: Path) -> None:
    eager, compiled = _run("eager", tmp_path / "eager.npz"), _run("compiled", tmp_path / "compiled.npz")
    assert int(eager.pop("compiled")) == 0 and int(compiled.pop("compiled")) == 22
    assert eager.keys() == compiled.keys() and any(name.startswith("stat.") for name in eager)
    # As vectors: a rounding error that turns one rectifier over moves single gradients by much more than the rest, and
    # those before it by a few thousandths of their length (2.3e-3 with AVX-512). A wrong gradient is off by about 1.
    errors = {
        name: np.linalg.norm(compiled[name] - wanted) / max(np.linalg.norm(wanted), 1e-6)
        for name, wanted in eager.items()
    }
    for name, error in errors.items():
        assert error < (1e-4 if name == "out" else 4e-3), f"{name}: off by {error:.1e}"
    assert np.median(list(errors.values())) < 1e-4
