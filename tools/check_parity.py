"""Hold the session and the training forward against a case of the official implementation's numbers.

    python tools/check_parity.py CASE.npz [--engine plain|fast] [--keys KEYS.tsv]

A case brings a clip, scribbles and results, and the seed of the weights, which are drawn here by the recipe below.
Prints each array's largest error and whether it passes; exit code 0 when all do, 1 when not, 2 for bad input.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from ast import literal_eval
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np
from threadpoolctl import threadpool_limits

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from paddlevideo.utils.errors import InputError  # noqa: E402
from paddlevideo.utils.runtime import prepare_threads  # noqa: E402

if TYPE_CHECKING:
    from paddlevideo.loader.frame_source import FrameSource
    from paddlevideo.modeling import MANet
    from paddlevideo.solver.objective import TrainingObjective

KEYS = ROOT / "tests" / "data" / "manet_keys.tsv"
CONFIG = ROOT / "configs" / "segmentation" / "manet.yaml"
TOLERANCE, SHARE = 2e-4, 0.999  # of the largest absolute value, on that share of elements
LABEL_SHARE = 0.9995
LOSS_TOLERANCE = 1e-5
GRADIENT_TOLERANCE = 1e-3  # relative
GRADIENT_STEP = 25000
ALIASES = {"0": "seperate_conv", "1": "bn1", "3": "embedding_conv", "4": "bn2"}


def read_keys(path: str | Path) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the official checkpoint: the first and last column of a table."""
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()[1:]
    except OSError as error:
        raise InputError(f"{path}: cannot read the table of keys ({error.strerror}); give --keys") from error
    rows = [line.split("\t") for line in lines if line]
    return {row[0]: literal_eval(row[-1]) for row in rows}


