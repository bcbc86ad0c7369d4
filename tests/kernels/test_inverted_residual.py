"""An encoder's block in training on a CPU has the values and gradients of its parts."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddlevideo.modeling.backbones.efficientnet_lite import BlockShape, InvertedResidual
from paddlevideo.modeling.layers import Conv2D
from paddlevideo.modeling.norm import BatchNorm2D

SIDE = st.integers(1, 17)


def _block(shape: BlockShape) -> InvertedResidual:
    block = InvertedResidual(shape)
    rng = np.random.default_rng(0)
    for part in (block.expand, block.depthwise, block.project):
        norm, size = part.norm, part.norm._mean.shape
        norm._mean.set_value(rng.normal(0, 0.5, size).astype("float32"))
        norm._variance.set_value(rng.uniform(0.2, 2, size).astype("float32"))
        norm.weight.set_value(rng.uniform(0.5, 4, size).astype("float32"))  # some exceed the limit of 6
        norm.bias.set_value(rng.normal(0, 1, size).astype("float32"))
    return block


def _run(block: InvertedResidual, x: np.ndarray, fast: bool, wanted: bool = True) -> list[np.ndarray]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Conv2D, "fast_training", fast)
        patch.setattr(BatchNorm2D, "fast_training", fast)
        image = paddle.to_tensor(x, stop_gradient=not wanted)
        assert block._is_fused(image) == fast
        out = block(image * 1.0)
        slopes = np.random.default_rng(2).standard_normal(out.shape).astype("float32")
        (out * paddle.to_tensor(slopes)).sum().backward()
    found = [
        out.numpy(),
        *([image.grad.numpy()] if wanted else []),
        *[p.grad.numpy() for p in block.parameters() if not p.stop_gradient],
    ]
    block.clear_gradients()
    return found


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4), SIDE, SIDE, st.sampled_from([3, 5]), st.integers(1, 2))
def test_a_block_is_its_parts(
    batch: int, inputs: int, outputs: int, height: int, width: int, kernel: int, dilation: int
) -> None:
    block = _block(BlockShape(inputs, 3 * inputs, outputs, kernel, 1, dilation))
    x = np.random.default_rng(1).standard_normal((batch, inputs, height, width)).astype("float32")
    for got, wanted in zip(_run(block, x, True), _run(block, x, False), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=2e-4, atol=2e-4 * max(np.abs(wanted).max(), 0.1))


def test_images_without_gradient_give_the_weights_theirs() -> None:
    block = _block(BlockShape(4, 12, 6, 5, 1, 2))
    x = np.random.default_rng(1).standard_normal((2, 4, 9, 7)).astype("float32")
    for got, wanted in zip(_run(block, x, True, wanted=False), _run(block, x, False, wanted=False), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=2e-4, atol=2e-4 * np.abs(wanted).max())


def test_other_blocks_run_as_their_parts() -> None:
    x = paddle.randn([1, 4, 8, 8])
    assert _block(BlockShape(4, 12, 4, 3, 1, 1))._is_fused(x)
    assert not _block(BlockShape(4, 4 * 3, 4, 3, 2, 1))._is_fused(x)  # with a stride
    evaluated = _block(BlockShape(4, 12, 4, 3, 1, 1))
    evaluated.eval()
    assert not evaluated._is_fused(x)


def test_what_is_no_number_stays_so() -> None:
    x = np.ones((2, 4, 9, 9), "float32")
    x[1, 2, 4, 4] = np.nan
    out = _block(BlockShape(4, 12, 4, 3, 1, 1))(paddle.to_tensor(x)).numpy()
    assert np.isfinite(out[0]).all() and np.isnan(out[1, :, 3:6, 3:6]).all()
