"""Encoders and DeepLab: shapes of the specification, known ImageNet answers, frozen parts."""

from __future__ import annotations

import cv2
import numpy as np
import paddle
import pytest
import skimage.data
from paddle.nn import functional as F

from paddlevideo.modeling import DeepLab, EfficientNetLite, LateralDeepLab, ResNet
from paddlevideo.utils.errors import InputError
from paddlevideo.weights.encoder import find_weights
from paddlevideo.weights.files import load_pretrained
from paddlevideo.weights.torch_reader import read_torch


@paddle.no_grad()
@pytest.mark.parametrize(("size", "grid"), [((480, 854), (120, 214)), ((416, 416), (104, 104)), ((129, 193), (33, 49))])
def test_lite_features_have_the_strides_of_the_specification(size, grid):
    encoder = EfficientNetLite(0)
    encoder.eval()
    stride4, stride8, stride16 = encoder(paddle.zeros([1, 3, *size]))
    assert tuple(stride4.shape[2:]) == grid
    assert tuple(stride8.shape[2:]) == tuple(-(-side // 2) for side in grid)
    assert tuple(stride16.shape[2:]) == tuple(-(-side // 4) for side in grid)
    assert encoder.channels == (stride4.shape[1], stride8.shape[1], stride16.shape[1])


@paddle.no_grad()
def test_resnet_features_have_the_strides_and_channels_of_the_specification():
    encoder = ResNet(50)
    encoder.eval()
    shapes = [tuple(x.shape[1:]) for x in encoder(paddle.zeros([1, 3, 96, 127]))]
    assert shapes == [(256, 24, 32), (512, 12, 16), (2048, 6, 8)]


def test_resnet_multi_grid_dilates_the_last_stage():
    dilations = [block.conv2._dilation for block in ResNet(101, (1, 2, 4)).layer4]
    assert dilations == [[2, 2], [4, 4], [8, 8]]


@pytest.mark.parametrize("make", [lambda: ResNet(34), lambda: EfficientNetLite(7), lambda: EfficientNetLite(0, 2)])
def test_what_does_not_exist_is_refused(make):
    with pytest.raises(InputError, match="not (34|7|2)"):
        make()


@paddle.no_grad()
@pytest.mark.parametrize(
    "make",
    [
        lambda encoder: DeepLab(encoder, 32, (3, 6), 48, 40),
        lambda encoder: LateralDeepLab(encoder, 40, (3, 6)),
    ],
)
def test_backbones_give_their_channels_at_stride_four(make):
    backbone = make(EfficientNetLite(0))
    backbone.eval()
    assert tuple(backbone(paddle.zeros([2, 3, 65, 98])).shape) == (2, 40, 17, 25)
    assert backbone.channels == 40


@paddle.no_grad()
def test_lite0_with_imagenet_weights_knows_a_cat():
    """Class 285 is the Egyptian cat; the classifier behind the encoder's last feature is put together here."""
    encoder = EfficientNetLite(0, output_stride=32)
    load_pretrained(DeepLab(encoder), "imagenet")
    encoder.eval()
    image = cv2.resize(skimage.data.chelsea(), (224, 224), interpolation=cv2.INTER_AREA)
    x = paddle.to_tensor(((image.astype(np.float32) - 127) / 128).transpose(2, 0, 1)[None])
    raw = read_torch(find_weights(encoder.imagenet.package))
    weight = {name: paddle.to_tensor(raw[name]) for name in raw if name.startswith(("_conv_head", "_bn1", "_fc"))}
    x = F.conv2d(encoder(x)[2], weight["_conv_head.weight"])
    statistics = [weight[f"_bn1.{name}"] for name in ("running_mean", "running_var", "weight", "bias")]
    x = F.relu6(F.batch_norm(x, *statistics, epsilon=1e-3)).mean(axis=[2, 3])
    logits = x @ weight["_fc.weight"].transpose([1, 0]) + weight["_fc.bias"]
    assert int(logits.argmax()) == 285


def test_frozen_blocks_get_no_gradient_and_run_alike_through_a_runner():
    encoder = EfficientNetLite(0, frozen_blocks=8)
    images = paddle.randn([1, 3, 64, 64])
    encoder.train()
    plain = encoder(images)
    encoder.frozen_runner = encoder.frozen_part()
    with_runner = encoder(images)
    for a, b in zip(plain, with_runner, strict=True):  # other kernels: they agree to rounding
        assert float((a - b).abs().max()) <= 1e-5 * float(a.abs().max())
    with_runner[2].sum().backward()
    reached = {name for name, p in encoder.named_parameters() if p.grad is not None}
    assert {int(name.split(".")[1]) for name in reached} == set(range(8, 16))
    assert not any(p.grad is not None for p in encoder.frozen_part().parameters())


@pytest.mark.parametrize(("frozen", "size"), [(0, (64, 96)), (12, (64, 96)), (0, (80, 96)), (0, (33, 64))])
def test_dilated_blocks_by_phases_give_the_same_numbers(frozen: int, size: tuple[int, int]) -> None:
    paddle.seed(5)
    encoder = EfficientNetLite(0, frozen_blocks=frozen)
    x = paddle.randn([2, 3, *size])
    encoder.train()  # the norms use stored statistics in either mode
    direct = encoder(x)
    encoder.eval()
    for phased, wanted in zip(encoder(x), direct, strict=True):
        np.testing.assert_allclose(phased.numpy(), wanted.numpy(), rtol=1e-4, atol=1e-4 * float(wanted.abs().max()))
