"""DeepLab's pyramid with a decoder of lateral sums (as in feature pyramid networks, arXiv 1612.03144), for CPUs.

Every scale of the encoder enters through one linear projection, and the projections are added on the way up. So the
first step of training already has the encoder's ImageNet features in its pixel embedding, undisturbed by random
spatial filters; a short training starts from matching that works.
"""

from __future__ import annotations

from collections.abc import Sequence

import paddle
from paddle import nn

from ...utils.registry import BACKBONES
from ..layers import conv2d, resize_as, separable_conv2d
from ..norm import BatchNorm2D
from .deeplab import ASPP
from .encoder import Encoder

FINE_WEIGHT = 0.3  # stride 4 shows texture rather than objects: it starts with a smaller weight than the others


@BACKBONES.register
class LateralDeepLab(nn.Layer):
    """Depthwise pyramid, then sums of projected features: (B,3,H,W) to (B,channels,h,w) at stride 4.

    Args:
        encoder: the network that it takes its features from.
        channels: width of the pyramid and of the output.
        atrous_rates: dilation of the pyramid's 3x3 branches (a 1x1 branch and image pooling come on top).
        dropout: after the pyramid, in training.
    """

    _built = ("encoder",)

    def __init__(
        self, encoder: Encoder, channels: int = 96, atrous_rates: Sequence[int] = (3, 6, 9), dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.channels = channels
        stride4, stride8, stride16 = encoder.channels
        self.aspp = ASPP(stride16, channels, atrous_rates, True, dropout)
        self.lateral16 = _projection(channels, channels, 1.0)
        self.lateral8 = _projection(stride8, channels, 1.0)
        self.lateral4 = _projection(stride4, channels, FINE_WEIGHT)
        # Its last norm starts at zero: a refinement that begins as nothing.
        self.refine = nn.Sequential(nn.ReLU(), separable_conv2d(channels, channels), _norm(channels, 0.0))

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        stride4, stride8, stride16 = self.encoder(images)
        x = self.lateral16(self.aspp(stride16))
        x = resize_as(x, stride8) + self.lateral8(stride8)
        x = resize_as(x, stride4) + self.lateral4(stride4)
        return x + self.refine(x)


def _projection(inputs: int, outputs: int, weight: float) -> nn.Sequential:
    return nn.Sequential(conv2d(inputs, outputs), _norm(outputs, weight))


def _norm(channels: int, weight: float) -> BatchNorm2D:
    start = paddle.ParamAttr(initializer=nn.initializer.Constant(weight))
    return BatchNorm2D(channels, weight_attr=start)
