"""A layer compiled for CPU inference (``paddle.inference`` with oneDNN), several times faster than eager Paddle.

Compiling takes seconds, so the exported graph is kept in a folder of the user's cache, named by everything that it
depends on: weights, source files, input shapes, Paddle's version and the processor. The predictor can be silently wrong
(a matrix product fed straight by a convolution reads its blocked layout as plain), so what was built is checked against
eager Paddle on random input before it is trusted.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import logging
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import paddle
from paddle import nn

from .depthwise import part_norms
from .runtime import available_threads, default_cache

logger = logging.getLogger(__name__)

# Largest error accepted, relative to the largest absolute value of the output. What is wrong is off by 1; with random
# weights, which amplify, bfloat16 is off by up to 0.07.
TOLERANCE = {"fp32": 1e-4, "bf16": 0.1}
KEPT_GRAPHS = 48
MANIFEST = "manifest.json"
UNFINISHED = ".building-"


class CompiledLayer:
    """Run ``layer`` on inputs of fixed shapes through a checked predictor; through eager Paddle where that fails.

    Args:
        layer: takes float32 tensors, returns one or several tensors; it is put into eval mode.
        input_shapes: the shape of each input.
        precision: ``"fp32"``, or ``"bf16"`` for processors that have it (errors of about one per cent).
        lean: let go of the layers' outputs after every call. Else a predictor keeps them, hundreds of megabytes of a
            large network, and is some milliseconds faster for it.
        cache_dir: where graphs are kept; default ``$XDG_CACHE_HOME/manet`` or ``~/.cache/manet``.

    Attributes:
        compiled: False when it fell back to eager Paddle.
    """

    def __init__(
        self,
        layer: nn.Layer,
        input_shapes: Sequence[Sequence[int]],
        *,
        precision: str = "fp32",
        lean: bool = False,
        cache_dir: str | Path | None = None,
    ) -> None:
        layer.eval()
        self._layer = layer
        self._shapes = [tuple(int(side) for side in shape) for shape in input_shapes]
        self._precision = precision
        self._lean = lean
        self._lock = threading.Lock()  # a predictor is not thread-safe
        self._predictor: Any = None
        cache = Path(cache_dir) if cache_dir is not None else default_cache()
        try:
            self._predictor = self._open(cache)
        except Exception as error:  # Paddle raises its own types here, and a slow answer is better than none
            logger.warning("%s runs uncompiled: %s", type(layer).__name__, str(error).strip().splitlines()[-1:])

    @property
    def compiled(self) -> bool:
        return self._predictor is not None

    def __call__(self, *arrays: np.ndarray) -> list[np.ndarray]:
        """Return the outputs for float32 arrays of the shapes that were given at construction."""
        shapes = [array.shape for array in arrays]
        if shapes != self._shapes:
            raise ValueError(f"compiled for {self._shapes}, called with {shapes}")
        with self._lock:
            if self._predictor is None:
                return self._eager(arrays)
            outputs = _run(self._predictor, arrays)
        if self._lean:
            self.let_go()
        return outputs

    def let_go(self) -> None:
        """Free what the layers' outputs took in the last call, for one that is not called again soon."""
        with self._lock:
            if self._predictor is not None:
                self._predictor.try_shrink_memory()

    def _eager(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        with paddle.no_grad():
            outputs = self._layer(*[paddle.to_tensor(array) for array in arrays])
        return [out.numpy() for out in (outputs if isinstance(outputs, (list, tuple)) else [outputs])]

    def _open(self, cache: Path) -> Any:
        folder = cache / self._key()
        if _is_whole(folder):
            try:
                predictor = self._load(folder)
                os.utime(folder)
                return predictor
            except Exception as error:  # whatever is wrong with a kept graph, it can be made again
                logger.warning("the compiled graph in %s cannot be read and is made again: %s", folder, error)
        with tempfile.TemporaryDirectory(dir=_writable(cache), prefix=UNFINISHED) as building:
            made = Path(building) / "graph"
            self._export(made)
            predictor = self._load(made)
            self._check(predictor)
            _publish(made, folder)
        _prune(cache)
        return predictor

    def _key(self) -> str:
        """Hash of all that the graph and its correctness depend on."""
        digest = hashlib.blake2b(digest_size=16)
        settings = [self._shapes, self._precision, paddle.__version__, _processor(), str(self._layer)]
        digest.update(json.dumps(settings).encode())
        for name, value in sorted(self._layer.state_dict().items()):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(value.numpy()).data)
        for source in [Path(__file__), Path(inspect.getfile(part_norms)), *_sources(self._layer)]:
            digest.update(source.read_bytes())
        return digest.hexdigest()

    def _export(self, folder: Path) -> None:
        folder.mkdir()
        specification = [paddle.static.InputSpec(shape, "float32", f"x{k}") for k, shape in enumerate(self._shapes)]
        layer = part_norms(self._layer) if self._precision == "bf16" else self._layer
        static = paddle.jit.to_static(_Exported(layer), input_spec=[specification], full_graph=True)
        paddle.jit.save(static, str(folder / "graph"))
        sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
        (folder / MANIFEST).write_text(json.dumps(sizes))

    def _load(self, folder: Path) -> Any:
        config = paddle.inference.Config(str(folder / "graph.json"), str(folder / "graph.pdiparams"))
        config.disable_gpu()
        config.disable_glog_info()
        config.enable_mkldnn()
        config.set_cpu_math_library_num_threads(int(os.environ.get("OMP_NUM_THREADS") or available_threads()))
        if self._precision == "bf16":
            config.enable_mkldnn_bfloat16()
            config.delete_pass("elementwise_act_onednn_fuse_pass")  # a sum fused with its rectifier stays float32
        return paddle.inference.create_predictor(config)

    def _check(self, predictor: Any) -> None:
        """Raise `RuntimeError` where the predictor's numbers are not eager Paddle's."""
        rng = np.random.default_rng(0)
        inputs = [rng.standard_normal(shape).astype(np.float32) for shape in self._shapes]
        for got, wanted in zip(_run(predictor, inputs), self._eager(inputs), strict=True):
            error = float(np.abs(got - wanted).max() / max(float(np.abs(wanted).max()), 1e-12))
            if not error <= TOLERANCE[self._precision]:
                raise RuntimeError(f"the predictor is off by {error:.1e} of the largest value")