def draw_weights(seed: int, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Draw every tensor by its name, so that the same seed means the same network everywhere."""
    return {name: _draw(seed, name, shape) for name, shape in shapes.items()}


def _draw(seed: int, name: str, shape: tuple[int, ...]) -> np.ndarray:
    canonical = name
    if name.startswith("semantic_embedding."):
        index, _, rest = name.removeprefix("semantic_embedding.").partition(".")
        canonical = f"{ALIASES[index]}.{rest}"
    rng = np.random.default_rng([seed, zlib.crc32(canonical.encode())])
    last = name.rsplit(".", 1)[-1]
    if last == "num_batches_tracked":
        return np.zeros(shape, np.int64)
    if last == "running_var":
        value = rng.uniform(0.8, 1.6, shape)
    elif last in ("running_mean", "bias"):
        value = (0.1 if last == "running_mean" else 0.05) * rng.standard_normal(shape)
    elif len(shape) == 1:
        scale = 0.8 if canonical == "bn2.weight" else 0.3 if name.endswith("bn3.weight") else 1.0
        value = scale * rng.uniform(0.6, 1.2, shape)
    else:
        scale = 6.0 if name.endswith("seghead.conv.weight") else 1.0
        value = scale * np.sqrt(2.0 / np.prod(shape[1:])) * rng.standard_normal(shape)
    return np.asarray(value, np.float32)


def clip_of(frames: np.ndarray) -> FrameSource:
    """Frames (T,H,W,3) as a video."""
    from paddlevideo.loader.frame_source import FrameSource

    class Clip(FrameSource):
        path, rate = "case", 24.0
        size = (frames.shape[1], frames.shape[2])
        names = [f"{t:05d}" for t in range(len(frames))]

        def _read(self, index: int) -> np.ndarray:
            return frames[index]

    return Clip()


def build_network(seed: int, keys: str | Path) -> TrainingObjective:
    """The ResNet-101 network of the config with drawn weights, in eval mode, in its training objective."""
    from paddlevideo.config.loading import load_config
    from paddlevideo.modeling import build_model
    from paddlevideo.solver.objective import build_objective
    from paddlevideo.weights.files import apply_weights
    from paddlevideo.weights.key_names import to_ours

    section = load_config(CONFIG)["MODEL"]
    model = build_model(section)
    apply_weights(model, to_ours(draw_weights(seed, read_keys(keys))), f"weights of seed {seed}")
    model.eval()
    return build_objective(section, model)


@dataclass
class Report:
    """Lines of a table, and whether all have passed."""

    lines: list[str] = field(default_factory=list)
    failed: int = 0

    def add(self, name: str, text: str, passed: bool) -> None:
        self.lines.append(f"{name:<52} {text:<58} {'ok' if passed else 'FAILED'}")
        self.failed += not passed

    def close(self, name: str, got: np.ndarray, wanted: np.ndarray) -> None:
        """Arrays within the tolerance on nearly all elements."""
        if got.shape != wanted.shape:
            self.add(name, f"shape {got.shape}, expected {wanted.shape}", False)
            return
        error = np.abs(got.astype(np.float64) - wanted) / max(float(np.abs(wanted).max()), 1e-30)
        share = float((error <= TOLERANCE).mean())
        self.add(name, f"largest error {error.max():.1e}, {share:8.3%} within {TOLERANCE:.0e}", share >= SHARE)

    def equal(self, name: str, got: np.ndarray, wanted: np.ndarray, share_needed: float) -> None:
        """Labels equal on nearly all pixels."""
        share = float((got == wanted).mean()) if got.shape == wanted.shape else 0.0
        self.add(name, f"{share:.4%} equal", share >= share_needed)

    def number(self, name: str, got: float, wanted: float, tolerance: float, relative: bool = False) -> None:
        error = abs(got - wanted) / (abs(wanted) if relative and wanted else 1.0)
        self.add(name, f"{got:.8g} for {wanted:.8g}, error {error:.1e}", error <= tolerance)


def check_rounds(model: MANet, case: Mapping[str, np.ndarray], engine: str, report: Report) -> None:
    """Drive a session through the case's rounds."""
    from paddlevideo.loader.preprocess import Preprocess
    from paddlevideo.session.engine import build_engine
    from paddlevideo.session.session import Session

    # The case's channels are used in their stored order, which a clip calls RGB.
    preprocess = Preprocess(color="rgb", size=None)
    frames = case["frames"]
    objects = case["r1_logits"].shape[1] - 1
    kind: Any = engine
    session = Session(build_engine(model, kind), clip_of(frames), preprocess, objects)
    embedding = np.stack([session.embedding(t) for t in range(len(frames))])
    report.close("embedding", embedding, case["embedding"])
    number = 1
    while f"r{number}_frame" in case:
        name = f"r{number}_"
        session.annotate(int(case[f"{name}frame"]), case[f"{name}scribble"])
        results = {result.frame: result for result in session.propagate()}
        reference = session.rounds[-1].reference
        assert reference is not None
        report.equal(f"{name}reference", reference, case[f"{name}reference"], 1.0)
        report.close(f"{name}logits", np.stack([results[t].logits for t in range(len(frames))]), case[f"{name}logits"])
        masks = np.stack([session.mask(t) for t in range(len(frames))])
        report.equal(f"{name}labels", masks, case[f"{name}labels"], LABEL_SHARE)
        memory = np.stack([session.global_memory(t) for t in range(len(frames))])
        report.close(f"{name}global_memory", memory, case[f"{name}global_memory"])
        number += 1


def check_training(objective: TrainingObjective, case: Mapping[str, np.ndarray], report: Report) -> None:
    """Hold the training forward, the losses and the gradients against the case's."""
    import paddle

    from paddlevideo.loader.preprocess import Preprocess
    from paddlevideo.modeling.layers import resize_bilinear
    from paddlevideo.session.memory.masks import nearest_labels
    from paddlevideo.weights.key_names import name_to_ours

    preprocess = Preprocess(color="rgb", size=None)
    images = paddle.to_tensor(np.stack([preprocess(frame) for frame in case["frames"][:3]]))
    wanted = case["train_logits"]
    reference, previous = (nearest_labels(mask, wanted.shape[2:]).astype(np.int64) for mask in case["masks"][:2])
    model, ids = objective.network, list(range(wanted.shape[1]))
    first, before, now = model.embed(images)
    maps = model.match(now, before, first, reference, previous, ids)
    logits = model.propagation_logits(now.unsqueeze(0), *maps, paddle.to_tensor(previous), ids)
    report.close("train_logits", logits.numpy()[None], wanted)
    truth = paddle.to_tensor(case["masks"][2:3].astype(np.int64))
    full = resize_bilinear(logits, truth.shape[1:]).unsqueeze(0)
    prefix = "train_loss_step"
    for name in sorted((name for name in case if name.startswith(prefix)), key=lambda text: (len(text), text)):
        loss = objective.loss(full, truth, int(name.removeprefix(prefix)))
        report.number(name, float(loss.item()), float(case[name]), LOSS_TOLERANCE)
    if f"{prefix}0" in case:
        batch = {
            "images": images.unsqueeze(0),
            "masks": paddle.to_tensor(case["masks"][None, :3].astype(np.int64)),
            "previous": paddle.to_tensor(case["masks"][None, 1].astype(np.int64)),
            "reference": paddle.to_tensor(reference[None]),
            "objects": np.array([wanted.shape[1] - 1]),
        }
        with paddle.no_grad():
            loss = objective(batch, 0)["loss"]
        report.number(
            "the trainer's own forward, step 0", float(loss.item()), float(case[f"{prefix}0"]), LOSS_TOLERANCE
        )
    gradients = [name for name in case if name.startswith("grad_norm:")]
    if not gradients:
        return
    objective.loss(full, truth, GRADIENT_STEP).backward()
    parameters = dict(model.named_parameters())
    for name in gradients:
        gradient = parameters[name_to_ours(name.removeprefix("grad_norm:"))].grad
        norm = float(np.linalg.norm(gradient.numpy().astype(np.float64))) if gradient is not None else 0.0
        report.number(name, norm, float(case[name]), GRADIENT_TOLERANCE, relative=True)


def check(path: str | Path, engine: str = "fast", keys: str | Path = KEYS, training: bool = True) -> Report:
    """Run every check of the case file ``path``."""
    try:
        with np.load(path) as archive:
            case = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, BadZipFile) as error:
        raise InputError(f"{path}: not a case file ({error}); give an .npz of parity numbers") from error
    if "seed" not in case or "r1_frame" not in case:
        raise InputError(f"{path}: not a case file (no seed or no round); give an .npz of parity numbers")
    report = Report()
    objective = build_network(int(case["seed"]), keys)
    # Objects that no stroke tells apart have the same logits, and the smaller id wins only while these are equal to the
    # bit. Eager Paddle keeps to that with one thread; with more, some processors round the objects of a batch apart.
    with threadpool_limits(1 if engine == "plain" else None):
        check_rounds(objective.network, case, engine, report)
    if training and "train_logits" in case:
        check_training(objective, case, report)
    return report


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("case", help="the .npz file")
    parser.add_argument("--engine", choices=("plain", "fast"), default="fast", help="eager Paddle, or compiled")
    parser.add_argument("--keys", default=str(KEYS), help="table of checkpoint keys and shapes")
    args = parser.parse_args()
    prepare_threads()
    try:
        report = check(args.case, args.engine, args.keys)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print("\n".join(report.lines))
    print("parity holds" if not report.failed else f"parity fails in {report.failed} of {len(report.lines)}")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
