"""From a command line's settings to the task that does the job."""

from __future__ import annotations

import importlib
import importlib.util
from argparse import Namespace
from typing import Any

from ..utils.errors import InputError
from ..utils.signals import hold_termination
from .arguments import many_videos

# Everything heavy (Paddle takes seconds) is imported after the arguments are read, so that --help answers at once.

# Packages of extras, which may be missing where the project is installed as a package: by job, and in which extra.
_EXTRAS = {"serve": ("uvicorn", "page"), "test": ("matplotlib", "train"), "train": ("matplotlib", "train")}


def run(args: Namespace) -> None:
    """Do the job that ``args`` ask for (``args.job``); raise `InputError` on bad input."""
    job = args.job
    if job != "train" and not args.weights:
        raise InputError(f"--{job} needs weights; pass them with -w FILE")
    if job == "infer" and not args.input:
        raise InputError("--infer needs a video; pass it with --input FILE|FOLDER|GLOB")
    if job == "infer" and not (args.scribbles or args.masks):
        raise InputError("--infer starts from --scribbles JSON or from --masks PNG; pass one of them, or both")
    if job in _EXTRAS:
        require_extra(*_EXTRAS[job])

    with hold_termination():  # Paddle brings a handler of its own, which prints a C++ traceback
        config = _prepared(args, job)
    from ..utils import processes

    processes.start()
    task = "infer_many" if job == "infer" and many_videos(args) else job
    task = "train_stages" if job == "train" and config.get("stages") else task
    getattr(importlib.import_module(f"paddlevideo.tasks.{task}"), task)(config, args)


def _prepared(args: Namespace, job: str) -> dict[str, Any]:
    """Import Paddle, set the process up and return the config; the seed goes to ``args``."""
    from ..utils.runtime import prepare_inference, prepare_threads, prepare_training

    prepare_threads(args.threads)
    prepare_training() if job == "train" else prepare_inference()

    from ..config.loading import load_config, require_for
    from ..utils.log import set_up_logging
    from ..utils.runtime import set_up

    memory = [f"INFERENCE.max_memory_mib={args.max_memory}"] if getattr(args, "max_memory", None) else []
    config = load_config(args.config, args.override + memory)
    require_for(config, job, *["--validate"] if getattr(args, "validate", False) else [])
    args.seed = config["seed"] if args.seed is None else args.seed
    set_up_logging()
    set_up(args.threads, args.seed)
    return config


def require_extra(module: str, extra: str) -> None:
    """Raise `InputError` when ``module`` is not installed; ``extra`` is the extra that brings it."""
    if importlib.util.find_spec(module) is None:
        raise InputError(f"{module} is not installed; pip install 'paddlevideo-manet[{extra}]'")
