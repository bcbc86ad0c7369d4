"""Training in stages that follow one another, each from the weights of the one before.

    python main.py -c configs/segmentation/manet_lite_recipe.yaml                start
    python main.py -c configs/segmentation/manet_lite_recipe.yaml --resume       go on, in whichever stage it stopped

Each stage has a folder below ``output_dir``, with all that `train` leaves; the last one's weights are copied to
``output_dir`` itself. A stage that has ended is not trained again.
"""

from __future__ import annotations

import logging
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..solver.checkpoint import has_checkpoint
from ..utils import processes
from ..utils.errors import InputError
from ..weights.files import load_weights, save_weights
from .train import train

logger = logging.getLogger(__name__)


def train_stages(cfg: Mapping[str, Any], args: Namespace) -> None:
    """Train the stages of ``cfg`` that have not ended; ``--max_iters`` counts the steps of each.

    Raises:
        InputError: bad input, see `train`; a checkpoint named by ``--resume``, or a fresh start over an earlier one.
        SystemExit: 143 or 130 after a signal, with a checkpoint of the stage at work.
    """
    name, stages = str(cfg["model_name"]), cfg["stages"]
    final = {stage: Path(each["output_dir"]) / f"{name}_final.pdparams" for stage, each in stages.items()}
    done = processes.from_main(lambda: _ended(stages, final, name, args.resume))
    weights = args.weights
    for number, (stage, each) in enumerate(stages.items()):
        logger.info("stage %d of %d, %s%s", number + 1, len(stages), stage, ": has ended" if number < done else "")
        if number >= done:
            resume = args.resume if number == 0 else "auto"
            train(each, Namespace(**{**vars(args), "weights": weights, "resume": resume, "seed": args.seed + number}))
            processes.barrier()  # rank 0 has written the weights that all begin the next stage with
        weights = str(final[stage])
    if processes.is_main():
        path = save_weights(Path(cfg["output_dir"]) / f"{name}_final.pdparams", load_weights(weights))
        logger.info("all stages have ended: %s", path)


def _ended(stages: Mapping[str, Any], final: Mapping[str, Path], name: str, resume: bool | str | None) -> int:
    """Return how many stages, from the first on, have ended in an earlier start."""
    if resume not in (None, True, "auto"):
        raise InputError(f"--resume {resume}: with stages the checkpoint is found; pass --resume alone")
    if resume:
        return next((number for number, stage in enumerate(stages) if not final[stage].exists()), len(stages))
    for stage, each in stages.items():
        if has_checkpoint(Path(each["output_dir"]), name):
            raise InputError(
                f"{each['output_dir']} already holds checkpoints of '{name}', stage {stage}; go on with --resume, or "
                "start elsewhere with -o output_dir=FOLDER"
            )
    return 0
