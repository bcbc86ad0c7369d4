"""How long a training step takes, and where its time goes: data, forward, backward, update; eager and as shipped.

Both variants start from the same weights and take turns within one run, so that a busy machine slows both. Eager is
Paddle as it comes, with all threads, and global matching as it is defined. Frames are drawn at the size of DAVIS
(`paddlevideo.prepare.toy_davis`), so that no data set is needed. The floor is the step's operations at the machine's
rate of float32 matrix products, measured in the same run.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from tools.bench import machine, operations
from tools.bench.processes import process

PARTS = ("data", "forward", "backward", "update")
CONFIGS = ("manet_lite_joint", "manet")
VARIANTS = ("eager", "shipped")
TURNS = 2
UNCOUNTED = {"eager": 1, "shipped": 3}
"""First steps of a turn: they fetch their memory, compile, and find batches made while the other variant had the turn.

What is eager compiles nothing, and a step of ResNet-101 takes more than a minute.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this measurement takes."""
    parser.add_argument("--config", action="append", metavar="NAME", help=f"of configs/segmentation ({CONFIGS})")
    parser.add_argument("--steps", type=int, default=2, help="measured steps of each of two turns (2)")
    parser.add_argument("--tiny", action="store_true", help="the toy config at its smallest: to see that it works")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Measure and return ``{config: {variant: {part: seconds a step}, ...}}``."""
    names = ["manet_toy_stage1"] if args.tiny else args.config or list(CONFIGS)
    return {name: measure(name, args.steps, args.tiny) for name in names}


def measure(name: str, steps: int, tiny: bool) -> dict[str, Any]:
    """Return the mean seconds of each part of a step for both variants, samples a second, their ratio and the floor."""
    from tqdm import tqdm

    from paddlevideo.prepare.toy_davis import ToyWorld, write_toy_davis

    size = (72, 112) if tiny else (480, 854)
    with TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder) / "toy"
        write_toy_davis(root, ToyWorld(sequences=4, frames=4, size=size))
        small = ["DATASET.batch_size=2", "PIPELINE.train.transform=[{RandomCrop: {size: 65}}]"] if tiny else []
        lite = ["DATASET.train.photographs=null"] if "lite" in name else []
        overrides = [f"DATASET.train.file_path={root}", *small, *lite]
        trainers = {variant: stack.enter_context(process(_serve, variant, name, overrides)) for variant in VARIANTS}
        seconds: dict[str, list[dict[str, Any]]] = {variant: [] for variant in VARIANTS}
        for turn in tqdm(range(TURNS * len(VARIANTS)), desc=name, unit="turn"):
            variant = VARIANTS[turn % len(VARIANTS)]
            trainers[variant].send(UNCOUNTED[variant] + steps)
            seconds[variant] += trainers[variant].recv()[UNCOUNTED[variant] :]
        rate = machine.rates(tiny)["gflops"]
    variants = {
        variant: {part: float(np.mean([one[part] for one in each])) for part in PARTS}
        for variant, each in seconds.items()
    }
    totals = {variant: sum(parts.values()) for variant, parts in variants.items()}
    samples = seconds["shipped"][0]["samples"]
    work = _operations(name, overrides, [step["size"] for step in seconds["shipped"]])
    return {
        "seconds": variants,
        "samples_per_second": {variant: samples / total for variant, total in totals.items()},
        "peak_gib": {variant: each[-1]["peak_gib"] for variant, each in seconds.items()},
        "data_share": variants["shipped"]["data"] / totals["shipped"],
        "ratio": totals["eager"] / totals["shipped"],
        "gigaoperations": 1e-9 * work,
        "gflops": rate,
        "floor": 1e-9 * work / rate,
    }


def _operations(name: str, overrides: list[str], sizes: list[operations.StepSize]) -> float:
    """Return the operations of a mean step."""
    from paddlevideo.modeling import build_model
    from paddlevideo.solver.objective import build_objective

    model = _config(name, overrides)["MODEL"]
    mean = replace(
        sizes[0],
        objects=float(np.mean([size.objects for size in sizes])),
        references=float(np.mean([size.references for size in sizes])),
    )
    return operations.training_step(build_objective(model, build_model(model)), mean)


def _config(name: str, overrides: list[str]) -> dict[str, Any]:
    from paddlevideo.config.loading import load_config

    return load_config(Path(__file__).parents[2] / "configs" / "segmentation" / f"{name}.yaml", overrides)


