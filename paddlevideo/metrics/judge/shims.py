"""Patches that davisinteractive 1.0.4 (2020) needs to run on today's libraries. They are applied when it is loaded."""

from __future__ import annotations

import importlib
from functools import partial, wraps
from types import ModuleType
from typing import Any

import numpy as np

from ...utils.errors import InputError

INSTALL = (
    'pip install numpy cython setuptools wheel absl-py "networkx>=3" pandas requests scikit-learn six',
    "pip install --no-build-isolation --no-deps davisinteractive==1.0.4",
)
"""The two commands that install the judge (gcc is needed): its own pins cannot be met, so it goes without them."""

_MODULES = ("dataset", "evaluation", "robot", "session")


def load_davisinteractive(seed: int = 0) -> ModuleType:
    """Return the patched package, with its modules dataset, evaluation, robot and session.

    ``seed`` is the robot's, which breaks ties of its skeletons at random.

    Raises:
        InputError: it is not installed; the message has the two commands that do it.
    """
    _mend_numpy()
    try:
        package = importlib.import_module("davisinteractive")
        _mend_networkx()
        for name in _MODULES:
            importlib.import_module(f"davisinteractive.{name}")
    except ImportError as error:
        raise InputError(
            f"the official judge is not there ({error}); install it with 'make judge', or with these two commands: "
            f"{INSTALL[0]} ; {INSTALL[1]} ; or score without it: -o METRIC.name=RoundMetric"
        ) from error
    _mend_summary(package.evaluation.EvaluationService)
    _seed_robot(importlib.import_module("davisinteractive.robot.interactive_robot"), seed)
    importlib.import_module("davisinteractive.logging").set_verbosity("error")  # it logs each step to stderr
    return package


def _mend_numpy() -> None:
    """NumPy 1.24 took the aliases of Python's types away, NumPy 2.4 ``trapz``; the package uses them at import."""
    for alias, meant in (("int", int), ("float", float), ("bool", bool), ("object", object)):
        if alias not in vars(np):
            setattr(np, alias, meant)
    if not hasattr(np, "trapz"):
        np.trapz = np.trapezoid  # type: ignore[attr-defined]


def _mend_networkx() -> None:
    """networkx 3 knows sparse arrays only, of which SciPy's matrices are a kind; the robot calls the old name."""
    networkx: Any = importlib.import_module("networkx")
    if not hasattr(networkx, "from_scipy_sparse_matrix"):
        networkx.from_scipy_sparse_matrix = networkx.from_scipy_sparse_array


def _seed_robot(robot: Any, seed: int) -> None:
    """scikit-image's medial axis has a random generator of its own: without a seed, every run differs."""
    axis = importlib.import_module("skimage.morphology").medial_axis
    robot.medial_axis = partial(axis, rng=seed)


def _mend_summary(service: Any) -> None:
    """pandas 2 takes no mean of text: the session's key is dropped, and numbers kept as objects are made numbers."""
    original = service.summarize_report
    if hasattr(original, "__wrapped__"):
        return

    @wraps(original)
    def summarize_report(self: Any, report: Any) -> dict[str, Any]:
        numbers = ["interaction", "scribble_idx", "object_id", "frame", "timing", "jaccard", "contour", "j_and_f"]
        table = report.drop(columns="session_id", errors="ignore").copy()
        for column in numbers:
            if column in table:
                table[column] = importlib.import_module("pandas").to_numeric(table[column])
        summary: dict[str, Any] = original(self, table)
        return summary

    service.summarize_report = summarize_report
