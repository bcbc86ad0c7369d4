"""One runtime of OpenVINO: after two of them a signal would find no stack."""

from __future__ import annotations

import subprocess
import sys

SIGNALLED = """
import gc, os, signal
import numpy as np
import openvino as ov
from openvino import opset13 as ops
from paddlevideo.kernels.openvino_core import openvino_core

def compiled():
    x = ops.parameter([1, 4], np.float32)
    core = openvino_core()
    return core, core.compile_model(ov.Model([ops.relu(x)], [x]), "CPU")

first, second = compiled(), compiled()
del first
gc.collect()
del second
gc.collect()
received = []
signal.signal(signal.SIGTERM, lambda number, frame: received.append(number))
os.kill(os.getpid(), signal.SIGTERM)
assert received == [signal.SIGTERM]
"""


def test_a_signal_after_two_models_have_gone_is_handled() -> None:
    done = subprocess.run([sys.executable, "-c", SIGNALLED], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
