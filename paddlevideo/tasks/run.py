"""From a command line's settings to the task that does the job, and from what it raises to an exit code."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from argparse import Namespace
from collections.abc import Callable

from ..utils.errors import DamagedInput, InputError, Terminated
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

    from ..utils.runtime import prepare_inference, prepare_threads, prepare_training

    prepare_threads(args.threads)
    prepare_training() if job == "train" else prepare_inference()

    from ..config.loading import load_config, require_for
    from ..utils import processes
    from ..utils.log import set_up_logging
    from ..utils.runtime import set_up
    from ..utils.signals import raise_on_termination

    memory = [f"INFERENCE.max_memory_mib={args.max_memory}"] if getattr(args, "max_memory", None) else []
    config = load_config(args.config, args.override + memory)
    require_for(config, job, *["--validate"] if getattr(args, "validate", False) else [])
    args.seed = config["seed"] if args.seed is None else args.seed
    set_up_logging()
    set_up(args.threads, args.seed)
    raise_on_termination()
    processes.start()
    task = "infer_many" if job == "infer" and many_videos(args) else job
    getattr(importlib.import_module(f"paddlevideo.tasks.{task}"), task)(config, args)


def require_extra(module: str, extra: str) -> None:
    """Raise `InputError` when ``module`` is not installed; ``extra`` is the extra that brings it."""
    if importlib.util.find_spec(module) is None:
        raise InputError(f"{module} is not installed; pip install 'paddlevideo-manet[{extra}]'")


def exit_code(job: Callable[[], object]) -> int:
    """Do a job; return 0, or 2 for bad input, 3 for damaged, 130 when interrupted, 143 when terminated.

    Anything else is a bug, and keeps its traceback (exit code 1).
    """
    try:
        job()
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except DamagedInput as error:
        print(f"warning: {error}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except Terminated:
        print("terminated", file=sys.stderr)
        return 143
    return 0
