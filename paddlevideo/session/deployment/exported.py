"""Sessions on an exported network, in a runtime of choice: no config, no weights file, no layer of the network.

segmenter = load_exported("exported/manet_lite", "onnx")
session = segmenter.open("clip.mp4", objects=2)
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import yaml

from ...loader.preprocess import Preprocess
from ...modeling.matching import MatchingConfig
from ...utils.arrays import Floats
from ...utils.errors import InputError
from ...utils.runtime import available_threads
from ..engine import PartsEngine
from ..options import SessionOptions
from ..segmenter import Segmenter
from .export import DESCRIPTION, VERSION

Runtime = Literal["paddle", "onnx", "openvino"]
RUNTIMES: tuple[str, ...] = get_args(Runtime)
Run = Callable[[Sequence[Floats]], Floats]  # the inputs of a part to its output


class ExportedEngine(PartsEngine):
    """Runs the parts of an exported network, heads one object at a time.

    Args:
        folder: what `export_model` wrote.
        network: the section of that name in its ``model.yaml``.
        runtime: ``"paddle"`` (Paddle Inference), ``"onnx"`` (onnxruntime) or ``"openvino"``.
    """

    def __init__(self, folder: Path, network: dict[str, Any], runtime: Runtime = "onnx") -> None:
        flags = [network[name] for name in ("interaction_map", "rivals", "border_decoder")]
        super().__init__(MatchingConfig(**network["matching"]), *flags)
        opened = {"paddle": _paddle, "onnx": _onnx, "openvino": _openvino}[runtime]
        threads = int(os.environ.get("OMP_NUM_THREADS") or available_threads())
        parts = ("embed", "interact", "propagate", *(("borders",) if self.border_decoder else ()))
        self._parts = {name: opened(folder, name, threads) for name in parts}

    def embed(self, image: Floats) -> Floats:
        embedding: Floats = self._parts["embed"]([image[None]])[0]
        return embedding

    def _head(self, name: str, embedding: Floats, *planes: Floats) -> Floats:
        joined = np.stack(planes, axis=1)
        return np.concatenate([self._parts[name]([embedding[None], each[None]])[0] for each in joined])

    def _finer(self, image: Floats, embedding: Floats, logits: Floats) -> Floats:
        return self._parts["borders"]([image, embedding, logits])


def load_exported(folder: str | Path, runtime: Runtime = "onnx") -> Segmenter:
    """Return a segmenter of an exported network, with the options that it was exported with.

    Raises:
        InputError: a file is missing or is not what `export_model` writes, or the runtime is not installed.
    """
    if runtime not in RUNTIMES:
        raise InputError(f"the runtime is one of {', '.join(RUNTIMES)}, not '{runtime}'")
    folder = Path(folder)
    try:
        described = yaml.safe_load((folder / DESCRIPTION).read_text(encoding="utf-8"))
        preprocess, network, options = (described[key] for key in ("preprocess", "network", "options"))
        version = described["format"]
    except OSError as error:
        raise InputError(f"{folder}: no exported network ({DESCRIPTION} cannot be read: {error.strerror})") from error
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise InputError(f"{folder / DESCRIPTION}: is not what export_model.py writes; export again") from error
    if version != VERSION:
        raise InputError(f"{folder / DESCRIPTION}: has format {version}, this version reads {VERSION}; export again")
    for name in described["parts"]:
        for suffix in (".json", ".pdiparams") if runtime == "paddle" else (".onnx",):
            if not (folder / f"{name}{suffix}").is_file():
                raise InputError(f"{folder / f'{name}{suffix}'}: is missing; export again")
    try:
        engine = ExportedEngine(folder, network, runtime)
    except ImportError as error:
        raise InputError(f"{error.name} is not installed; pip install 'paddlevideo-manet[export]'") from error
    return Segmenter(engine, Preprocess(**preprocess), SessionOptions(**options))


def _paddle(folder: Path, name: str, threads: int) -> Run:
    from paddle import inference

    config = inference.Config(str(folder / f"{name}.json"), str(folder / f"{name}.pdiparams"))
    config.set_cpu_math_library_num_threads(threads)
    config.disable_mkldnn()  # under which a resize with aligned corners is wrong
    config.disable_glog_info()
    predictor = inference.create_predictor(config)
    inputs = [predictor.get_input_handle(each) for each in sorted(predictor.get_input_names())]  # x0, x1, ...
    [output] = [predictor.get_output_handle(each) for each in predictor.get_output_names()]

    def run(arrays: Sequence[Floats]) -> Floats:
        for handle, array in zip(inputs, arrays, strict=True):
            handle.copy_from_cpu(np.ascontiguousarray(array))
        predictor.run()
        result: Floats = output.copy_to_cpu()
        return result

    return run


def _onnx(folder: Path, name: str, threads: int) -> Run:
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(folder / f"{name}.onnx", settings, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]

    def run(arrays: Sequence[Floats]) -> Floats:
        [result] = session.run(None, dict(zip(names, arrays, strict=True)))
        return np.asarray(result)

    return run


def _openvino(folder: Path, name: str, threads: int) -> Run:
    from ...kernels.openvino_core import openvino_core

    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",
        "INFERENCE_NUM_THREADS": threads,
        "ENABLE_CPU_PINNING": False,
    }
    compiled = openvino_core().compile_model(folder / f"{name}.onnx", "CPU", settings)

    def run(arrays: Sequence[Floats]) -> Floats:
        return np.array(compiled([*arrays])[0])

    return run