class _Exported(nn.Layer):
    """A shell to trace, because tracing rewrites a layer's ``forward``."""

    def __init__(self, layer: nn.Layer) -> None:
        super().__init__()
        self.layer = layer
        self.eval()

    def forward(self, inputs: list[paddle.Tensor]) -> Any:
        return self.layer(*inputs)


def _run(predictor: Any, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    for name, array in zip(predictor.get_input_names(), arrays, strict=True):
        predictor.get_input_handle(name).copy_from_cpu(np.ascontiguousarray(array, dtype=np.float32))
    predictor.run()
    return [predictor.get_output_handle(name).copy_to_cpu() for name in predictor.get_output_names()]


def has_bf16() -> bool:
    """Return whether this processor multiplies bfloat16; where it does not, bf16 would be slower than fp32."""
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(_processor().split())


def _processor() -> str:
    """The processor's instruction sets, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        import platform

        return f"{platform.machine()} {platform.processor()}"
    return next((line for line in lines if line.startswith(("flags", "Features"))), "")


def _sources(layer: nn.Layer) -> list[Path]:
    """The Python files beside the classes that ``layer`` is made of, Paddle's own left out."""
    classes = {type(part) for part in layer.sublayers(include_self=True)}
    files = {inspect.getfile(cls) for cls in classes if not cls.__module__.startswith("paddle.")}
    return sorted(path for folder in {Path(file).parent for file in files} for path in folder.glob("*.py"))


def _is_whole(folder: Path) -> bool:
    """True when every file that was written is there at its full length."""
    try:
        sizes = json.loads((folder / MANIFEST).read_text())
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError):
        return False


def _publish(made: Path, folder: Path) -> None:
    """Rename ``made`` to ``folder``; a whole one that another process has put there in the meantime stays."""
    if folder.exists() and not _is_whole(folder):
        shutil.rmtree(folder, ignore_errors=True)
    try:
        made.rename(folder)
    except OSError as error:
        logger.debug("%s is not kept: %s", folder, error)


def _writable(cache: Path) -> Path | None:
    """``cache`` made where it was missing; None (the system's temporary folder) where it cannot be."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return cache if os.access(cache, os.W_OK) else None


def _prune(cache: Path) -> None:
    """Remove the graphs that were not used for longest, and what processes that were killed have left."""
    try:
        graphs = sorted(cache.glob(f"*/{MANIFEST}"), key=lambda path: path.parent.stat().st_mtime, reverse=True)
        old = {f"{UNFINISHED}*": 1, "loops-*": 90}  # days; loops are those of runtime.py, of earlier versions
        left = [
            path
            for pattern, days in old.items()
            for path in cache.glob(pattern)
            if path.stat().st_mtime < time.time() - days * 24 * 3600
        ]
    except OSError:  # another process is pruning
        return
    for folder in [manifest.parent for manifest in graphs[KEPT_GRAPHS:]] + left:
        shutil.rmtree(folder, ignore_errors=True)
