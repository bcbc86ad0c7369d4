"""EfficientNet-Lite encoder at output stride 16: small, no squeeze-excite, made for CPUs (arXiv 1905.11946)."""

from __future__ import annotations

import math
from collections.abc import Callable

import paddle
from paddle import nn

from ...utils.errors import InputError
from ...utils.registry import ENCODERS
from ..layers import conv2d
from ..norm import BatchNorm2D, norm_relu

# (repeats, kernel, stride, expansion, channels) of each stage
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
# (width, depth) multipliers of each variant; the stem and the first and last stage's depth stay
SCALES = {0: (1.0, 1.0), 1: (1.0, 1.1), 2: (1.1, 1.2)}
NORM = {"epsilon": 1e-3, "momentum": 0.99}

Features = tuple[paddle.Tensor, paddle.Tensor, paddle.Tensor]


def round_channels(channels: float, divisor: int = 8) -> int:
    """Round to the nearest multiple of ``divisor`` that loses at most a tenth."""
    rounded = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * channels else rounded


class ConvNorm(nn.Layer):
    """Convolution with TensorFlow's 'same' padding, batch norm, ReLU6 where ``active``.

    The norm always uses its stored statistics: batches of a few crops are too small to estimate them.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 1,
        stride: int = 1,
        dilation: int = 1,
        groups: int = 1,
        active: bool = True,
    ) -> None:
        super().__init__()
        # Paddle's "SAME" drops the dilation, and only strided layers need its uneven padding.
        padding = "SAME" if stride > 1 else None
        self.conv = conv2d(inputs, outputs, kernel, stride, dilation, groups, padding=padding)
        self.norm = BatchNorm2D(outputs, use_global_stats=True, **NORM)
        self.active = active

    def forward(self, x: paddle.Tensor, dilated: bool = True) -> paddle.Tensor:
        x = self.conv(x) if dilated else _without_dilation(self.conv, x)
        return norm_relu(self.norm, x, limit=6.0) if self.active else self.norm(x)


class InvertedResidual(nn.Layer):
    """Expand, depthwise, project; a residual where the shape is kept."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int, dilation: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.expand = ConvNorm(inputs, hidden) if expansion > 1 else nn.Identity()
        self.depthwise = ConvNorm(hidden, hidden, kernel, stride, dilation, groups=hidden)
        self.project = ConvNorm(hidden, outputs, active=False)
        self.residual = stride == 1 and inputs == outputs
        self.dilation = dilation

    def forward(self, x: paddle.Tensor, dilated: bool = True) -> paddle.Tensor:
        """``dilated=False``: x is one phase of a map, where neighbours are ``dilation`` pixels of the map apart."""
        out = self.project(self.depthwise(self.expand(x), dilated))
        return x + out if self.residual else out


