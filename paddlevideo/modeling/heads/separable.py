"""The head that both interaction and propagation use: one logit map an object (paper section 3.2)."""

from __future__ import annotations

import paddle
from paddle import nn
from paddle.nn import functional as F

from ...utils.registry import HEADS
from ..layers import conv2d, resize_as, separable
from ..norm import BatchNorm2D, norm_relu

CENTRED_NOISE = 0.5  # share of the random start that a centred kernel keeps
COARSE = 4  # cells of the grid to one of the context
WIDER = 4  # the middle of a residual block against its ends


class SeparableBlock(nn.Layer):
    """Depthwise then pointwise convolution, each with bias, norm and ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int, momentum: float, centred: bool) -> None:
        super().__init__()
        self.conv1 = conv2d(inputs, inputs, kernel, groups=inputs, bias=True)
        if centred:
            centre = paddle.zeros_like(self.conv1.weight)
            centre[:, :, kernel // 2, kernel // 2] = 1.0
            self.conv1.weight.set_value(centre + CENTRED_NOISE * self.conv1.weight)
        self.bn1 = BatchNorm2D(inputs, momentum=momentum)
        self.conv2 = conv2d(inputs, outputs, bias=True)
        self.bn2 = BatchNorm2D(outputs, momentum=momentum)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return norm_relu(self.bn2, separable(self.conv1, self.bn1, self.conv2, x))


class ResidualBlock(nn.Layer):
    """Adds to (O,C,h,w) a depthwise convolution, norm and two pointwise layers, four times as wide between them.

    The block of ConvNeXt (Liu et al., CVPR 2022) with batch norm and ReLU. At first it adds nothing.
    """

    def __init__(self, channels: int, kernel: int, momentum: float) -> None:
        super().__init__()
        self.conv1 = conv2d(channels, channels, kernel, groups=channels)
        self.bn = BatchNorm2D(channels, momentum=momentum)
        self.conv2 = conv2d(channels, WIDER * channels, bias=True)
        self.conv3 = conv2d(WIDER * channels, channels, bias=True)
        self.conv3.weight.set_value(paddle.zeros_like(self.conv3.weight))

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return x + self.conv3(F.relu(self.conv2(self.bn(self.conv1(x)))))


class Context(nn.Layer):
    """Adds to (O,C,h,w) what blocks see at a quarter of the resolution: an object as a whole. At first it adds nothing.

    Four blocks of 7 x 7 see 100 image pixels around a pixel, two more of these 300. ``deep`` residual blocks follow.
    """

    def __init__(self, channels: int, blocks: int, deep: int, kernel: int, momentum: float, centred: bool) -> None:
        super().__init__()
        sizes = (channels, channels, kernel, momentum, centred)
        self.blocks = nn.LayerList([SeparableBlock(*sizes) for _ in range(blocks)])
        self.deep = nn.LayerList([ResidualBlock(channels, kernel, momentum) for _ in range(deep)])
        self.conv = conv2d(channels, channels, bias=True)
        self.conv.weight.set_value(paddle.zeros_like(self.conv.weight))

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        coarse = F.avg_pool2d(x, COARSE, COARSE, ceil_mode=True)
        for block in [*self.blocks, *self.deep]:
            coarse = block(coarse)
        return x + resize_as(self.conv(coarse), x)


@HEADS.register
class SeparableHead(nn.Layer):
    """Separable blocks and a 1x1 convolution: (O,in_channels,h,w) to (O,1,h,w), one sample an object.

    Args:
        in_channels: the embedding's and those of the planes after it.
        channels: width of every block.
        blocks: how many.
        kernel_size: of the depthwise convolutions.
        norm_momentum: Paddle's meaning, the share of the old statistics that is kept.
        centred: depthwise kernels start near the identity: the head begins as a classifier of single pixels and learns
            their neighbourhood, which a short training profits from. The reference starts at random.
        context: blocks at a quarter of the resolution, whose result is added after the first block; the reference has
            none.
        deep: residual blocks after the context's own: room to learn at a sixteenth of the price.
    """

    _built = ("in_channels",)

    def __init__(
        self,
        in_channels: int,
        channels: int = 256,
        blocks: int = 4,
        kernel_size: int = 7,
        norm_momentum: float = 0.9997,
        centred: bool = False,
        context: int = 0,
        deep: int = 0,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.blocks = blocks
        for index in range(1, blocks + 1):
            inputs = in_channels if index == 1 else channels
            setattr(self, f"layer{index}", SeparableBlock(inputs, channels, kernel_size, norm_momentum, centred))
        self.conv = conv2d(channels, 1, bias=True)
        rest = (kernel_size, norm_momentum, centred)
        self.context = Context(channels, context, deep, *rest) if context else None

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return self.after_first(self.layer1(x))

    def after_first(self, x: paddle.Tensor) -> paddle.Tensor:
        """Return the logits (O,1,h,w) of what the first block gave, (O,channels,h,w)."""
        if self.context is not None:
            x = self.context(x)
        for index in range(2, self.blocks + 1):
            x = getattr(self, f"layer{index}")(x)
        return self.conv(x)
