"""EfficientNet-Lite encoder at output stride 16: small, no squeeze-excite, made for CPUs (arXiv 1905.11946)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import paddle
from numpy.typing import NDArray
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


@dataclass(frozen=True)
class BlockShape:
    """Channels at the start, the middle and the end of a block, and its depthwise convolution."""

    inputs: int
    hidden: int
    outputs: int
    kernel: int
    stride: int
    dilation: int


class InvertedResidual(nn.Layer):
    """Expand (the first block of all does not), depthwise, project; a residual where the shape is kept."""

    def __init__(self, shape: BlockShape) -> None:
        super().__init__()
        self.shape = shape
        inputs, hidden, outputs = shape.inputs, shape.hidden, shape.outputs
        self.expand = ConvNorm(inputs, hidden) if hidden != inputs else nn.Identity()
        self.depthwise = ConvNorm(hidden, hidden, shape.kernel, shape.stride, shape.dilation, groups=hidden)
        self.project = ConvNorm(hidden, outputs, active=False)
        self.residual = shape.stride == 1 and inputs == outputs

    def middle(self, x: paddle.Tensor, dilated: bool = True) -> paddle.Tensor:
        """What is projected, (B,hidden,h,w)."""
        return self.depthwise(self.expand(x), dilated)

    def forward(self, x: paddle.Tensor, dilated: bool = True) -> paddle.Tensor:
        """``dilated=False``: x is one phase of a map, where neighbours are ``dilation`` pixels of the map apart."""
        out = self.project(self.middle(x, dilated))
        return x + out if self.residual else out


@ENCODERS.register
class EfficientNetLite(nn.Layer):
    """EfficientNet-Lite with the last stages dilated instead of strided.

    Args:
        variant: 0, 1 or 2 (Lite0, Lite1, Lite2).
        frozen_blocks: the stem and this many first blocks get no gradient.
        output_stride: 16 dilates the last stages instead of striding them; 32 is the classification network.
        hidden: channels in the middle of each block after the first, at most as many as the network has (six times its
            inputs); None: all. See `paddlevideo.weights.slim` for how weights get there.

    ``forward`` takes (B,3,H,W) and returns features of strides 4, 8 and 16 or 32 (24, 40 and 320 channels in Lite0).
    ``frozen_runner``, when set, replaces the frozen part: a callable from images to its three tensors (the trainer
    puts a compiled one here).
    """

    def __init__(
        self,
        variant: int = 0,
        frozen_blocks: int = 0,
        output_stride: int = 16,
        hidden: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        if variant not in SCALES:
            raise InputError(f"EfficientNetLite variant is one of {sorted(SCALES)}, not {variant}")
        if output_stride not in (16, 32):
            raise InputError(f"EfficientNetLite output_stride is 16 or 32, not {output_stride}")
        self.imagenet = f"efficientnet-lite{variant}"  # whose weights `pretrained: imagenet` takes
        shapes, ends = _shapes(*SCALES[variant], output_stride)
        if hidden is not None:
            shapes = _narrowed(shapes, hidden)
        self.stem = ConvNorm(3, shapes[0].inputs, 3, 2)
        self.blocks = nn.LayerList([InvertedResidual(shape) for shape in shapes])
        self.taps = (ends[1], ends[2])
        self.channels = (shapes[ends[1]].outputs, shapes[ends[2]].outputs, shapes[-1].outputs)
        self.frozen_blocks = frozen_blocks
        self.frozen_runner: Callable[[paddle.Tensor], Features] | None = None
        if frozen_blocks:
            if not self.taps[1] < frozen_blocks <= len(shapes):
                raise InputError(f"frozen_blocks is 0 or {self.taps[1] + 1} to {len(shapes)}, not {frozen_blocks}")
            frozen: list[nn.Layer] = [self.stem, *list(self.blocks)[:frozen_blocks]]
            for layer in frozen:
                for parameter in layer.parameters():
                    parameter.stop_gradient = True

    def frozen_part(self) -> nn.Layer:
        """Return the stem and the frozen blocks as a layer of its own that shares their parameters."""
        return _FrozenPart(self.stem, list(self.blocks)[: self.frozen_blocks], self.taps)

    def fitted(self, state: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Return the state of a wide encoder with the channels that ``hidden`` keeps: a start for training.

        Those stay whose norm spreads them furthest and of which the projection takes most.
        """
        out = {name: value for name, value in state.items() if not name.startswith("blocks.")}
        for index, block in enumerate(self.blocks):
            prefix = f"blocks.{index}."
            wide = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
            taken = np.linalg.norm(wide["project.conv.weight"][:, :, 0, 0], axis=0)
            strength = np.abs(wide["depthwise.norm.weight"]) * taken
            kept = np.sort(np.argsort(-strength, kind="stable")[: block.shape.hidden])
            out.update({prefix + name: value for name, value in of_channels(wide, kept).items()})
        return out

    def forward(self, images: paddle.Tensor) -> Features:
        if not self.frozen_blocks:
            return _run_blocks(self.stem(images), list(self.blocks), self.taps)
        if self.frozen_runner is not None and self.training:
            stride4, stride8, x = self.frozen_runner(images)
        else:
            with paddle.no_grad():
                stride4, stride8, x = self.frozen_part()(images)
        return stride4, stride8, _run(x, list(self.blocks)[self.frozen_blocks :])


def of_channels(state: Mapping[str, NDArray[Any]], kept: NDArray[np.intp]) -> dict[str, NDArray[Any]]:
    """Return an `InvertedResidual`'s state with some channels of its middle only."""
    out = {}
    for name, value in state.items():
        if name == "project.conv.weight":
            value = value[:, kept]
        elif not name.startswith("project."):
            value = value[kept]
        out[name] = np.ascontiguousarray(value)
    return out


def _shapes(width: float, depth: float, output_stride: int) -> tuple[list[BlockShape], list[int]]:
    """The blocks and the index of each stage's last one."""
    shapes: list[BlockShape] = []
    ends = []
    inputs, dilation, reached = 32, 1, 2
    for index, (repeats, kernel, stride, expansion, channels) in enumerate(STAGES):
        if stride == 2 and reached == output_stride:
            stride, dilation = 1, 2
        reached *= stride
        repeats = repeats if index in (0, len(STAGES) - 1) else math.ceil(repeats * depth)
        outputs = round_channels(channels * width)
        for repeat in range(repeats):
            first = stride if repeat == 0 else 1
            shapes.append(BlockShape(inputs, inputs * expansion, outputs, kernel, first, dilation))
            inputs = outputs
        ends.append(len(shapes) - 1)
    return shapes, ends


def _narrowed(shapes: list[BlockShape], hidden: Sequence[int]) -> list[BlockShape]:
    first, *others = shapes
    full = [shape.hidden for shape in others]
    if len(hidden) != len(full):
        raise InputError(
            f"EfficientNetLite hidden is {len(full)} numbers, one for each block after the first, not {len(hidden)}"
        )
    for shape, channels in zip(others, hidden, strict=True):
        if not shape.inputs < channels <= shape.hidden:
            raise InputError(
                f"EfficientNetLite hidden is from one more than a block's inputs up to {full}, not {list(hidden)}"
            )
    return [first, *(replace(shape, hidden=channels) for shape, channels in zip(others, hidden, strict=True))]


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
    dense = [block for block in blocks if block.shape.dilation == 1]  # the first ones
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
