"""What is measured runs in processes of its own that take turns: flags, threads and memory belong to a process."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any


@contextmanager
def process(target: Callable[..., None], *args: Any) -> Iterator[Connection]:
    """Run ``target(connection, *args)`` in a new process, which ends when its connection is closed; yield our end."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=target, args=(theirs, *args))
    child.start()
    theirs.close()
    try:
        yield ours
    finally:
        ours.close()
        child.join()