@ENCODERS.register
class EfficientNetLite(nn.Layer):
    """EfficientNet-Lite with the last stages dilated instead of strided.

    Args:
        variant: 0, 1 or 2 (Lite0, Lite1, Lite2).
        frozen_blocks: the stem and this many first blocks get no gradient.
        output_stride: 16 dilates the last stages instead of striding them; 32 is the classification network.

    ``forward`` takes (B,3,H,W) and returns features of strides 4, 8 and 16 or 32 (24, 40 and 320 channels in Lite0).
    ``frozen_runner``, when set, replaces the frozen part: a callable from images to its three tensors (the trainer
    puts a compiled one here).
    """

    def __init__(self, variant: int = 0, frozen_blocks: int = 0, output_stride: int = 16) -> None:
        super().__init__()
        if variant not in SCALES:
            raise InputError(f"EfficientNetLite variant is one of {sorted(SCALES)}, not {variant}")
        if output_stride not in (16, 32):
            raise InputError(f"EfficientNetLite output_stride is 16 or 32, not {output_stride}")
        self.imagenet = f"efficientnet-lite{variant}"  # whose weights `pretrained: imagenet` takes
        width, depth = SCALES[variant]
        self.stem = ConvNorm(3, 32, 3, 2)
        blocks: list[InvertedResidual] = []
        ends: list[int] = []
        inputs, channels, dilation, reached = 32, [], 1, 2
        for index, (repeats, kernel, stride, expansion, outputs) in enumerate(STAGES):
            if stride == 2 and reached == output_stride:
                stride, dilation = 1, 2
            reached *= stride
            repeats = repeats if index in (0, len(STAGES) - 1) else math.ceil(repeats * depth)
            outputs = round_channels(outputs * width)
            for repeat in range(repeats):
                blocks.append(
                    InvertedResidual(inputs, outputs, kernel, stride if repeat == 0 else 1, expansion, dilation)
                )
                inputs = outputs
            ends.append(len(blocks) - 1)
            channels.append(outputs)
        self.blocks = nn.LayerList(blocks)
        self.taps = (ends[1], ends[2])
        self.channels = (channels[1], channels[2], channels[-1])
        self.frozen_blocks = frozen_blocks
        self.frozen_runner: Callable[[paddle.Tensor], Features] | None = None
        if frozen_blocks:
            if not self.taps[1] < frozen_blocks <= len(blocks):
                raise InputError(f"frozen_blocks is 0 or {self.taps[1] + 1} to {len(blocks)}, not {frozen_blocks}")
            frozen: list[nn.Layer] = [self.stem, *blocks[:frozen_blocks]]
            for layer in frozen:
                for parameter in layer.parameters():
                    parameter.stop_gradient = True

    def frozen_part(self) -> nn.Layer:
        """Return the stem and the frozen blocks as a layer of its own that shares their parameters."""
        return _FrozenPart(self.stem, list(self.blocks)[: self.frozen_blocks], self.taps)

    def forward(self, images: paddle.Tensor) -> Features:
        if not self.frozen_blocks:
            return _run_blocks(self.stem(images), list(self.blocks), self.taps)
        if self.frozen_runner is not None and self.training:
            stride4, stride8, x = self.frozen_runner(images)
        else:
            with paddle.no_grad():
                stride4, stride8, x = self.frozen_part()(images)
        return stride4, stride8, _run(x, list(self.blocks)[self.frozen_blocks :])


class _FrozenPart(nn.Layer):
    def __init__(self, stem: nn.Layer, blocks: list[InvertedResidual], taps: tuple[int, int]) -> None:
        super().__init__()
        self.stem = stem
        self.blocks = nn.LayerList(blocks)
        self.taps = taps

    def forward(self, images: paddle.Tensor) -> Features:
        return _run_blocks(self.stem(images), list(self.blocks), self.taps)


def _without_dilation(conv: nn.Conv2D, x: paddle.Tensor) -> paddle.Tensor:
    return nn.functional.conv2d(x, conv.weight, conv.bias, padding=conv.weight.shape[2] // 2, groups=conv._groups)


def _run_blocks(x: paddle.Tensor, blocks: list[InvertedResidual], taps: tuple[int, int]) -> Features:
    """Return the outputs of the two blocks that ``taps`` names and of the last."""
    first, second = taps[0] + 1, taps[1] + 1
    stride4 = _run(x, blocks[:first])
    stride8 = _run(stride4, blocks[first:second])
    return stride4, stride8, _run(stride8, blocks[second:])


def _run(x: paddle.Tensor, blocks: list[InvertedResidual]) -> paddle.Tensor:
    """Run blocks one after another; in inference the four phases of an even map go through dilated ones as a batch.

    A dilation of 2 is none within a phase. The numbers are the same; compiled for a CPU, dilated depthwise convolutions
    take much longer than plain ones.
    """
    dense = [block for block in blocks if block.dilation == 1]  # the first ones
    dilated = blocks[len(dense) :]
    for each in dense:
        x = each(x)
    batch, _, height, width = x.shape
    phased = bool(dilated) and not (dilated[0].training or height % 2 or width % 2)
    if phased:
        x = x.reshape([batch, -1, height // 2, 2, width // 2, 2]).transpose([0, 3, 5, 1, 2, 4])
        x = x.reshape([4 * batch, -1, height // 2, width // 2])
    for each in dilated:
        x = each(x, dilated=not phased)
    if phased:
        x = x.reshape([batch, 2, 2, -1, height // 2, width // 2]).transpose([0, 3, 4, 1, 5, 2])
        x = x.reshape([batch, -1, height, width])
    return x
