"""Heads: what a context adds, and that it compiles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle
import pytest

from paddlevideo.kernels.compiled import CompiledLayer
from paddlevideo.modeling import SeparableHead


def _head(context: int, active: bool = True, deep: int = 0) -> SeparableHead:
    paddle.seed(1)
    head = SeparableHead(5, channels=8, blocks=2, kernel_size=3, context=context, deep=deep)
    if active:
        last = [head.context.conv, *(block.conv3 for block in head.context.deep)]
        for conv in last:
            conv.weight.set_value(paddle.randn(conv.weight.shape) * 0.3)
    head.eval()
    return head


def _reach(head: SeparableHead) -> int:
    """Cells between a pixel and the farthest that its answer depends on."""
    x = paddle.randn([1, 5, 1, 61])
    x.stop_gradient = False
    head(x)[0, 0, 0, 30].backward()
    seen = np.flatnonzero(x.grad.abs().sum(axis=[0, 1, 2]).numpy())
    return int(max(30 - seen.min(), seen.max() - 30))


def test_a_context_adds_nothing_at_first_and_then_sees_farther():
    x = paddle.randn([2, 5, 9, 14])
    plain, idle, wide = _head(0, active=False), _head(2, active=False), _head(2)
    plain.set_state_dict({name: value for name, value in idle.state_dict().items() if "context" not in name})
    assert float((plain(x) - idle(x)).abs().max()) < 1e-6
    assert _reach(plain) == 2 and _reach(wide) >= 8


def test_residual_blocks_add_nothing_at_first_and_then_see_farther_still():
    x = paddle.randn([2, 5, 9, 14])
    context, idle, deep = _head(2), _head(2, active=False, deep=2), _head(2, deep=2)
    idle.set_state_dict(idle.state_dict() | context.state_dict())
    assert float((context(x) - idle(x)).abs().max()) < 1e-6
    assert _reach(deep) >= _reach(context) + 4


@pytest.mark.parametrize(("size", "deep"), [((12, 16), 0), ((13, 19), 0), ((13, 19), 2)])
def test_a_head_with_context_compiles_to_the_same_numbers(size: tuple[int, int], deep: int, tmp_path: Path):
    head = _head(2, deep=deep)
    x = np.random.default_rng(0).standard_normal((2, 5, *size)).astype(np.float32)
    layer = CompiledLayer(head, [x.shape], cache_dir=tmp_path)
    wanted = head(paddle.to_tensor(x)).numpy()
    assert layer.compiled
    assert np.abs(layer(x)[0] - wanted).max() <= 1e-4 * np.abs(wanted).max()
