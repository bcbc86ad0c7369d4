"""The example notebooks run from their first cell to their last, in a kernel of their own."""

from __future__ import annotations

import os
from pathlib import Path

import nbclient
import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]


def test_the_scribble_notebook_runs_and_its_masks_are_those_of_the_disc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path)
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    notebook = nbformat.read(ROOT / "notebooks" / "scribble.ipynb", as_version=4)
    client = nbclient.NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    kinds = {kind for output in outputs for kind in output.get("data", ())}
    assert {"application/vnd.jupyter.widget-view+json", "image/png"} <= kinds
    (line,) = [output["text"] for output in outputs if "mean IoU" in output.get("text", "")]
    assert line.startswith("(12, 120, 160) uint8 mean IoU ") and float(line.split()[-1]) > 0.8
    assert not list(tmp_path.iterdir())
