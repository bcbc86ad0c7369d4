"""Borders at every second pixel, from a head's logits, the embedding and the picture."""

from __future__ import annotations

import paddle
from paddle import nn

from ...utils.registry import DECODERS
from ..layers import conv2d, resize_as
from ..norm import BatchNorm2D, norm_relu
from .separable import SeparableBlock

NEAR, FAR = 1.0, 8.0  # logits beyond are as sure as these: close to a border, and at large


@DECODERS.register
class BorderDecoder(nn.Layer):
    """Adds to logits, brought to half the picture's resolution, what the picture shows there. At first that is nothing.

    Args:
        in_channels: the embedding's.
        channels: width of all layers.
        blocks: separable blocks at half the resolution.
        kernel_size: of their depthwise convolutions.
        norm_momentum: Paddle's meaning, the share of the old statistics that is kept.
    """

    _built = ("in_channels",)

    def __init__(
        self, in_channels: int, channels: int = 32, blocks: int = 2, kernel_size: int = 5, norm_momentum: float = 0.9
    ) -> None:
        super().__init__()
        self.picture = conv2d(3, channels, 3, stride=2, padding=1)
        self.bn1 = BatchNorm2D(channels, momentum=norm_momentum)
        self.embedding = conv2d(in_channels, channels)
        self.planes = conv2d(2, channels)
        self.bn2 = BatchNorm2D(channels, momentum=norm_momentum)
        self.coarse = SeparableBlock(channels, channels, kernel_size, norm_momentum, centred=True)
        self.blocks = nn.LayerList(
            [SeparableBlock(channels, channels, kernel_size, norm_momentum, centred=True) for _ in range(blocks)]
        )
        self.conv = conv2d(channels, 1, bias=True)
        self.conv.weight.set_value(paddle.zeros_like(self.conv.weight))

    def forward(
        self,
        images: paddle.Tensor,
        embedding: paddle.Tensor,
        logits: paddle.Tensor,
        clips: paddle.Tensor | None = None,
    ) -> paddle.Tensor:
        """Return finer logits (O,1,ceil(H/2),ceil(W/2)) of objects against the background.

        Args:
            images: (B,3,H,W).
            embedding: of these (B,C,h,w).
            logits: of objects (O,1,h,w).
            clips: for each object the index of its image (O,); None where there is one image.
        """
        fine = norm_relu(self.bn1, self.picture(images))
        shared = self.embedding(embedding)
        if clips is not None:
            fine, shared = fine[clips], shared[clips]
        planes = paddle.concat([logits.clip(-NEAR, NEAR), logits.clip(-FAR, FAR)], axis=1)
        x = self.coarse(norm_relu(self.bn2, self.planes(planes) + shared))
        x = resize_as(x, fine) + fine
        for block in self.blocks:
            x = block(x)
        return resize_as(logits, fine) + self.conv(x)
