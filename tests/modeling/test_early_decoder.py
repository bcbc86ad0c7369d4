"""A decoder that convolves before it enlarges gives what the decoder gives."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from paddle import nn

from paddlevideo.modeling.backbones import DeepLab
from paddlevideo.modeling.backbones.early_decoder import early_decoder


class _Encoder(nn.Layer):
    """Features of a picture by convolutions whose kernels are their strides, the last one larger where asked."""

    channels = (10, 11, 12)

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.fine, self.coarse = nn.Conv2D(3, 10, 4, 4), nn.Conv2D(3, 12, stride, stride)

    def forward(self, images: paddle.Tensor) -> list[paddle.Tensor]:
        return [self.fine(images), self.fine(images), self.coarse(images)]


@pytest.mark.parametrize(
    ("stride", "size"), [(16, (96, 64)), (16, (113, 70)), (8, (40, 24)), (4, (16, 20)), (32, (39, 64))]
)
def test_its_features_are_the_backbones(stride: int, size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    backbone = DeepLab(_Encoder(stride), 8, (1, 2), 4, 6)
    for value in backbone.state_dict().values():
        value.set_value(rng.uniform(0.2 if value.ndim == 1 else -0.5, 1.0, value.shape).astype("float32"))
    backbone.eval()
    early = early_decoder(backbone)
    assert early is not backbone
    images = paddle.to_tensor(rng.standard_normal((1, 3, *size)).astype("float32"))
    with paddle.no_grad():
        wanted, got = backbone(images).numpy(), early(images).numpy()
    assert got.shape == wanted.shape
    assert np.abs(got - wanted).max() <= 1e-5 * np.abs(wanted).max()


def test_other_backbones_stay() -> None:
    other = nn.Conv2D(3, 4, 1)
    assert early_decoder(other) is other
