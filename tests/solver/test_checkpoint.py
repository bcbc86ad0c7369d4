"""Checkpoints: bit for bit, checked, and never half of one."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import paddle
import pytest
from paddle import nn

from paddlevideo.solver.checkpoint import (
    latest_checkpoint,
    load_checkpoint,
    remove_checkpoints,
    save_checkpoint,
)
from paddlevideo.utils.errors import InputError
from paddlevideo.weights.files import load_into

ROOT = Path(__file__).resolve().parents[2]


def save(folder: Path, step: int, name: str = "net") -> Path:
    state = {"0.weight": np.full((2, 3), step, np.float32), "0.count": np.array(step)}
    return save_checkpoint(
        folder, name, step, state, {"0.weight|velocity_0": np.ones(3) / 3}, {"best": None, "seed": 7}
    )


def test_everything_comes_back_bit_for_bit(tmp_path: Path) -> None:
    extra = {
        "best": 0.5,
        "names": ["a", ("b", None)],
        "average": {"w": paddle.to_tensor([1.0, 1 / 3])},
        "flags": {"on": True},
    }
    optimizer = {"w|moment": paddle.rand([3, 4]), "w|beta": np.float32(0.9), "master": {"w": paddle.rand([2])}}
    model = nn.Sequential(nn.Conv2D(2, 3, 1), nn.BatchNorm2D(3))
    path = save_checkpoint(tmp_path, "net", 12, model.state_dict(), optimizer, extra)
    assert path.name == "net_step_000012.pdparams"

    found = load_checkpoint(tmp_path, "net")
    assert (found.path, found.step, found.extra["best"]) == (path, 12, 0.5)
    assert found.extra["names"] == extra["names"] and found.extra["flags"] == {"on": True}
    np.testing.assert_array_equal(found.extra["average"]["w"], extra["average"]["w"].numpy())
    np.testing.assert_array_equal(found.optimizer["w|moment"], optimizer["w|moment"].numpy())
    np.testing.assert_array_equal(found.optimizer["master"]["w"], optimizer["master"]["w"].numpy())
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(found.model[name], value.numpy())


def test_weights_of_a_checkpoint_are_good_for_testing(tmp_path: Path) -> None:
    model, other = nn.Linear(2, 3), nn.Linear(2, 3)
    load_into(other, save_checkpoint(tmp_path, "net", 1, model.state_dict(), {}, {}))
    np.testing.assert_array_equal(other.weight.numpy(), model.weight.numpy())


def test_newest_by_number_and_by_name(tmp_path: Path) -> None:
    assert latest_checkpoint(tmp_path, "net") is None
    for step in (9, 1000000, 20):
        save(tmp_path, step)
    save(tmp_path, 5000000, name="other_net")
    assert latest_checkpoint(tmp_path, "net") == tmp_path / "net_step_1000000.pdparams"
    assert load_checkpoint(tmp_path, "net").step == 1000000
    assert load_checkpoint(tmp_path).step == 5000000
    assert load_checkpoint(tmp_path / "net_step_000009.pdparams").model["0.weight"][0, 0] == 9


@pytest.mark.parametrize("suffix", [".pdparams", ".pdopt", ".json"])
@pytest.mark.parametrize("damage", ["cut", "flip", "remove", "empty"])
def test_a_damaged_checkpoint_gives_way_to_the_one_before(
    suffix: str, damage: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    save(tmp_path, 1)
    victim = save(tmp_path, 2).with_suffix(suffix)
    contents = victim.read_bytes()
    flipped = contents[:-9] + bytes([contents[-9] ^ 1]) + contents[-8:]
    if damage == "remove":
        victim.unlink()
    else:
        victim.write_bytes({"cut": contents[: len(contents) // 2], "flip": flipped, "empty": b""}[damage])
    with caplog.at_level(logging.WARNING):
        assert load_checkpoint(tmp_path, "net").step == 1
        assert latest_checkpoint(tmp_path, "net") == tmp_path / "net_step_000001.pdparams"
    if (suffix, damage) != (".json", "remove"):  # without its manifest it never was a checkpoint
        assert "taking the one before" in caplog.text
    with pytest.raises(InputError):
        load_checkpoint(victim)


def test_no_checkpoint_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no checkpoint of net"):
        load_checkpoint(tmp_path, "net")
    with pytest.raises(InputError, match="not a whole checkpoint"):
        load_checkpoint(tmp_path / "net_step_000001.pdparams")
    save(tmp_path, 1).write_bytes(b"")
    with pytest.raises(InputError, match="every checkpoint in it is damaged"):
        load_checkpoint(tmp_path, "net")


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    for step in range(1, 6):
        save(tmp_path, step)
    save(tmp_path, 1, name="other")
    (tmp_path / "net_best.pdparams").write_bytes(b"kept")
    remove_checkpoints(tmp_path, "net", keep=2)
    kept = {path.name for path in tmp_path.iterdir()}
    assert kept == {
        f"{name}{suffix}"
        for name in ("net_step_000004", "net_step_000005", "other_step_000001")
        for suffix in (".json", ".pdopt", ".pdparams")
    } | {"net_best.pdparams"}


def test_a_checkpoint_just_written_is_kept_though_later_ones_lie_there(tmp_path: Path) -> None:
    for step in (2, 8, 9):
        save(tmp_path, step)
    save(tmp_path, 3)
    remove_checkpoints(tmp_path, "net", keep=1, step=3)
    assert sorted(path.stem for path in tmp_path.glob("*.json")) == [f"net_step_{step:06d}" for step in (3, 8, 9)]


def test_a_failed_save_leaves_what_was_there(tmp_path: Path) -> None:
    save(tmp_path, 1)
    before = {path.name for path in tmp_path.iterdir()}

    class Unwritable:
        def __reduce__(self) -> tuple:
            raise OSError("the disk is on fire")

    with pytest.raises(OSError, match="on fire"):
        save_checkpoint(tmp_path, "net", 2, {"w": np.ones(1)}, {}, {"bad": Unwritable()})
    assert {path.name for path in tmp_path.iterdir()} == before
    assert load_checkpoint(tmp_path, "net").step == 1


FULL = """
import resource, sys
import numpy as np
from paddlevideo.solver.checkpoint import save_checkpoint
from paddlevideo.utils.errors import InputError
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    save_checkpoint(sys.argv[1], "net", 2, {"w": np.ones(10)}, {"m": np.ones(100_000)}, {})
except InputError as error:
    print(error)
"""


def test_a_file_that_does_not_fit_is_one_line_and_leaves_what_was_there(tmp_path: Path) -> None:
    save(tmp_path, 1)
    before = {path.name for path in tmp_path.iterdir()}
    found = subprocess.run([sys.executable, "-c", FULL, tmp_path], capture_output=True, text=True, cwd=ROOT, check=True)
    assert re.fullmatch(
        r".*net_step_000002\.pdopt: cannot be written \(File too large; [\d,]+ MiB are free there\); make room.*\n",
        found.stdout,
    )
    assert {path.name for path in tmp_path.iterdir()} == before
    assert load_checkpoint(tmp_path, "net").step == 1
