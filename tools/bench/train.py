"""How long a training step takes, and where its time goes: data, forward, backward, update; eager and as shipped.

Both variants start from the same weights and take turns within one run, so that a busy machine slows both. Frames are
drawn (`paddlevideo.loader.toy_davis`) at the size of DAVIS, so that no data set is needed.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

PARTS = ("data", "forward", "backward", "update")
CONFIGS = ("manet_lite_joint", "manet")
VARIANTS = ("eager", "shipped")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this measurement takes."""
    parser.add_argument("--config", action="append", metavar="NAME", help=f"of configs/segmentation ({CONFIGS})")
    parser.add_argument("--steps", type=int, default=3, help="measured steps of each variant, after one to warm up (3)")
    parser.add_argument("--tiny", action="store_true", help="the toy config at its smallest: to see that it works")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Measure and return ``{config: {variant: {part: seconds a step}, ...}}``."""
    names = ["manet_toy_stage1"] if args.tiny else args.config or list(CONFIGS)
    return {name: measure(name, args.steps, args.tiny) for name in names}


def measure(name: str, steps: int, tiny: bool) -> dict[str, Any]:
    """Return the mean seconds of each part of a step for both variants, samples a second, and their ratio."""
    from tqdm import tqdm

    from paddlevideo.loader.builder import build_loader
    from paddlevideo.loader.toy_davis import ToyWorld, write_toy_davis
    from paddlevideo.utils.config import load_config

    size = (72, 112) if tiny else (480, 854)
    with TemporaryDirectory() as folder:
        root = Path(folder) / "toy"
        write_toy_davis(root, ToyWorld(sequences=4, frames=4, size=size))
        small = ["DATASET.batch_size=2", "PIPELINE.train.transform=[{RandomCrop: {size: 64}}]"] if tiny else []
        lite = ["DATASET.train.photographs=null"] if "lite" in name else []
        path = Path(__file__).parents[2] / "configs" / "segmentation" / f"{name}.yaml"
        cfg = load_config(path, [f"DATASET.train.file_path={root}", *small, *lite])
        trainers = {variant: _Trainer(cfg, eager=variant == "eager") for variant in VARIANTS}
        trainers["shipped"].model.set_state_dict(trainers["eager"].model.state_dict())
        seconds: dict[str, list[dict[str, float]]] = {variant: [] for variant in VARIANTS}
        with closing(build_loader(cfg, seed=0)) as loader:
            batches = loader.restart(0)
            for step in tqdm(range(steps + 1), desc=name, unit="step"):
                began = time.perf_counter()
                _, batch = next(batches)
                waited = time.perf_counter() - began
                for variant, trainer in trainers.items():
                    seconds[variant].append({"data": waited, **trainer.step(batch, step)})
    variants = {
        variant: {part: float(np.mean([one[part] for one in each[1:]])) for part in PARTS}
        for variant, each in seconds.items()
    }
    totals = {variant: sum(parts.values()) for variant, parts in variants.items()}
    return {
        "seconds": variants,
        "samples_per_second": {variant: cfg["DATASET"]["batch_size"] / total for variant, total in totals.items()},
        "data_share": variants["shipped"]["data"] / totals["shipped"],
        "ratio": totals["eager"] / totals["shipped"],
    }


class _Trainer:
    """A network and its optimiser, either as `paddlevideo.tasks.train` makes them or in Paddle alone."""

    def __init__(self, cfg: Mapping[str, Any], eager: bool) -> None:
        import paddle

        from paddlevideo.modeling import build_model
        from paddlevideo.modeling.compiled_training import compile_dense_convolutions
        from paddlevideo.solver.optimizers import build_optimizer
        from paddlevideo.utils.frozen import compile_frozen_part

        paddle.seed(0)
        self.eager = eager
        self.model = build_model(cfg["MODEL"])
        self.model.train()
        if not eager:
            compile_frozen_part(self.model)
            compile_dense_convolutions(self.model)
        self.optimizer = build_optimizer(cfg["OPTIMIZER"], self.model, 1000)

    def step(self, arrays: Mapping[str, np.ndarray], step: int) -> dict[str, float]:
        """Do one optimisation step; return the seconds of its parts."""
        import paddle

        with _plain_convolutions(self.eager):
            times = [time.perf_counter()]
            self.optimizer.set_step(step)
            loss = self.model({key: paddle.to_tensor(value) for key, value in arrays.items()}, step)["loss"]
            float(loss)
            times.append(time.perf_counter())
            loss.backward()
            times.append(time.perf_counter())
            self.optimizer.clip()
            self.optimizer.rule.step()
            self.optimizer.rule.clear_grad(set_to_zero=False)
            times.append(time.perf_counter())
        return dict(zip(PARTS[1:], np.diff(times).tolist(), strict=True))


@contextmanager
def _plain_convolutions(wanted: bool) -> Iterator[None]:
    """Within the block convolutions train in Paddle's own kernels, without oneDNN."""
    from paddlevideo.modeling.layers import Conv2D
    from paddlevideo.utils.runtime import use_onednn

    if not wanted:
        yield
        return
    Conv2D.fast_training = False
    use_onednn(False)
    try:
        yield
    finally:
        Conv2D.fast_training = True
        use_onednn(True)


def table(results: Mapping[str, Any]) -> str:
    """The figures for a terminal."""
    lines = [f"{'config':18} {'variant':8} " + " ".join(f"{part:>9}" for part in PARTS) + "   samples/s"]
    for name, result in results.items():
        for variant, parts in result["seconds"].items():
            rate = result["samples_per_second"][variant]
            cells = " ".join(f"{parts[part]:8.2f}s" for part in PARTS)
            lines.append(f"{name:18} {variant:8} {cells} {rate:11.3f}")
        lines.append(f"{name}: shipped is {result['ratio']:.2f} times eager; data {result['data_share']:.1%} of a step")
    return "\n".join(lines)


def draw(results: Mapping[str, Any], path: Path) -> None:
    """A bar of parts for each variant of each config."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 1 + 1.4 * len(results)), layout="constrained")
    panels = figure.subplots(len(results), 1, squeeze=False)[:, 0]
    for axes, (name, result) in zip(panels, results.items(), strict=True):
        left = np.zeros(len(VARIANTS))
        for part in PARTS:
            widths = np.array([result["seconds"][variant][part] for variant in VARIANTS])
            axes.barh(VARIANTS, widths, left=left, label=part)
            left += widths
        axes.set(title=f"{name}: {result['ratio']:.2f} times", xlabel="seconds a step")
        axes.legend(fontsize="small")
    figure.savefig(path, dpi=100, format="png")
