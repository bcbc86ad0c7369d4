"""Mixed precision, as far as a CPU can tell: that it is off there, and that a real gradient scaler is driven right."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import paddle
import pytest
from paddle import nn

from paddlevideo.solver import precision as module
from paddlevideo.solver.checkpoint import load_checkpoint, save_checkpoint
from paddlevideo.solver.optimizers import SGD, Optimizer
from paddlevideo.solver.precision import Precision
from paddlevideo.solver.schedules import PolynomialDecay
from paddlevideo.utils.errors import InputError


def weights(layer: nn.Layer) -> np.ndarray:
    return layer.weight.numpy().copy()


def trained(limit: float | None = None) -> tuple[nn.Layer, Optimizer]:
    paddle.seed(3)
    layer = nn.Linear(2, 2)
    return layer, SGD(layer, PolynomialDecay(0.1), weight_decay=0.0, grad_clip=limit)


def step(layer: nn.Layer, precision: Precision, scale: float = 1.0) -> float:
    with precision.forward():
        loss = (layer(paddle.to_tensor([[1.0, 2.0]])) * scale).sum()
    precision.backward(loss)
    precision.unscale()
    norm = precision.optimizer.clip()
    precision.step()
    return norm


@pytest.fixture
def scaled(monkeypatch: pytest.MonkeyPatch):
    """A function that makes a `Precision` whose scaler is on: it is told that it stands on a card.

    The forward pass stays in full precision; losses are scaled, gradients unscaled and checked by Paddle's own code.
    """
    card = SimpleNamespace(_expected_place=SimpleNamespace(is_gpu_place=lambda: True))
    monkeypatch.setattr(module, "device", lambda: "gpu")
    monkeypatch.setattr("paddle.amp.grad_scaler._dygraph_tracer", lambda: card)
    monkeypatch.setattr(paddle.amp.auto_cast.__globals__["amp_global_state"](), "amp_dtype", "float16")

    def make(limit: float | None = None) -> tuple[nn.Layer, Precision]:
        layer, optimizer = trained(limit)
        return layer, Precision(layer, optimizer, enabled=True)

    return make


def test_a_cpu_says_once_that_it_is_off(caplog: pytest.LogCaptureFixture) -> None:
    layer, optimizer = trained()
    with caplog.at_level("INFO", logger="paddlevideo"):
        precision = Precision(layer, optimizer, enabled=True, level="O2")
        step(layer, precision)
    assert [record.message for record in caplog.records] == [
        "mixed precision is off: Paddle has none on a CPU; training goes on in full precision"
    ]
    assert not precision.enabled and precision.state() == {} and precision.masters() == {}
    assert layer.weight.dtype == paddle.float32


def test_an_unknown_level_is_bad_input() -> None:
    with pytest.raises(InputError, match="O3"):
        Precision(*trained(), enabled=True, level="O3")


@pytest.mark.parametrize("limit", [None, 0.5])
def test_scaled_steps_are_plain_steps(scaled, limit: float | None) -> None:
    layer, precision = scaled(limit)
    plain, optimizer = trained(limit)
    norms = [step(layer, precision) for _ in range(3)]
    assert norms == pytest.approx([step(plain, Precision(plain, optimizer)) for _ in range(3)])
    np.testing.assert_allclose(weights(layer), weights(plain), rtol=1e-6)
    assert precision.state()["scaler"]["incr_count"] == 3


def test_an_overflow_leaves_the_step_out_and_halves_the_scale(scaled) -> None:
    layer, precision = scaled()
    before = weights(layer)
    step(layer, precision, scale=float("inf"))
    np.testing.assert_array_equal(weights(layer), before)
    assert precision.state()["scaler"]["scale"].item() == 2.0**14
    assert layer.weight.grad is None
    step(layer, precision)
    assert (weights(layer) != before).any()


def test_the_scaler_comes_back_from_a_checkpoint(scaled, tmp_path: Path) -> None:
    layer, precision = scaled()
    step(layer, precision, scale=float("inf"))
    step(layer, precision)
    save_checkpoint(tmp_path, "net", 2, layer.state_dict(), {}, {"precision": precision.state()})
    _, other = scaled()
    other.restore(load_checkpoint(tmp_path).extra["precision"])
    was, now = precision.state()["scaler"], other.state()["scaler"]
    assert now == was and (now["incr_count"], now["scale"].item()) == (1, 2.0**14)


def test_masters_come_back_by_the_models_names(scaled, tmp_path: Path) -> None:
    layer, precision = scaled()
    precision.optimizer.rule.set_state_dict({"master_weights": {layer.weight.name: layer.weight.astype("float32") + 1}})
    assert list(precision.masters()) == ["weight"]
    save_checkpoint(tmp_path, "net", 2, layer.state_dict(), {}, {"precision": precision.state()})
    other, again = scaled()
    again.restore(load_checkpoint(tmp_path).extra["precision"])
    again.optimizer.restore({})
    np.testing.assert_array_equal(again.masters()["weight"].numpy(), weights(layer) + 1)
    assert other.weight.name != layer.weight.name


def test_another_precision_than_the_checkpoints_is_said(scaled, caplog: pytest.LogCaptureFixture) -> None:
    _, precision = scaled()
    layer, optimizer = trained()
    with caplog.at_level("WARNING", logger="paddlevideo"):
        Precision(layer, optimizer).restore(precision.state())
    assert "made in mixed precision, the run goes on in full" in caplog.text
