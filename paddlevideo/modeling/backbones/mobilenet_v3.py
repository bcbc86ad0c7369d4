"""MobileNetV3 encoder at output stride 16: inverted residuals with squeeze-excite and hard-swish (arXiv 1905.02244)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import paddle
from paddle import nn
from paddle.nn import functional as F

from ...utils.registry import ENCODERS
from ..layers import Conv2D, conv2d
from ..norm import BatchNorm2D, norm_relu
from .blocks import BlockEncoder, round_channels

STEM = 16  # channels
NORM = {"epsilon": 1e-3, "momentum": 0.99}
DEEPEST = 16  # stride, from where on blocks are dilated


@dataclass(frozen=True)
class BlockShape:
    """A line of the paper's tables 1 and 2: ``hidden`` is the expanded width, ``swish`` hard-swish in place of ReLU."""

    kernel: int
    hidden: int
    outputs: int
    squeeze: bool
    swish: bool
    stride: int


VARIANTS = {
    "large": (
        BlockShape(3, 16, 16, False, False, 1),
        BlockShape(3, 64, 24, False, False, 2),
        BlockShape(3, 72, 24, False, False, 1),
        BlockShape(5, 72, 40, True, False, 2),
        BlockShape(5, 120, 40, True, False, 1),
        BlockShape(5, 120, 40, True, False, 1),
        BlockShape(3, 240, 80, False, True, 2),
        BlockShape(3, 200, 80, False, True, 1),
        BlockShape(3, 184, 80, False, True, 1),
        BlockShape(3, 184, 80, False, True, 1),
        BlockShape(3, 480, 112, True, True, 1),
        BlockShape(3, 672, 112, True, True, 1),
        BlockShape(5, 672, 160, True, True, 2),
        BlockShape(5, 960, 160, True, True, 1),
        BlockShape(5, 960, 160, True, True, 1),
    ),
    "small": (
        BlockShape(3, 16, 16, True, False, 2),
        BlockShape(3, 72, 24, False, False, 2),
        BlockShape(3, 88, 24, False, False, 1),
        BlockShape(5, 96, 40, True, True, 2),
        BlockShape(5, 240, 40, True, True, 1),
        BlockShape(5, 240, 40, True, True, 1),
        BlockShape(5, 120, 48, True, True, 1),
        BlockShape(5, 144, 48, True, True, 1),
        BlockShape(5, 288, 96, True, True, 2),
        BlockShape(5, 576, 96, True, True, 1),
        BlockShape(5, 576, 96, True, True, 1),
    ),
}


class ConvNorm(nn.Layer):
    """Convolution and batch norm, then hard-swish, ReLU or nothing."""

    def __init__(self, conv: Conv2D, activation: Literal["swish", "relu", "none"] = "none") -> None:
        super().__init__()
        self.conv = conv
        self.norm = BatchNorm2D(conv.weight.shape[0], **NORM)
        self.activation = activation

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        x = self.conv(x)
        if self.activation == "relu":
            return norm_relu(self.norm, x)
        x = self.norm(x)
        return F.hardswish(x) if self.activation == "swish" else x


class SqueezeExcite(nn.Layer):
    """Weigh the channels of (B,C,h,w) by what their means over the map say (section 5.3)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        squeezed = round_channels(channels / 4)
        self.squeeze = conv2d(channels, squeezed, bias=True)
        self.excite = conv2d(squeezed, channels, bias=True)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        means = F.adaptive_avg_pool2d(x, 1)
        return x * F.hardsigmoid(self.excite(F.relu(self.squeeze(means))))


class InvertedResidual(nn.Layer):
    """Expand (where there is more to expand to), depthwise, squeeze-excite, project; a residual where shapes agree."""

    def __init__(self, inputs: int, shape: BlockShape, stride: int, dilation: int) -> None:
        super().__init__()
        hidden, outputs = shape.hidden, shape.outputs
        activation: Literal["swish", "relu"] = "swish" if shape.swish else "relu"
        self.expand = ConvNorm(conv2d(inputs, hidden), activation) if hidden != inputs else nn.Identity()
        self.depthwise = ConvNorm(conv2d(hidden, hidden, shape.kernel, stride, dilation, hidden), activation)
        self.excite = SqueezeExcite(hidden) if shape.squeeze else nn.Identity()
        self.project = ConvNorm(conv2d(hidden, outputs))
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        out = self.project(self.excite(self.depthwise(self.expand(x))))
        return x + out if self.residual else out


@ENCODERS.register
class MobileNetV3(BlockEncoder):
    """MobileNetV3 with the last stage dilated instead of strided, without the convolution before its classifier.

    Args:
        variant: ``large`` or ``small``.
        frozen_blocks: the stem and this many first blocks get no gradient.

    ``forward`` takes (B,3,H,W) and returns features of strides 4, 8 and 16: 24, 40 and 160 channels, or 16, 24 and 96.
    """

    def __init__(self, variant: Literal["large", "small"] = "large", frozen_blocks: int = 0) -> None:
        blocks: list[nn.Layer] = []
        last: dict[int, int] = {}  # block of each stride
        inputs, reached, dilation = STEM, 2, 1
        for shape in VARIANTS[variant]:
            stride = shape.stride
            if stride == 2 and reached == DEEPEST:
                stride, dilation = 1, 2
            reached *= stride
            last[reached] = len(blocks)
            blocks.append(InvertedResidual(inputs, shape, stride, dilation))
            inputs = shape.outputs
        first, second, third = (VARIANTS[variant][last[each]].outputs for each in self.strides)
        stem = ConvNorm(conv2d(3, STEM, 3, 2), "swish")
        super().__init__(stem, blocks, (last[4], last[8]), (first, second, third), frozen_blocks)
