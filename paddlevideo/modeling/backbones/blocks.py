"""Encoders that are a stem and a row of blocks, the first of which may be frozen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import paddle
from paddle import nn

from ...utils.errors import InputError
from .encoder import Encoder, Features, freeze

Run = Callable[[paddle.Tensor, Sequence[nn.Layer]], paddle.Tensor]


def round_channels(channels: float, divisor: int = 8) -> int:
    """Round to the nearest multiple of ``divisor`` that loses at most a tenth."""
    rounded = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * channels else rounded


def in_turn(x: paddle.Tensor, blocks: Sequence[nn.Layer]) -> paddle.Tensor:
    """Run blocks one after another."""
    for block in blocks:
        x = block(x)
    return x


class BlockEncoder(Encoder):
    """A stem and blocks, of which three give the features: two by their places, and the last.

    Args:
        stem: images to the first block's inputs.
        blocks: in their order.
        places: of the blocks that give the two finer features.
        channels: of the features.
        frozen_blocks: the stem and this many first blocks get no gradient; none, or as many as give the finer features.
    """

    run: Run = staticmethod(in_turn)

    def __init__(
        self,
        stem: nn.Layer,
        blocks: Sequence[nn.Layer],
        places: tuple[int, int],
        channels: tuple[int, int, int],
        frozen_blocks: int = 0,
    ) -> None:
        super().__init__()
        self.stem = stem
        self.blocks = nn.LayerList(blocks)
        self.places = places
        self.channels = channels
        self.frozen_blocks = frozen_blocks
        if frozen_blocks:
            if not places[1] < frozen_blocks <= len(blocks):
                raise InputError(f"frozen_blocks is 0 or {places[1] + 1} to {len(blocks)}, not {frozen_blocks}")
            for layer in (stem, *blocks[:frozen_blocks]):
                freeze(layer)

    def forward(self, images: paddle.Tensor) -> Features:
        if not self.frozen_blocks:
            return _features(self.stem(images), list(self.blocks), self.places, self.run)
        if self.frozen_runner is not None and self.training:
            fine, middle, x = self.frozen_runner(images)
        else:
            with paddle.no_grad():
                fine, middle, x = self._first_layers()(images)
        return fine, middle, self.run(x, list(self.blocks)[self.frozen_blocks :])

    def frozen_part(self) -> nn.Layer | None:
        return self._first_layers() if self.frozen_blocks else None

    def _first_layers(self) -> nn.Layer:
        return _FirstLayers(self.stem, list(self.blocks)[: self.frozen_blocks], self.places, self.run)


class _FirstLayers(nn.Layer):
    """The stem and some blocks of an encoder: the two finer features and what the next block takes."""

    def __init__(self, stem: nn.Layer, blocks: list[nn.Layer], places: tuple[int, int], run: Run) -> None:
        super().__init__()
        self.stem = stem
        self.blocks = nn.LayerList(blocks)
        self.places = places
        self.run = run

    def forward(self, images: paddle.Tensor) -> Features:
        return _features(self.stem(images), list(self.blocks), self.places, self.run)


def _features(x: paddle.Tensor, blocks: Sequence[nn.Layer], places: tuple[int, int], run: Run) -> Features:
    """Return the outputs of the two blocks at ``places`` and of the last."""
    first, second = places[0] + 1, places[1] + 1
    fine = run(x, blocks[:first])
    middle = run(fine, blocks[first:second])
    return fine, middle, run(middle, blocks[second:])
