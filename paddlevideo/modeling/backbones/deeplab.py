"""DeepLabV3+ over any encoder: atrous spatial pyramid pooling and a decoder back to stride 4 (arXiv 1802.02611)."""

from __future__ import annotations

from collections.abc import Sequence

import paddle
from paddle import nn

from ...utils.registry import BACKBONES
from ..layers import conv2d, resize_as, separable_conv2d
from ..norm import BatchNorm2D, norm_relu
from .encoder import Encoder


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
        self.bn = BatchNorm2D(outputs)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return norm_relu(self.bn, self.atrous_conv(x))


class ASPP(nn.Layer):
    """Atrous spatial pyramid pooling: a 1x1 branch, 3x3 branches and image pooling, joined by a 1x1 convolution."""

    def __init__(self, inputs: int, outputs: int, rates: Sequence[int], separable: bool, dropout: float) -> None:
        super().__init__()
        self.rates = (1, *rates)
        for index, rate in enumerate(self.rates, 1):
            setattr(self, f"aspp{index}", AtrousBranch(inputs, outputs, rate, separable))
        self.global_avg_pool = nn.Sequential(
            nn.AdaptiveAvgPool2D(1), conv2d(inputs, outputs), BatchNorm2D(outputs), nn.ReLU()
        )
        self.conv1 = conv2d(outputs * (len(self.rates) + 1), outputs)
        self.bn1 = BatchNorm2D(outputs)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        branches = [getattr(self, f"aspp{index}")(x) for index in range(1, len(self.rates) + 1)]
        pooled = self.global_avg_pool(x)
        if -1 in x.shape:  # exported for any size
            pooled = resize_as(pooled, x)
        else:
            pooled = pooled.expand([pooled.shape[0], pooled.shape[1], x.shape[2], x.shape[3]])
        joined = self.conv1(paddle.concat([*branches, pooled], axis=1))
        return self.dropout(norm_relu(self.bn1, joined))


class Decoder(nn.Layer):
    """Bring features to the size of a finer map and fuse the two: concat, two convolutions of 3x3."""

    def __init__(self, inputs: int, fine: int, skip: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = conv2d(fine, skip)
        self.bn1 = BatchNorm2D(skip)
        # Identity holds the places of the reference's two empty dropouts, so that the numbers in the names agree.
        self.last_conv = nn.Sequential(
            conv2d(inputs + skip, outputs, 3),
            BatchNorm2D(outputs),
            nn.ReLU(),
            nn.Identity(),
            conv2d(outputs, outputs, 3),
            BatchNorm2D(outputs),
            nn.ReLU(),
        )

    def forward(self, x: paddle.Tensor, fine: paddle.Tensor) -> paddle.Tensor:
        skip = norm_relu(self.bn1, self.conv1(fine))
        x = resize_as(x, fine)
        return self.last_conv(paddle.concat([x, skip], axis=1))


@BACKBONES.register
class DeepLab(nn.Layer):
    """DeepLabV3+ without its classifier: (B,3,H,W) to (B,C,h,w) at stride 4.

    Args:
        encoder: the network that it takes its features from.
        aspp_channels: width of every branch of the pyramid.
        atrous_rates: dilation of its 3x3 branches (the 1x1 branch and image pooling come on top).
        skip_channels: width of the stride-4 features that the decoder fuses.
        decoder_channels: width of the output.
        dropout: after the pyramid, in training.
    """

    _built = ("encoder",)

    def __init__(
        self,
        encoder: Encoder,
        aspp_channels: int = 256,
        atrous_rates: Sequence[int] = (6, 12, 18),
        skip_channels: int = 48,
        decoder_channels: int = 256,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.channels = decoder_channels
        stride4, _, stride16 = encoder.channels
        self.aspp = ASPP(stride16, aspp_channels, atrous_rates, False, dropout)
        self.decoder = Decoder(aspp_channels, stride4, skip_channels, decoder_channels)

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        stride4, _, stride16 = self.encoder(images)
        return self.decoder(self.aspp(stride16), stride4)
