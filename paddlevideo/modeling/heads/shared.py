"""A head for several objects of one frame: what it makes of the embedding alone is made once."""

from __future__ import annotations

import paddle
from paddle import nn

from ..layers import conv2d
from ..norm import BatchNorm2D, norm_relu
from .separable import SeparableBlock, SeparableHead


def shared_head(head: nn.Layer, channels: int, objects: int) -> nn.Layer:
    """Return ``head`` in eval mode for an embedding (1,channels,h,w) that all objects share and planes (objects,P,h,w).

    Its output is (objects,1,h,w). Later changes of the head's weights may not reach it.
    """
    if objects > 1 and isinstance(head, SeparableHead):
        return SharedHead(head, channels)
    return JoinedHead(head, objects)


class JoinedHead(nn.Layer):
    """Any head: the embedding is repeated for each object."""

    def __init__(self, head: nn.Layer, objects: int) -> None:
        super().__init__()
        self.head = head
        self.objects = objects

    def forward(self, embedding: paddle.Tensor, planes: paddle.Tensor) -> paddle.Tensor:
        shared = paddle.expand(embedding, [self.objects, *embedding.shape[1:]])
        return self.head(paddle.concat([shared, planes], axis=1))


class SharedHead(nn.Layer):
    """A `SeparableHead` whose first block takes the embedding and the planes apart.

    A depthwise convolution keeps channels apart and a pointwise one sums over them, so the sum of the two parts is what
    the block computes of both joined, to rounding.
    """

    def __init__(self, head: SeparableHead, channels: int) -> None:
        super().__init__()
        first: SeparableBlock = head.layer1
        self.embedding_part = _part(first, slice(0, channels), bias=True)
        self.planes_part = _part(first, slice(channels, head.in_channels), bias=False)
        self.head = head
        self.eval()

    def forward(self, embedding: paddle.Tensor, planes: paddle.Tensor) -> paddle.Tensor:
        joined = self.planes_part(planes) + self.embedding_part(embedding)
        return self.head.after_first(norm_relu(self.head.layer1.bn2, joined))


@paddle.no_grad()
def _part(block: SeparableBlock, channels: slice, bias: bool) -> nn.Sequential:
    """Return what ``block`` does with some of its input channels, up to the norm of its pointwise convolution."""
    width = channels.stop - channels.start
    outputs, _, _, _ = block.conv2.weight.shape
    depthwise = conv2d(width, width, block.conv1.weight.shape[2], groups=width, bias=True)
    norm = BatchNorm2D(width, epsilon=block.bn1._epsilon)
    pointwise = conv2d(width, outputs, bias=bias)
    for name, value in depthwise.state_dict().items():
        value.set_value(block.conv1.state_dict()[name][channels])
    for name, value in norm.state_dict().items():
        value.set_value(block.bn1.state_dict()[name][channels])
    pointwise.weight.set_value(block.conv2.weight[:, channels])
    if bias:
        pointwise.bias.set_value(block.conv2.bias)
    return nn.Sequential(depthwise, norm, nn.ReLU(), pointwise)
