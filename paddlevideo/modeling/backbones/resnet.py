"""ResNet encoder with the multi-grid last stage of DeepLabV3+ (output stride 16), named as torchvision names it."""

from __future__ import annotations

from collections.abc import Sequence

import paddle
from paddle import nn

from ...utils.errors import InputError
from ...utils.registry import ENCODERS
from ..layers import conv2d
from ..norm import BatchNorm2D, norm_relu
from .encoder import Encoder, Features, FileNames

BLOCKS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}


class Bottleneck(nn.Layer):
    """1x1, 3x3 (carries stride and dilation), 1x1 convolutions around a residual; expansion 4."""

    expansion = 4

    def __init__(self, inputs: int, planes: int, stride: int = 1, dilation: int = 1, project: bool = False) -> None:
        super().__init__()
        outputs = planes * self.expansion
        self.conv1 = conv2d(inputs, planes)
        self.bn1 = BatchNorm2D(planes)
        self.conv2 = conv2d(planes, planes, 3, stride, dilation)
        self.bn2 = BatchNorm2D(planes)
        self.conv3 = conv2d(planes, outputs)
        self.bn3 = BatchNorm2D(outputs)
        self.downsample = nn.Sequential(conv2d(inputs, outputs, 1, stride), BatchNorm2D(outputs)) if project else None

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        residual = x if self.downsample is None else self.downsample(x)
        out = norm_relu(self.bn1, self.conv1(x))
        out = norm_relu(self.bn2, self.conv2(out))
        return norm_relu(self.bn3, self.conv3(out), residual)


@ENCODERS.register
class ResNet(Encoder):
    """Residual network whose last stage is dilated instead of strided.

    Args:
        depth: 50, 101 or 152 (the reference is 101).
        multi_grid: dilation of each block of the last stage, times two.

    ``forward`` takes (B,3,H,W) and returns the features of strides 4, 8 and 16: 256, 512 and 2048 channels.
    """

    file_names = FileNames(marks=("conv1.weight", "layer1.0.conv1.weight"), classifier=("fc.",))

    def __init__(self, depth: int = 101, multi_grid: Sequence[int] = (1, 2, 4)) -> None:
        super().__init__()
        if depth not in BLOCKS:
            raise InputError(f"ResNet depth is one of {sorted(BLOCKS)}, not {depth}")
        blocks = BLOCKS[depth]
        self.channels = (256, 512, 2048)
        self.conv1 = conv2d(3, 64, 7, 2)
        self.bn1 = BatchNorm2D(64)
        self.maxpool = nn.MaxPool2D(3, 2, padding=1)
        self.layer1 = self._stage(64, 64, 1, [1] * blocks[0])
        self.layer2 = self._stage(256, 128, 2, [1] * blocks[1])
        self.layer3 = self._stage(512, 256, 2, [1] * blocks[2])
        self.layer4 = self._stage(1024, 512, 1, [2 * grid for grid in multi_grid])

    @staticmethod
    def _stage(inputs: int, planes: int, stride: int, dilations: Sequence[int]) -> nn.Sequential:
        first = Bottleneck(inputs, planes, stride, dilations[0], project=True)
        rest = [Bottleneck(planes * Bottleneck.expansion, planes, 1, dilation) for dilation in dilations[1:]]
        return nn.Sequential(first, *rest)

    def forward(self, images: paddle.Tensor) -> Features:
        x = self.maxpool(norm_relu(self.bn1, self.conv1(images)))
        stride4 = self.layer1(x)
        stride8 = self.layer2(stride4)
        return stride4, stride8, self.layer4(self.layer3(stride8))
