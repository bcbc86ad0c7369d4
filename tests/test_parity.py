"""The official implementation's numbers: three rounds and a training step of the ResNet-101 network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from paddlevideo.utils.errors import InputError
from tools.check_parity import KEYS, Report, check, draw_weights, main, read_keys

CASE = Path(__file__).parent / "data" / "manet_case.npz"


@pytest.mark.parametrize(("engine", "training"), [("plain", True), ("fast", False)])
def test_parity_holds(engine: str, training: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    report = check(CASE, engine, training=training)
    assert not report.failed, "\n".join(report.lines)
    assert len(report.lines) == (25 if training else 13)


def test_weights_are_drawn_by_name() -> None:
    shapes = {
        "semantic_embedding.4.weight": (100,),
        "bn2.weight": (100,),
        "x.layer1.0.bn3.weight": (64,),
        "x.bn1.running_var": (8,),
        "x.bn1.num_batches_tracked": (),
        "dynamic_seghead.conv.weight": (1, 256, 1, 1),
    }
    drawn = draw_weights(20, shapes)
    assert {name: value.shape for name, value in drawn.items()} == shapes
    assert np.array_equal(drawn["bn2.weight"], drawn["semantic_embedding.4.weight"])
    assert drawn["bn2.weight"].min() >= 0.8 * 0.6 and drawn["bn2.weight"].max() <= 0.8 * 1.2
    assert drawn["x.layer1.0.bn3.weight"].max() <= 0.3 * 1.2
    assert drawn["x.bn1.running_var"].min() >= 0.8
    assert drawn["x.bn1.num_batches_tracked"] == 0
    assert drawn["dynamic_seghead.conv.weight"].std() > 3 * np.sqrt(2 / 256)
    assert not np.array_equal(draw_weights(21, shapes)["bn2.weight"], drawn["bn2.weight"])


def test_the_table_of_keys_is_the_official_one() -> None:
    shapes = read_keys(KEYS)
    assert len([name for name in shapes if not name.endswith("num_batches_tracked")]) == 689
    assert shapes["feature_extracter.backbone.conv1.weight"] == (64, 3, 7, 7)


def test_what_is_off_fails() -> None:
    report = Report()
    wanted = np.linspace(0, 1, 1000)
    report.close("close", wanted + 1e-4, wanted)
    report.equal("equal", np.zeros(10_000), np.eye(1, 10_000)[0], 0.9995)
    report.number("loss", 1.0, 1.0 + 5e-6, 1e-5)
    assert report.failed == 0
    report.close("off", wanted + 1e-3, wanted)
    report.close("shape", wanted[:-1], wanted)
    report.close("nan", wanted * np.nan, wanted)
    report.equal("labels", np.zeros(1000), np.eye(1, 1000)[0], 0.9995)
    report.number("loss", 1.0, 1.0 + 2e-5, 1e-5)
    report.number("gradient", 2e-6, 2.1e-6, 1e-3, relative=True)
    report.number("nan", float("nan"), 1.0, 1e-3)
    assert report.failed == 7


def test_a_file_that_is_no_case_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:  # type: ignore[no-untyped-def]
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    (tmp_path / "broken.npz").write_bytes(b"PK\x03\x04broken")
    for name in ("other.npz", "broken.npz", "absent.npz"):
        with pytest.raises(InputError, match=name):
            check(tmp_path / name)
        monkeypatch.setattr("sys.argv", ["check_parity.py", str(tmp_path / name)])
        assert main() == 2
        assert capsys.readouterr().err.count("\n") == 1
