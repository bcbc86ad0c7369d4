"""The script that starts training on several machines: what it hands to Paddle's launcher, and what it refuses."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "tools" / "launch_nodes.sh"
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
