"""A layer compiled for CPU inference by OpenVINO, several times faster than eager Paddle.

Building and checking one takes a second or two, so the model is kept in a folder of the user's cache, named by
everything that it depends on: weights, source files, input shapes, versions and the processor. What was built is
checked against eager Paddle on random input before it is trusted.
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
import openvino as ov
import paddle
from paddle import nn

from ..utils.runtime import available_threads, default_cache, give_memory_back
from . import openvino_graph, openvino_taps, trace
from .openvino_core import openvino_core

logger = logging.getLogger(__name__)

# Largest error accepted, relative to the largest absolute value of the output. What is wrong is off by 1; with random
# weights, which amplify, bfloat16 is off by up to 0.07.
TOLERANCE = {"fp32": 1e-4, "bf16": 0.1}
HINTS = {"fp32": "f32", "bf16": "bf16"}  # OpenVINO's names
KEPT_GRAPHS = 48
MANIFEST = "manifest.json"
UNFINISHED = ".building-"


class CompiledLayer:
    """Run ``layer`` on inputs of fixed shapes through a checked model; through eager Paddle where that fails.

    Args:
        layer: takes float32 tensors, returns one or several tensors; it is put into eval mode.
        input_shapes: the shape of each input.
        precision: ``"fp32"``, or ``"bf16"`` for processors that have it (errors of about one per cent).
        cache_dir: where models are kept; default ``$XDG_CACHE_HOME/manet`` or ``~/.cache/manet``.

    Attributes:
        compiled: False when it fell back to eager Paddle.
    """

    def __init__(
        self,
        layer: nn.Layer,
        input_shapes: Sequence[Sequence[int]],
        *,
        precision: str = "fp32",
        cache_dir: str | Path | None = None,
    ) -> None:
        layer.eval()
        self._layer = layer
        self._shapes = [tuple(int(side) for side in shape) for shape in input_shapes]
        self._precision = precision
        self._lock = threading.Lock()  # a compiled model's buffers are not thread-safe
        self._request: Any = None  # of the compiled model
        cache = Path(cache_dir) if cache_dir is not None else default_cache()
        try:
            self._request = self._open(cache).create_infer_request()
        except Exception as error:  # Paddle and OpenVINO have types of their own, and slow is better than nothing
            logger.warning("%s runs uncompiled: %s", type(layer).__name__, str(error).strip().splitlines()[-1:])
        give_memory_back()  # opening takes twice the weights

    @property
    def compiled(self) -> bool:
        return self._request is not None

    def __call__(self, *arrays: np.ndarray) -> list[np.ndarray]:
        """Return the outputs for float32 arrays of the shapes that were given at construction."""
        shapes = [array.shape for array in arrays]
        if shapes != self._shapes:
            raise ValueError(f"compiled for {self._shapes}, called with {shapes}")
        with self._lock:
            if self._request is None:
                return self._eager(arrays)
            return _run(self._request, arrays)

    def let_go(self) -> None:
        """Free the buffers of the layers' outputs, which are kept from call to call, until the next call."""
        with self._lock:
            if self._request is not None:
                self._request.get_compiled_model().release_memory()

    def _eager(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        with paddle.no_grad():
            outputs = self._layer(*[paddle.to_tensor(array) for array in arrays])
        return [out.numpy() for out in (outputs if isinstance(outputs, (list, tuple)) else [outputs])]

    def _open(self, cache: Path) -> ov.CompiledModel:
        folder = cache / self._key()
        if _is_whole(folder):
            try:
                model = self._load(folder)
                os.utime(folder)
                return model
            except Exception as error:  # any fault of a cached model: it can be built again
                logger.warning("the compiled model in %s cannot be read and is made again: %s", folder, error)
        with tempfile.TemporaryDirectory(dir=_writable(cache), prefix=UNFINISHED) as building:
            made = Path(building) / "graph"
            self._export(made)
            model = self._load(made)
            self._check(model)
            _publish(made, folder)
        _prune(cache)
        return model

    def _key(self) -> str:
        """Hash of all that the model and its correctness depend on."""
        digest = hashlib.blake2b(digest_size=16)
        versions = [paddle.__version__, ov.__version__]
        settings = [self._shapes, self._precision, versions, _processor(), str(self._layer)]
        digest.update(json.dumps(settings).encode())
        for name, value in sorted(self._layer.state_dict().items()):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(value.numpy()).data)
        makers = [__file__, trace.__file__, openvino_graph.__file__, openvino_taps.__file__]
        for source in [*map(Path, makers), *_sources(self._layer)]:
            digest.update(source.read_bytes())
        return digest.hexdigest()

    def _export(self, folder: Path) -> None:
        folder.mkdir()
        model = openvino_graph.openvino_model(self._layer, self._shapes)
        if self._precision == "bf16":
            openvino_taps.dilated_as_pointwise(model)
        ov.save_model(model, folder / "graph.xml", compress_to_fp16=False)
        sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
        (folder / MANIFEST).write_text(json.dumps(sizes))

    def _load(self, folder: Path) -> ov.CompiledModel:
        settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "ENABLE_CPU_PINNING": False,  # two processes might take the same processors
            "INFERENCE_PRECISION_HINT": HINTS[self._precision],
            "INFERENCE_NUM_THREADS": int(os.environ.get("OMP_NUM_THREADS") or available_threads()),
        }
        return openvino_core().compile_model(folder / "graph.xml", "CPU", settings)

    def _check(self, model: ov.CompiledModel) -> None:
        """Raise `RuntimeError` where the model's numbers are not eager Paddle's."""
        rng = np.random.default_rng(0)
        inputs = [rng.standard_normal(shape).astype(np.float32) for shape in self._shapes]
        for got, wanted in zip(_run(model.create_infer_request(), inputs), self._eager(inputs), strict=True):
            error = float(np.abs(got - wanted).max() / max(float(np.abs(wanted).max()), 1e-12))
            if not error <= TOLERANCE[self._precision]:
                raise RuntimeError(f"the compiled model is off by {error:.1e} of the largest value")


def _run(request: ov.InferRequest, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Have the outputs written into new arrays: OpenVINO's own would have to be copied, a millisecond an embedding."""
    inputs = [np.ascontiguousarray(array, dtype=np.float32) for array in arrays]
    outputs = [np.empty(tuple(output.shape), np.float32) for output in request.model_outputs]
    for index, output in enumerate(outputs):
        request.set_output_tensor(index, ov.Tensor(output, shared_memory=True))
    request.infer(inputs, share_inputs=True, share_outputs=True)
    return outputs


def has_bf16() -> bool:
    """Return whether this processor multiplies bfloat16; where it does not, bf16 would be slower than fp32."""
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(_processor().split())


def _processor() -> str:
    """The processor's instruction sets, as far as the system reports them."""
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
