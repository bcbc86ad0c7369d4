"""Completion of ``manet``'s commands, flags and files in a shell.

eval "$(manet completion bash)"
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence

import shtab

FILES = ("YAML", "FILE", "VIDEO", "JSON", "PNG", "SOURCE", "OTHER", "CONFIG", "INPUT")
FOLDERS = ("DIR", "FOLDER", "OUT")


def print_completion(make_parser: Callable[[], argparse.ArgumentParser], argv: Sequence[str]) -> None:
    """Print the script of the shell that ``argv`` names; ``make_parser`` makes the parser of all commands."""
    parser = argparse.ArgumentParser("manet completion", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("shell", choices=shtab.SUPPORTED_SHELLS)
    shell = parser.parse_args(argv).shell
    print(completion(make_parser(), shell))


def completion(parser: argparse.ArgumentParser, shell: str) -> str:
    """Return the script of a command line for ``shell``, one of those that shtab knows."""
    for action in _actions(parser):
        if action.metavar in FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif action.metavar in FOLDERS:
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    script: str = shtab.complete(parser, shell)
    return script


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from _actions(below)