def _serve(connection: Connection, variant: str, name: str, overrides: list[str]) -> None:
    from paddlevideo.utils.runtime import import_paddle, peak_memory_gib, prepare_training, set_up

    if variant == "shipped":
        prepare_training()
    import_paddle()
    set_up(threads=None, seed=0)
    from paddlevideo.loader.builder import build_loader

    cfg = _config(name, overrides)
    trainer = _Trainer(cfg, eager=variant == "eager")
    with closing(build_loader(cfg, seed=0)) as loader, suppress(EOFError):
        batches = loader.restart(0)
        while True:
            turn = []
            for _ in range(connection.recv()):
                began = time.perf_counter()
                _, batch = next(batches)
                times = {"data": time.perf_counter() - began, **trainer.step(batch)}
                peak = {"peak_gib": peak_memory_gib()}
                turn.append({**times, **peak, "samples": cfg["DATASET"]["batch_size"], "size": trainer.size(batch)})
            connection.send(turn)


class _Trainer:
    """A network and its optimiser, either as `paddlevideo.tasks.train` makes them or in Paddle's own kernels alone."""

    def __init__(self, cfg: Mapping[str, Any], eager: bool) -> None:
        import paddle

        from paddlevideo.loader.preprocess import Preprocess
        from paddlevideo.modeling import build_model, matching
        from paddlevideo.modeling.framework import manet
        from paddlevideo.modeling.layers import Conv2D
        from paddlevideo.modeling.norm import BatchNorm2D
        from paddlevideo.solver.compiled_training import compile_dense_convolutions
        from paddlevideo.solver.frozen_part import compile_frozen_part
        from paddlevideo.solver.objective import build_objective
        from paddlevideo.solver.optimizers import build_optimizer
        from tests.reference.global_map_eager import global_map as global_map_eager

        paddle.seed(0)
        model = build_model(cfg["MODEL"])
        self.objective = build_objective(cfg["MODEL"], model, Preprocess(**cfg["PIPELINE"]["input"]).aligned)
        model.train()
        if eager:
            Conv2D.fast_training = BatchNorm2D.fast_training = matching.fast_training = False
            manet.global_map = global_map_eager
        else:
            compile_frozen_part(self.objective)
            compile_dense_convolutions(model)
        self.optimizer = build_optimizer(cfg["OPTIMIZER"], model, 1000)

    def size(self, arrays: Mapping[str, np.ndarray]) -> operations.StepSize:
        """What a step on this batch works on."""
        rule, heads = self.objective.network, self.objective.options.train_heads
        names = ["reference"] if heads != "interaction" else []
        names += ["interaction_reference"] if rule.interaction_map and heads != "propagation" else []
        limit = rule.matching.max_references or np.inf
        references = sum(
            min(np.count_nonzero(label == object_id), limit)
            for name in names
            for label, count in zip(arrays[name], arrays["objects"], strict=True)
            for object_id in range(count + 1)
        )
        return operations.StepSize(arrays["images"].shape, float(np.sum(arrays["objects"] + 1)), float(references))

    def step(self, arrays: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Do one optimisation step; return the seconds of its parts."""
        import paddle

        times = [time.perf_counter()]
        loss = self.objective({key: paddle.to_tensor(value) for key, value in arrays.items()}, 0)["loss"]
        float(loss)
        times.append(time.perf_counter())
        loss.backward()
        times.append(time.perf_counter())
        self.optimizer.clip()
        self.optimizer.rule.step()
        self.optimizer.rule.clear_grad(set_to_zero=False)
        times.append(time.perf_counter())
        return dict(zip(PARTS[1:], np.diff(times).tolist(), strict=True))


def table(results: Mapping[str, Any]) -> str:
    """The figures for a terminal."""
    lines = [f"{'config':18} {'variant':8} " + " ".join(f"{part:>9}" for part in PARTS) + "   samples/s    peak"]
    for name, result in results.items():
        for variant, parts in result["seconds"].items():
            rate = result["samples_per_second"][variant]
            cells = " ".join(f"{parts[part]:8.2f}s" for part in PARTS)
            lines.append(f"{name:18} {variant:8} {cells} {rate:11.3f} {result['peak_gib'][variant]:4.1f} GiB")
        lines.append(f"{name}: shipped is {result['ratio']:.2f} times eager; data {result['data_share']:.1%} of a step")
        lines.append(
            f"{name}: the floor is {result['floor']:.2f}s, {result['gigaoperations']:.0f} billion operations at "
            f"{result['gflops']:.0f} billion a second"
        )
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
        axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig(path, dpi=100, format="png")
