"""The script that starts a run on several machines: what it hands to Paddle's launcher, and what it refuses."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tools" / "launch_nodes.sh"
NEEDED = {"MASTER": "10.0.0.1:8090", "NNODES": "2"}


def launch(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the script with ``echo`` for an interpreter and no setting but these."""
    environment = {"PATH": "/usr/bin:/bin", "PYTHON": "echo", **settings}
    command = ["sh", str(SCRIPT), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        ({}, "--log_dir output/log"),
        ({"RANK": "0", "GPUS": "0,1"}, "--rank 0 --gpus 0,1 --log_dir output/log"),
        ({"NPROC": "2", "LOG_DIR": "my logs"}, "--nproc_per_node 2 --log_dir my logs"),
    ],
)
def test_settings_go_to_the_launcher_and_arguments_to_main(settings: dict[str, str], options: str) -> None:
    done = launch("-c", "configs/a.yaml", "--resume", "auto", **NEEDED, **settings)
    start = "-B -m paddle.distributed.launch --master 10.0.0.1:8090 --nnodes 2"
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{start} {options} main.py -c configs/a.yaml --resume auto\n"


@pytest.mark.parametrize("missing", ["MASTER", "NNODES"])
def test_without_master_or_nnodes_one_line_says_so(missing: str) -> None:
    done = launch("-c", "configs/a.yaml", **{key: value for key, value in NEEDED.items() if key != missing})
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: set MASTER=host:port and NNODES=machines\n"


@pytest.mark.parametrize("arguments", [(), ("--help",)])
def test_help_lists_every_setting(arguments: tuple[str, ...]) -> None:
    done = launch(*arguments, **NEEDED)
    assert (done.returncode, done.stdout) == (2, "")
    for setting in ("MASTER", "NNODES", "RANK", "GPUS", "NPROC", "LOG_DIR", "PYTHON"):
        assert f"\n  {setting} " in done.stderr
    assert "set -eu" not in done.stderr


@pytest.mark.parametrize("page", ["en", "zh-CN"])
def test_the_examples_of_the_docs_start_every_machine(page: str, tmp_path: Path) -> None:
    """With stand-ins for ssh, Slurm and Paddle's launcher, which say what they are called with."""
    text = (ROOT / "docs" / page / "scale.md").read_text(encoding="utf-8")
    ssh, slurm = (block for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) if "NNODES" in block)
    stand_ins = {
        "ssh": 'exec sh -c "$2"',
        "scontrol": "echo alpha; echo beta",
        "srun": 'shift; SLURM_NODEID=0 "$@"; SLURM_NODEID=1 "$@"',
        "python": 'echo "$@" >> calls',
        "getent": "exit 2",  # knows no such machines
    }
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / "tools").mkdir()
    shutil.copy(SCRIPT, tmp_path / "tools")
    for name, does in stand_ins.items():
        path = tmp_path / ".venv" / "bin" / name
        path.write_text(f"#!/bin/sh\n{does}\n")
        path.chmod(0o755)
    environment = {"PATH": f"{tmp_path}/.venv/bin:/usr/bin:/bin", "SLURM_JOB_NODELIST": "x", "SLURM_JOB_NUM_NODES": "2"}
    for script, logs in ((ssh, ("alpha", "beta")), (slurm, ("0", "1"))):
        subprocess.run(["sh", "-c", script], cwd=tmp_path, env=environment, timeout=60, check=True)
        calls = sorted((tmp_path / "calls").read_text().splitlines())
        (tmp_path / "calls").unlink()
        for node, (call, log) in enumerate(zip(calls, logs, strict=True)):
            start = f"--master alpha:8090 --nnodes 2 --rank {node} --nproc_per_node 4 --log_dir output/log/{log}"
            assert call.startswith(f"-B -m paddle.distributed.launch {start} main.py --infer -c configs/segmentation")
            assert call.endswith("--input videos/ --scribbles strokes/ --output output/all")
