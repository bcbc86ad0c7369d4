"""DeepLabV3+ over any encoder: atrous spatial pyramid pooling and a decoder back to stride 4 (arXiv 1802.02611)."""

from __future__ import annotations

from collections.abc import Sequence

import paddle
from paddle import nn

from ...utils.errors import InputError
from ...utils.registry import BACKBONES
from ..layers import conv2d, resize_bilinear, separable_conv2d


class AtrousBranch(nn.Layer):
    """One convolution of the pyramid with its norm and ReLU."""

    def __init__(self, inputs: int, outputs: int, rate: int, separable: bool) -> None:
        super().__init__()
        if rate == 1:
            self.atrous_conv: nn.Layer = conv2d(inputs, outputs)
        elif separable:
            self.atrous_conv = separable_conv2d(inputs, outputs, 3, rate)
        else:
            self.atrous_conv = conv2d(inputs, outputs, 3, dilation=rate)
        self.bn = nn.BatchNorm2D(outputs)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return nn.functional.relu(self.bn(self.atrous_conv(x)))


class ASPP(nn.Layer):
    """Atrous spatial pyramid pooling: a 1x1 branch, 3x3 branches and image pooling, joined by a 1x1 convolution."""

    def __init__(self, inputs: int, outputs: int, rates: Sequence[int], separable: bool, dropout: float) -> None:
        super().__init__()
        self.rates = (1, *rates)
        for index, rate in enumerate(self.rates, 1):
            setattr(self, f"aspp{index}", AtrousBranch(inputs, outputs, rate, separable))
        self.global_avg_pool = nn.Sequential(
            nn.AdaptiveAvgPool2D(1), conv2d(inputs, outputs), nn.BatchNorm2D(outputs), nn.ReLU()
        )
        self.conv1 = conv2d(outputs * (len(self.rates) + 1), outputs)
        self.bn1 = nn.BatchNorm2D(outputs)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        branches = [getattr(self, f"aspp{index}")(x) for index in range(1, len(self.rates) + 1)]
        pooled = self.global_avg_pool(x)
        pooled = pooled.expand([pooled.shape[0], pooled.shape[1], x.shape[2], x.shape[3]])
        joined = self.conv1(paddle.concat([*branches, pooled], axis=1))
        return self.dropout(nn.functional.relu(self.bn1(joined)))


class Decoder(nn.Layer):
    """Bring features to the size of a finer map and fuse the two: concat, two convolutions of 3x3."""

    def __init__(self, inputs: int, fine: int, skip: int, outputs: int, separable: bool) -> None:
        super().__init__()
        conv = separable_conv2d if separable else conv2d
        self.conv1 = conv2d(fine, skip)
        self.bn1 = nn.BatchNorm2D(skip)
        # Identity holds the places of the reference's two empty dropouts, so that the numbers in the names agree.
        self.last_conv = nn.Sequential(
            conv(inputs + skip, outputs, 3),
            nn.BatchNorm2D(outputs),
            nn.ReLU(),
            nn.Identity(),
            conv(outputs, outputs, 3),
            nn.BatchNorm2D(outputs),
            nn.ReLU(),
        )

    def forward(self, x: paddle.Tensor, fine: paddle.Tensor) -> paddle.Tensor:
        skip = nn.functional.relu(self.bn1(self.conv1(fine)))
        x = resize_bilinear(x, (fine.shape[2], fine.shape[3]))
        return self.last_conv(paddle.concat([x, skip], axis=1))


@BACKBONES.register
class DeepLab(nn.Layer):
    """DeepLabV3+ without its classifier: (B,3,H,W) to (B,C,h,w) at stride 4.

    Args:
        encoder: layer that returns features of strides 4, 8 and 16 and lists their ``channels``.
        aspp_channels: width of every branch of the pyramid.
        atrous_rates: dilation of its 3x3 branches (the 1x1 branch and image pooling come on top).
        skip_channels: width of the finer features fused on the way up: one number for stride 4 alone (the
            reference), two for strides 8 and 4.
        decoder_channels: width of the output.
        separable: depthwise-separable 3x3 convolutions (for CPUs) instead of dense ones.
        dropout: after the pyramid, in training.
    """

    _built = ("encoder",)

    def __init__(
        self,
        encoder: nn.Layer,
        aspp_channels: int = 256,
        atrous_rates: Sequence[int] = (6, 12, 18),
        skip_channels: Sequence[int] = (48,),
        decoder_channels: int = 256,
        separable: bool = False,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        if len(skip_channels) not in (1, 2):
            raise InputError(f"skip_channels has one or two numbers, not {len(skip_channels)}")
        self.encoder = encoder
        stride4, stride8, stride16 = encoder.channels
        self.aspp = ASPP(stride16, aspp_channels, atrous_rates, separable, dropout)
        inputs = aspp_channels
        self.middle = None
        if len(skip_channels) == 2:
            self.middle = Decoder(inputs, stride8, skip_channels[0], decoder_channels, separable)
            inputs = decoder_channels
        self.decoder = Decoder(inputs, stride4, skip_channels[-1], decoder_channels, separable)
        self.channels = decoder_channels

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        stride4, stride8, x = self.encoder(images)
        x = self.aspp(x)
        if self.middle is not None:
            x = self.middle(x, stride8)
        return self.decoder(x, stride4)
