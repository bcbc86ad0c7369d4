"""Small layers that several parts share: exact resizes, convolution with norm and activation.

Shape legend of the package: B batch, O objects incl. background, C channels, H W image, h w embedding grid.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import paddle
from paddle import nn

from .norm import BatchNorm2D, follow, is_fast, norm_relu


@lru_cache(maxsize=64)
def bilinear_matrix(source: int, target: int) -> np.ndarray:
    """Return the (target, source) matrix of 1-D linear interpolation with aligned corners."""
    matrix = np.zeros((target, source), np.float32)
    scale = (source - 1) / (target - 1) if target > 1 else 0.0
    position = np.arange(target) * scale
    low = np.minimum(position.astype(np.int64), source - 1)
    high = np.minimum(low + 1, source - 1)
    weight = (position - low).astype(np.float32)
    rows = np.arange(target)
    np.add.at(matrix, (rows, low), 1 - weight)
    np.add.at(matrix, (rows, high), weight)
    return matrix


def resize_bilinear(x: paddle.Tensor, size: tuple[int, int]) -> paddle.Tensor:
    """Resize (..., h, w) to (..., H, W), bilinear with aligned corners, as two matrix products.

    Paddle's own ``interpolate(align_corners=True)`` raises or is wrong under oneDNN. Where a layer is traced to be
    compiled it stands for the products; x has four axes then. In training on a CPU compiled loops do it.
    """
    h, w = x.shape[-2:]
    if (h, w) == tuple(size):
        return x
    if not paddle.in_dynamic_mode():
        return nn.functional.interpolate(x, size, mode="bilinear", align_corners=True)
    if Conv2D.fast_training and paddle.is_grad_enabled() and not x.stop_gradient and _is_whole_on_cpu(x):
        from ..kernels.resize import BilinearResize  # numba is slow to import, training needs it

        return BilinearResize.apply(x, size)
    rows, columns = paddle.to_tensor(bilinear_matrix(h, size[0])), paddle.to_tensor(bilinear_matrix(w, size[1]))
    return paddle.matmul(rows, paddle.matmul(x, columns, transpose_y=True))


def resize_as(x: paddle.Tensor, like: paddle.Tensor) -> paddle.Tensor:
    """Resize x (B,C,h,w) to the size of ``like`` (..., H, W), which is open where a layer is exported for any."""
    if -1 not in like.shape[-2:]:
        return resize_bilinear(x, (like.shape[-2], like.shape[-1]))
    return nn.functional.interpolate(x, paddle.shape(like)[-2:], mode="bilinear", align_corners=True)


def _is_whole_on_cpu(x: paddle.Tensor) -> bool:
    return x.place.is_cpu_place() and x.dtype == paddle.float32


def resize_nearest(label: paddle.Tensor, size: tuple[int, int]) -> paddle.Tensor:
    """Resize an integer map (..., H, W) to ``size`` by the floor rule: row i reads row floor(i * H / h)."""
    height, width = label.shape[-2:]
    if (height, width) == tuple(size):
        return label
    rows = paddle.to_tensor(np.arange(size[0]) * height // size[0])
    columns = paddle.to_tensor(np.arange(size[1]) * width // size[1])
    return paddle.index_select(paddle.index_select(label, rows, axis=-2), columns, axis=-1)


def normal(fan: int) -> paddle.ParamAttr:
    """Weight attribute drawn from N(0, sqrt(2 / fan)) (He initialisation)."""
    return paddle.ParamAttr(initializer=nn.initializer.Normal(0.0, math.sqrt(2.0 / fan)))


class Conv2D(nn.Conv2D):
    """Convolution that trains faster on a CPU; anywhere else, and in inference, it is Paddle's own.

    Pointwise and stride-1 depthwise convolutions go through `kernels.convolution`, several times faster; dense ones
    through ``training_runner``, when the trainer has set it. Values and gradients agree to rounding.
    """

    training_runner: Callable[[paddle.Tensor], paddle.Tensor] | None = None
    fast_training = True  # of all convolutions and resizes; the benchmark turns it off

    def _cpu_training(self, x: paddle.Tensor) -> bool:
        return (
            self.fast_training
            and self.training
            and paddle.in_dynamic_mode()
            and not (paddle.is_grad_enabled() and x.stop_gradient and self.weight.stop_gradient)
            and x.place.is_cpu_place()
        )

    @property
    def _is_depthwise(self) -> bool:
        """Whether it is a depthwise convolution that keeps the size, of a kernel that there are loops for."""
        groups, k = self._groups, self.weight.shape[2]
        return (
            groups == self._in_channels == self._out_channels
            and list(self.weight.shape[1:]) == [1, k, k]
            and k in (3, 5, 7, 9)
            and tuple(self._stride) == (1, 1)
            and self._dilation[0] == self._dilation[1]
            and list(self._updated_padding) == [self._dilation[0] * (k - 1) // 2] * 2
        )

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        if not self._cpu_training(x):
            return super().forward(x)
        if self.training_runner is not None:
            return self.training_runner(x)
        from ..kernels.convolution import (  # numba is slow to import, training needs it
            DepthwiseCorrelation,
            PointwiseCorrelation,
        )

        rows, columns = self._stride
        strided = (rows, columns) != (1, 1)
        if self.weight.shape[2] == 1 and self._groups == 1:
            seen = x[:, :, ::rows, ::columns] if strided else x
            return PointwiseCorrelation.apply(seen, self.weight, self.bias)
        if self._is_depthwise:
            return DepthwiseCorrelation.apply(x, self.weight, self.bias, self._dilation[0])
        return super().forward(x)


def conv2d(
    inputs: int,
    outputs: int,
    kernel: int = 1,
    stride: int = 1,
    dilation: int = 1,
    groups: int = 1,
    bias: bool = False,
    padding: int | str | None = None,
) -> Conv2D:
    """Convolution with He (fan-out) weights; ``padding=None`` keeps the size at stride 1."""
    return Conv2D(
        inputs,
        outputs,
        kernel,
        stride,
        padding=dilation * (kernel - 1) // 2 if padding is None else padding,
        dilation=dilation,
        groups=groups,
        weight_attr=normal(kernel * kernel * outputs // groups),
        bias_attr=None if bias else False,
    )


def separable(depthwise: Conv2D, norm: nn.BatchNorm2D, pointwise: Conv2D, x: paddle.Tensor) -> paddle.Tensor:
    """Return pointwise(relu(norm(depthwise(x)))), x (B,C,H,W): on a CPU in training as one operation."""
    fused = (
        depthwise._cpu_training(x)
        and depthwise._is_depthwise
        and pointwise.training
        and is_fast(norm, x)
        and not norm._use_global_stats
    )
    if not fused:
        return pointwise(norm_relu(norm, depthwise(x)))
    from ..kernels.separable import SeparableConvolution  # numba is slow to import, training needs it

    weights = depthwise.weight, depthwise.bias, norm.weight, norm.bias, pointwise.weight, pointwise.bias
    of_batch: list[np.ndarray] = []
    out = SeparableConvolution.apply(x, *weights, depthwise._dilation[0], norm._epsilon, of_batch)
    follow(norm, of_batch)
    return out


class SeparableConv2D(nn.Sequential):
    """Depthwise convolution, norm, ReLU, then a pointwise convolution."""

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return separable(self[0], self[1], self[3], x)


def separable_conv2d(inputs: int, outputs: int, kernel: int = 3, dilation: int = 1) -> SeparableConv2D:
    return SeparableConv2D(
        conv2d(inputs, inputs, kernel, dilation=dilation, groups=inputs),
        BatchNorm2D(inputs),
        nn.ReLU(),
        conv2d(inputs, outputs),
    )
