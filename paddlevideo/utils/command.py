"""How a command line ends: its exit code, and at most one line that says why."""

from __future__ import annotations

import sys
from collections.abc import Callable

from .errors import DamagedInput, InputError, Terminated
from .signals import raise_on_termination


def exit_code(work: Callable[[], object]) -> int:
    """Do ``work``; return 0, or 2 for bad input, 3 for damaged, 130 when interrupted, 143 when terminated."""
    raise_on_termination()
    try:
        work()
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
