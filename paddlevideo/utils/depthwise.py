"""Depthwise convolutions that oneDNN runs fast in bfloat16.

Its fast kernel takes no float32 bias there, and Paddle makes one of the norm that follows; the kernel in its place
takes more than twice as long, longer than in float32. So the norm's factor goes into the convolution here, and its
shift into an addition that Paddle does not take for a bias.
"""

from __future__ import annotations

import copy

import paddle
from paddle import nn


class Shift(nn.Layer):
    """Adds a number a channel to (B,C,H,W)."""

    def __init__(self, shift: paddle.Tensor) -> None:
        super().__init__()
        self.shift = self.create_parameter([1, shift.shape[0], 1, 1])
        self.shift.set_value(shift.reshape([1, -1, 1, 1]))

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return self.shift + x  # in this order: a shift that comes second is fused into the convolution


@paddle.no_grad()
def part_norms(layer: nn.Layer) -> nn.Layer:
    """Return a copy of ``layer``, in eval mode, whose norms after depthwise convolutions are a factor and a `Shift`.

    A norm counts as coming after a convolution when their parent names the two one right after the other.
    """
    layer = copy.deepcopy(layer)
    layer.eval()
    for parent in layer.sublayers(include_self=True):
        children = list(parent.named_children())
        for (_, conv), (name, norm) in zip(children, children[1:], strict=False):
            if _is_depthwise(conv) and isinstance(norm, nn.BatchNorm2D):
                setattr(parent, name, _part(conv, norm))
    return layer


def _part(conv: nn.Conv2D, norm: nn.BatchNorm2D) -> Shift:
    factor = norm.weight / paddle.sqrt(norm._variance + norm._epsilon)
    shift = norm.bias - norm._mean * factor
    if conv.bias is not None:
        shift = shift + conv.bias * factor
        conv.bias = None
    conv.weight.set_value(conv.weight * factor.reshape([-1, 1, 1, 1]))
    return Shift(shift)


def _is_depthwise(layer: nn.Layer) -> bool:
    return isinstance(layer, nn.Conv2D) and layer._groups == layer._in_channels == layer._out_channels > 1
