from __future__ import annotations

import logging
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest
from paddle import nn

from paddlevideo.kernels import compiled
from paddlevideo.kernels.compiled import CompiledLayer
from paddlevideo.modeling.layers import resize_bilinear

SHAPE = (2, 4, 12, 16)


class Net(nn.Layer):
    """Convolution, norm, then a resize, which eager Paddle does by matrix products and a compiled model does not."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2D(4, 8, 3, padding=1)
        self.norm = nn.BatchNorm2D(8)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return resize_bilinear(nn.functional.relu(self.norm(self.conv(x))), (24, 31))


class Two(nn.Layer):
    def forward(self, x: paddle.Tensor, y: paddle.Tensor) -> list[paddle.Tensor]:
        return [x + y, x * y]


def _net(seed: int = 0) -> Net:
    paddle.seed(seed)
    net = Net()
    net.eval()
    return net


def _input() -> np.ndarray:
    return np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32)


def _error(layer: CompiledLayer, net: nn.Layer) -> float:
    with paddle.no_grad():
        wanted = net(paddle.to_tensor(_input())).numpy()
    return float(np.abs(layer(_input())[0] - wanted).max() / np.abs(wanted).max())


def _count(cache: Path) -> int:
    return len(list(cache.glob("*/manifest.json")))


def test_it_computes_what_the_layer_computes_and_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net = _net()
    first = CompiledLayer(net, [SHAPE], cache_dir=tmp_path)
    assert first.compiled and _error(first, net) < 1e-5
    assert _count(tmp_path) == 1 and not list(tmp_path.glob(".building-*"))
    monkeypatch.setattr(CompiledLayer, "_export", lambda *_: pytest.fail("made again"))
    second = CompiledLayer(net, [SHAPE], cache_dir=tmp_path)
    assert second.compiled and _error(second, net) < 1e-5


def test_the_layer_itself_is_left_as_it_was(tmp_path: Path) -> None:
    net = _net()
    CompiledLayer(net, [SHAPE], cache_dir=tmp_path)
    x = paddle.to_tensor(_input())
    net(x).sum().backward()
    assert net.conv.weight.grad is not None
    assert "forward" not in vars(net)


def test_several_inputs_and_outputs(tmp_path: Path) -> None:
    layer = CompiledLayer(Two(), [(3, 2), (3, 2)], cache_dir=tmp_path)
    x, y = np.full((3, 2), 2, np.float32), np.full((3, 2), 5, np.float32)
    total, product = layer(x, y)
    assert (total == 7).all() and (product == 10).all()


def test_it_computes_the_same_after_it_has_let_go_of_its_buffers(tmp_path: Path) -> None:
    net = _net()
    layer = CompiledLayer(net, [SHAPE], cache_dir=tmp_path)
    first = layer(_input())[0].copy()
    assert layer.compiled and (layer(_input())[0] == first).all() and _error(layer, net) < 1e-5
    layer.let_go()
    assert (layer(_input())[0] == first).all()


def test_what_a_call_has_given_outlives_the_next_ones(tmp_path: Path) -> None:
    layer = CompiledLayer(Two(), [(3, 2), (3, 2)], cache_dir=tmp_path)
    one, two = np.ones((3, 2), np.float32), np.full((3, 2), 2, np.float32)
    total, product = layer(one, two)
    del product
    layer.let_go()
    again = layer(two, two)
    assert layer.compiled
    assert (total == 3).all() and (again[0] == 4).all() and (again[1] == 4).all()


def test_other_weights_or_shapes_are_another_graph(tmp_path: Path) -> None:
    CompiledLayer(_net(0), [SHAPE], cache_dir=tmp_path)
    other = _net(1)
    layer = CompiledLayer(other, [SHAPE], cache_dir=tmp_path)
    assert _error(layer, other) < 1e-5
    CompiledLayer(other, [(1, *SHAPE[1:])], cache_dir=tmp_path)
    assert _count(tmp_path) == 3


@pytest.mark.parametrize("name", ["graph.xml", "graph.bin", "manifest.json"])
@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_a_damaged_graph_is_made_again(tmp_path: Path, name: str, damage: str) -> None:
    net = _net()
    CompiledLayer(net, [SHAPE], cache_dir=tmp_path)
    (path,) = tmp_path.glob(f"*/{name}")
    if damage == "cut":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    else:
        path.unlink()
    layer = CompiledLayer(net, [SHAPE], cache_dir=tmp_path)
    assert layer.compiled and _error(layer, net) < 1e-5
    assert compiled._is_whole(path.parent)


def _build(cache: str) -> float:
    net = _net()
    return _error(CompiledLayer(net, [SHAPE], cache_dir=cache), net)


def test_two_processes_may_build_at_once(tmp_path: Path) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        errors = list(pool.map(_build, [str(tmp_path)] * 2))
    assert max(errors) < 1e-5
    assert _count(tmp_path) == 1 and not list(tmp_path.glob(".building-*"))


def test_a_wrong_model_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    right = compiled._run

    def wrong(model: Any, arrays: Any) -> list[np.ndarray]:
        return [out * np.float32(1.01) for out in right(model, arrays)]

    monkeypatch.setattr(compiled, "_run", wrong)
    net = _net()
    with caplog.at_level(logging.WARNING):
        layer = CompiledLayer(net, [SHAPE], cache_dir=tmp_path)
    assert not layer.compiled and "Net runs uncompiled" in caplog.text and "off by" in caplog.text
    assert _error(layer, net) == 0
    assert _count(tmp_path) == 0


def test_numbers_that_are_not_finite_are_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_run", lambda _, arrays: [np.full((2, 8, 24, 31), np.nan, np.float32)])
    assert not CompiledLayer(_net(), [SHAPE], cache_dir=tmp_path).compiled


def test_a_cache_that_cannot_be_written_only_costs_time(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    net = _net()
    layer = CompiledLayer(net, [SHAPE], cache_dir=blocked / "cache")
    assert layer.compiled and _error(layer, net) < 1e-5


def test_old_graphs_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "KEPT_GRAPHS", 2)
    for seed in range(3):
        CompiledLayer(_net(seed), [SHAPE], cache_dir=tmp_path)
    assert _count(tmp_path) == 2


def test_wrong_shapes_are_refused(tmp_path: Path) -> None:
    layer = CompiledLayer(_net(), [SHAPE], cache_dir=tmp_path)
    with pytest.raises(ValueError, match="compiled for"):
        layer(np.zeros((1, 4, 12, 16), np.float32))


def test_the_cache_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert compiled.default_cache() == tmp_path / "manet"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert compiled.default_cache() == Path.home() / ".cache" / "manet"
