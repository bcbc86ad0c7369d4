"""The command ``manet``, which an installed package brings: `main.py` and the tools under one name."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence
from typing import Any

from .. import __version__
from ..utils.command import exit_code
from ..utils.shipped import ROOT
from .arguments import add_segment, add_serve, add_test, add_train, parse_command
from .run import run

DESCRIPTION = """Interactive video object segmentation, with the lite network unless another is named.

    manet segment clip.mp4 --scribbles strokes.json
    manet serve clip.mp4
    manet COMMAND --help
"""
EPILOG = "Exit codes: 0 done, 2 bad input, 3 done but some input was damaged, 130 interrupted, 143 terminated, 1 a bug."

JOBS: dict[str, tuple[Callable[[argparse.ArgumentParser], None], str]] = {
    "segment": (add_segment, "write the masks of a video, or of many"),
    "serve": (add_serve, "open a page in the browser to segment videos on"),
    "test": (add_test, "score weights on a data set"),
    "train": (add_train, "train a network"),
}
# Each has `make_parser` and `run`; they are imported when they are asked for.
TOOLS = {
    "convert": ("convert_weights", "convert weights, or add to a network or slim it"),
    "export": ("export_model", "write a network for deployment: Paddle Inference, ONNX"),
    "predict": ("predict", "write the masks of a video by an exported network"),
    "prepare": ("prepare_dataset", "bring annotated videos into DAVIS's layout"),
    "bench": ("benchmark", "measure speed and memory"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line of ``manet``; the exit codes are those of `paddlevideo.utils.command.exit_code`."""
    name, *rest = (sys.argv[1:] if argv is None else list(argv)) or ["--help"]
    if name in JOBS:
        return exit_code(lambda: run(parse_command(_job_parser(name), rest)))
    if name in TOOLS:
        tool = _tool(name)
        return exit_code(lambda: tool.run(_tool_parser(name, tool).parse_args(rest)))
    if name == "completion":
        from .completion import print_completion

        return exit_code(lambda: print_completion(all_parsers, rest))
    _parser().parse_args([name])  # --help and --version, which end here, and what is no command
    return 2


def all_parsers() -> argparse.ArgumentParser:
    """Return a parser with those of all commands below it; slow, as every tool is imported."""
    parsers = {name: _job_parser(name) for name in JOBS} | {name: _tool_parser(name, _tool(name)) for name in TOOLS}
    return _parser(parsers)


def _parser(parsers: dict[str, argparse.ArgumentParser] | None = None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "manet", description=DESCRIPTION, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"manet {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, (_, text) in {**JOBS, **TOOLS, "completion": (None, "print a script for the shell's completion")}.items():
        known = (parsers or {}).get(name)
        commands.add_parser(name, help=text, parents=[known] if known else [], add_help=not known)
    return parser


def _job_parser(name: str) -> argparse.ArgumentParser:
    add_arguments, text = JOBS[name]
    parser = argparse.ArgumentParser(f"manet {name}", description=f"{text[0].upper()}{text[1:]}.")
    add_arguments(parser)
    return parser


def _tool(name: str) -> Any:
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    return importlib.import_module(f"tools.{TOOLS[name][0]}")


def _tool_parser(name: str, tool: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = tool.make_parser(f"manet {name}")
    written = f"python tools/{TOOLS[name][0]}.py"
    for text in ("description", "epilog"):
        setattr(parser, text, (getattr(parser, text) or "").replace(written, parser.prog))
    return parser


if __name__ == "__main__":
    sys.exit(main())
