"""DeepLabV3+'s decoder for inference in float32: it convolves before it enlarges.

The first convolution of the decoder sees the pyramid, resized to sixteen times as many positions. Both are linear, so
the products with the nine taps are made of what is not resized yet, and the resize, moved by a pixel for each tap, goes
over their results: a sixth of the work, the same numbers to rounding.
"""

from __future__ import annotations

import numpy as np
import paddle
from paddle import nn

from ..layers import bilinear_matrix, conv2d
from ..norm import norm_relu
from .deeplab import Decoder, DeepLab

TAPS = (-1, 0, 1)


def early_decoder(backbone: nn.Layer) -> nn.Layer:
    """Return ``backbone`` in eval mode with its decoder made so, if it is a `DeepLab`.

    Later changes of its weights may not reach the returned one.
    """
    return EarlyDeepLab(backbone) if isinstance(backbone, DeepLab) else backbone


class EarlyDeepLab(nn.Layer):
    """A `DeepLab` with an `EarlyDecoder`."""

    def __init__(self, deeplab: DeepLab) -> None:
        super().__init__()
        self.encoder = deeplab.encoder
        self.aspp = deeplab.aspp
        self.decoder = EarlyDecoder(deeplab.decoder)
        self.eval()

    forward = DeepLab.forward


class EarlyDecoder(nn.Layer):
    """Computes what a `Decoder` of one picture (1,C,h,w) computes."""

    def __init__(self, decoder: Decoder) -> None:
        super().__init__()
        self.conv1 = decoder.conv1
        self.bn1 = decoder.bn1
        first, *rest = decoder.last_conv
        self.outputs, inputs = first.weight.shape[:2]
        skip = decoder.conv1.weight.shape[0]
        self.pyramid_conv = conv2d(inputs - skip, len(TAPS) ** 2 * self.outputs)
        self.skip_conv = conv2d(skip, self.outputs, 3)
        weight = first.weight.numpy()
        by_tap = weight[:, : inputs - skip].transpose(3, 0, 2, 1)  # columns, outputs, rows, inputs
        self.pyramid_conv.weight.set_value(by_tap.reshape(self.pyramid_conv.weight.shape))
        self.skip_conv.weight.set_value(np.ascontiguousarray(weight[:, inputs - skip :]))
        self.rest = nn.Sequential(*rest)

    def forward(self, x: paddle.Tensor, fine: paddle.Tensor) -> paddle.Tensor:
        height, width = x.shape[2:]
        full_height, full_width = fine.shape[2:]
        products = self.pyramid_conv(x).reshape([-1, len(TAPS) * height, width])
        down, across = moved_matrix(height, full_height), moved_matrix(width, full_width)
        rows = paddle.matmul(paddle.to_tensor(down), products)  # (columns x outputs, H, w)
        rows = rows.reshape([len(TAPS), -1, width]).transpose([1, 0, 2]).reshape([-1, len(TAPS) * width])
        pyramid = paddle.matmul(rows, paddle.to_tensor(np.ascontiguousarray(across.T)))
        pyramid = pyramid.reshape([1, self.outputs, full_height, full_width])
        return self.rest(pyramid + self.skip_conv(norm_relu(self.bn1, self.conv1(fine))))


def moved_matrix(source: int, target: int) -> np.ndarray:
    """Return the (target, 3 x source) matrix that sums three vectors, enlarged and moved by -1, 0 and 1.

    What is moved in from beyond the ends is 0, as a convolution pads.
    """
    enlarging = np.pad(bilinear_matrix(source, target), [(1, 1), (0, 0)])
    return np.concatenate([enlarging[1 + tap : 1 + tap + target] for tap in TAPS], axis=1)
