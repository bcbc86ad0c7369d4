"""OpenVINO's runtime, one for the process."""

from __future__ import annotations

from functools import lru_cache

import openvino as ov


@lru_cache(maxsize=1)
def openvino_core() -> ov.Core:
    """Return the one ``ov.Core`` of this process.

    On processors with AMX each core gives the process a stack for signals, and takes it away when it goes. Of two that
    go in the order they came, the stack of the first is put back when it is there no more, and the next signal, such as
    a SIGTERM, ends the process with a segmentation fault.
    """
    core = ov.Core()
    core.set_property({"ENABLE_MMAP": False})  # a mapped file of weights stays in memory beside the weights made of it
    return core
