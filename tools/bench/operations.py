"""How much work a step is, whoever does it: operations (a product and a sum are two) and bytes that have to move.

Bytes are those that any implementation has to read or write: inputs, weights and outputs of the step, each once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paddle import nn

    from paddlevideo.modeling import MANet
    from paddlevideo.solver.objective import TrainingObjective

TRAINED = 3  # times the operations of a forward pass: that, the gradient of the inputs and that of the weights


@dataclass(frozen=True)
class Work:
    operations: float
    bytes: float

    def __add__(self, other: Work) -> Work:
        return Work(self.operations + other.operations, self.bytes + other.bytes)

    def floor(self, machine: dict[str, float]) -> float:
        """The seconds that it takes at the rates of `machine.rates`, operations or bytes, whichever are longer."""
        return max(self.operations / machine["gflops"], self.bytes / machine["gbytes"]) / 1e9


def of_frame(
    model: MANet, image: tuple[int, int], grid: tuple[int, int, int], references: Sequence[int], embed: bool = True
) -> dict[str, Work]:
    """Return the work of each part of propagating to a frame, and of its embedding when ``embed``.

    Args:
        model: in eval mode.
        image: (H,W) of the input and of the mask.
        grid: (C,h,w) of an embedding.
        references: reference pixels of each id, background first.
    """
    channels, height, width = grid
    objects, rule = len(references), model.matching
    kept = sum(min(count, rule.max_references or count) for count in references)
    first = {"embed": embedding(model, image)} if embed else {}
    return {
        **first,
        "global": global_matching(grid, kept, objects),
        "local": local_matching(grid, rule.window, objects),
        "head": _head(model, image, (objects, model.propagation_head.in_channels, height, width)),
        "masks": Work(3.0 * objects * math.prod(image), 4 * objects * height * width + math.prod(image)),
    }


def global_matching(grid: tuple[int, int, int], references: int, objects: int) -> Work:
    channels, pixels = grid[0], grid[1] * grid[2]
    return Work(2.0 * pixels * references * channels, 4.0 * (pixels * (channels + objects) + references * channels))


def local_matching(grid: tuple[int, int, int], window: int, objects: int) -> Work:
    channels, pixels = grid[0], grid[1] * grid[2]
    shifts = (2 * window + 1) ** 2
    return Work(shifts * 3.0 * channels * pixels / 4, 4.0 * pixels * (2 * channels + objects) + pixels)


@dataclass(frozen=True)
class StepSize:
    """What a training step works on, over all of its clips.

    Attributes:
        images: (B,F,3,H,W).
        objects: ids, background included.
        references: labelled pixels that frames are compared with, of all global maps.
    """

    images: tuple[int, int, int, int, int]
    objects: float
    references: float


def training_step(objective: TrainingObjective, size: StepSize) -> float:
    """Return the operations of a step's convolutions, their gradients and its matching; the rest is a small part."""
    from paddlevideo.solver.objective import FROZEN

    model, options = objective.network, objective.options
    clips, frames, _, height, width = size.images
    whole = embedding(model, (height, width)).operations
    part = None if objective.embeds_without_gradient else model.backbone.encoder.frozen_part()
    frozen = network(part, (1, 3, height, width)).operations if part is not None else 0.0
    trained = 0.0 if objective.embeds_without_gradient else TRAINED * (whole - frozen)
    total = clips * frames * (trained + (whole if objective.embeds_without_gradient else frozen))
    grid = (model.embedding.channels, -(-height // 4), -(-width // 4))
    carried = 0 if "propagation_head" in FROZEN[options.train_heads] else frames - 2
    runs = {
        "interaction_head": int("interaction_head" not in FROZEN[options.train_heads]),
        "propagation_head": carried,
    }
    for name, times in runs.items():
        head = getattr(model, name)
        one = network(head, (1, head.in_channels, *grid[1:])).operations
        total += TRAINED * times * size.objects * one
    if model.border_decoder is not None:
        times = runs["interaction_head"] + carried
        total += TRAINED * times * (size.objects - clips) * borders(model, (height, width)).operations
    total += global_matching(grid, 1, 1).operations * size.references
    return total + clips * carried * local_matching(grid, model.matching.window, 1).operations


def embedding(model: MANet, image: tuple[int, int]) -> Work:
    """Of backbone and pixel embedding for one image (H,W)."""
    from paddle import nn

    return network(nn.Sequential(model.backbone, model.embedding), (1, 3, *image))


def borders(model: MANet, image: tuple[int, int]) -> Work:
    """Of the border decoder for one object of one image (H,W)."""
    import paddle
    from paddle import nn

    class OfImage(nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.decoder: Any = model.border_decoder

        def forward(self, images: paddle.Tensor) -> paddle.Tensor:
            grid = [-(-side // 4) for side in image]
            zeros = [paddle.zeros([1, channels, *grid]) for channels in (model.embedding.channels, 1)]
            return self.decoder(images, *zeros)

    return network(OfImage(), (1, 3, *image))


def _head(model: MANet, image: tuple[int, int], shape: tuple[int, ...]) -> Work:
    """Of the propagation head for inputs of ``shape``, and of the borders of all objects but the background."""
    head = network(model.propagation_head, shape)
    if model.border_decoder is None:
        return head
    one = borders(model, image)
    return Work(head.operations + (shape[0] - 1) * one.operations, head.bytes + (shape[0] - 1) * one.bytes)


def network(layer: nn.Layer, shape: tuple[int, ...]) -> Work:
    """Count the convolutions and matrix products of ``layer`` for an input of ``shape``; nothing is computed."""
    import paddle

    layer.eval()
    static = paddle.jit.to_static(
        _shell(layer), input_spec=[paddle.static.InputSpec(shape, "float32", "x")], full_graph=True
    )
    with paddle.no_grad():
        program = static.forward.concrete_program
    operations = sum(_operations(op) for op in program.main_program.global_block().ops)
    weights = sum(math.prod(parameter.shape) for parameter in layer.parameters())
    moved = weights + math.prod(shape) + sum(math.prod(output.shape) for output in program.outputs)
    return Work(operations, 4.0 * moved)


def _shell(layer: nn.Layer) -> nn.Layer:
    """A layer to trace, because tracing rewrites a layer's ``forward``."""
    from paddle import nn

    class Shell(nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.layer = layer
            self.eval()

        def forward(self, x: Any) -> Any:
            return self.layer(x)

    return Shell()


def _operations(op: Any) -> float:
    """2 x outputs x the length of the sum that each one is."""
    if "conv2d" in op.name():
        weight = op.operands()[1].source().shape  # (outputs, inputs of a group, rows, columns)
        return 2.0 * math.prod(op.results()[0].shape) * math.prod(weight[1:])
    if op.name() == "pd_op.matmul":
        left = op.operands()[0].source().shape
        return 2.0 * math.prod(op.results()[0].shape) * left[-2 if op.attrs()["transpose_x"] else -1]
    return 0.0
