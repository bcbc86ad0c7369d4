"""Pixel embedding: what global and local matching compare (paper section 3.1)."""

from __future__ import annotations

import math

import paddle
from paddle import nn

from ...utils.registry import HEADS
from ..layers import conv2d
from ..norm import BatchNorm2D


@HEADS.register
class PixelEmbedding(nn.Layer):
    """Backbone features (B,in_channels,h,w) to pixel embeddings (B,channels,h,w).

    Args:
        in_channels: channels of the backbone's output.
        channels: length of a pixel's embedding.
        linear: a pointwise projection alone; else the reference's depthwise 3x3 and pointwise convolutions, each with
            norm and ReLU.
        learned_scale: multiply by a learned number, the temperature of every later distance.
        norm_momentum: Paddle's meaning, the share of the old statistics that is kept.
    """

    _built = ("in_channels",)

    def __init__(
        self,
        in_channels: int,
        channels: int = 100,
        linear: bool = False,
        learned_scale: bool = False,
        norm_momentum: float = 0.9997,
    ) -> None:
        super().__init__()
        self.channels = channels
        layers: list[nn.Layer] = [conv2d(in_channels, channels, bias=True)]
        if not linear:
            layers = [
                conv2d(in_channels, in_channels, 3, groups=in_channels, bias=True),
                BatchNorm2D(in_channels, momentum=norm_momentum),
                nn.ReLU(),
                *layers,
                BatchNorm2D(channels, momentum=norm_momentum),
                nn.ReLU(),
            ]
        self.layers = nn.Sequential(*layers)
        self.log_scale = None
        if learned_scale:
            # Starts where two random embeddings are a squared distance of about two apart.
            start = nn.initializer.Constant(-0.5 * math.log(channels))
            self.log_scale = self.create_parameter([1], default_initializer=start)

    def forward(self, features: paddle.Tensor) -> paddle.Tensor:
        embedding = self.layers(features)
        return embedding if self.log_scale is None else embedding * paddle.exp(self.log_scale)
