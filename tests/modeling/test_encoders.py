"""Every registered encoder: its features, its weights out and in, its frozen part, and how it compiles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle
import pytest

from paddlevideo.kernels.compiled import CompiledLayer
from paddlevideo.modeling import DeepLab
from paddlevideo.modeling.backbones.blocks import BlockEncoder
from paddlevideo.modeling.backbones.encoder import Encoder, Features
from paddlevideo.modeling.builder import build_backbone
from paddlevideo.solver.frozen_part import FrozenRunner
from paddlevideo.utils.errors import InputError
from paddlevideo.utils.registry import ENCODERS
from paddlevideo.weights.files import load_pretrained, save_weights
from paddlevideo.weights.slim import slim

VARIANTS: dict[str, list[dict[str, object]]] = {
    "ResNet": [{"depth": 50}],
    "MobileNetV3": [{"variant": "large"}, {"variant": "small"}],
}
CASES = [(name, arguments) for name in ENCODERS.names() for arguments in VARIANTS.get(name, [{}])]

every = pytest.mark.parametrize(("name", "arguments"), CASES, ids=[f"{name}{kwargs or ''}" for name, kwargs in CASES])


def _encoder(name: str, arguments: dict[str, object], seed: int = 0) -> Encoder:
    paddle.seed(seed)
    return ENCODERS.get(name)(**arguments)


def _close(found: Features, wanted: Features) -> None:
    for one, other in zip(found, wanted, strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-4, atol=1e-4 * float(other.abs().max()))


@every
@paddle.no_grad()
def test_features_have_the_strides_and_channels_that_are_told(name: str, arguments: dict[str, object]) -> None:
    encoder = _encoder(name, arguments)
    assert isinstance(encoder, Encoder) and encoder.strides == (4, 8, 16)
    encoder.eval()
    for height, width in ((64, 96), (65, 98)):
        wanted = [
            (2, channels, -(-height // stride), -(-width // stride))
            for channels, stride in zip(encoder.channels, encoder.strides, strict=True)
        ]
        features = encoder(paddle.randn([2, 3, height, width]))
        assert [tuple(x.shape) for x in features] == wanted
        assert all(float(x.abs().max()) > 0 for x in features)


def test_mobilenet_v3_has_the_parameters_of_the_papers_tables() -> None:
    """The classification networks have 5.4 and 2.5 million; the last convolution and the classifier are not here."""
    wholes = {"large": (5_483_032, 160, 960, 1280), "small": (2_542_856, 96, 576, 1024)}
    for variant, (whole, outputs, last, hidden) in wholes.items():
        wanted = whole - (outputs * last + 2 * last) - (last * hidden + hidden) - (hidden * 1000 + 1000)
        named = _encoder("MobileNetV3", {"variant": variant}).named_parameters()
        assert sum(p.size for key, p in named if not key.endswith(("._mean", "._variance"))) == wanted


@every
@paddle.no_grad()
def test_a_file_of_the_encoder_alone_fills_another(name: str, arguments: dict[str, object], tmp_path: Path) -> None:
    first, backbone = _encoder(name, arguments), DeepLab(_encoder(name, arguments, seed=1), 8, (1,), 8, 8)
    x = paddle.randn([1, 3, 32, 32])
    first.eval()
    backbone.eval()
    assert float((backbone.encoder(x)[2] - first(x)[2]).abs().max()) > 0
    report = load_pretrained(backbone, str(save_weights(tmp_path / "encoder.pdparams", first.state_dict())))
    assert len(report.matched) == len(first.state_dict()) and not report.unexpected
    _close(backbone.encoder(x), first(x))


@every
def test_a_frozen_part_gets_no_gradient_and_runs_compiled_alike(
    name: str, arguments: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = _encoder(name, arguments)
    if not isinstance(plain, BlockEncoder):
        assert plain.frozen_part() is None
        return
    count = plain.places[1] + 1
    encoder = _encoder(name, {**arguments, "frozen_blocks": count})
    with pytest.raises(InputError, match=f"frozen_blocks is 0 or {count} to {len(plain.blocks)}, not {count - 1}"):
        _encoder(name, {**arguments, "frozen_blocks": count - 1})
    encoder.train()
    x = paddle.randn([2, 3, 64, 64])
    part = encoder.frozen_part()
    before = {key: value.numpy().copy() for key, value in part.state_dict().items()}
    wanted = encoder(x)
    wanted[2].sum().backward()
    reached = {parameter_name for parameter_name, p in encoder.named_parameters() if p.grad is not None}
    assert {int(each.split(".")[1]) for each in reached} == set(range(count, len(encoder.blocks)))
    assert all((value.numpy() == before[key]).all() for key, value in part.state_dict().items())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    runner = FrozenRunner(part)
    with paddle.no_grad():
        direct = part(x)
    _close(runner(x), direct)
    calls: list[int] = []
    encoder.frozen_runner = lambda images: calls.append(1) or runner(images)  # type: ignore[func-returns-value]
    _close(encoder(x), wanted)
    encoder.eval()
    encoder(x)
    assert calls == [1]  # in training alone


@every
def test_a_backbone_around_it_trains_and_compiles(name: str, arguments: dict[str, object], tmp_path: Path) -> None:
    paddle.seed(2)
    encoder = {"name": name, **arguments}
    backbone = build_backbone({"name": "LateralDeepLab", "encoder": encoder, "channels": 8, "atrous_rates": [1]})
    backbone.train()
    backbone(paddle.randn([2, 3, 64, 64])).square().mean().backward()
    for parameter_name, parameter in backbone.encoder.named_parameters():
        if not parameter_name.endswith(("._mean", "._variance")):
            assert np.isfinite(parameter.grad.numpy()).all(), parameter_name
    x = np.random.default_rng(0).standard_normal((1, 3, 64, 80)).astype(np.float32)
    compiled = CompiledLayer(backbone, [x.shape], cache_dir=tmp_path)
    assert compiled.compiled
    with paddle.no_grad():
        wanted = backbone(paddle.to_tensor(x)).numpy()
    assert np.abs(compiled(x)[0] - wanted).max() <= 1e-4 * np.abs(wanted).max()


@every
def test_what_an_encoder_cannot_do_is_one_clear_line(name: str, arguments: dict[str, object]) -> None:
    encoder = _encoder(name, arguments)
    if encoder.imagenet is None:
        with pytest.raises(InputError, match=f"no ImageNet weights are known for '{name}'; .* EfficientNetLite"):
            load_pretrained(DeepLab(encoder, 8, (1,), 8, 8), "imagenet")
    if name != "EfficientNetLite":
        with pytest.raises(InputError, match=f"{name} has no blocks that can be narrowed"):
            slim(encoder, encoder, [])
    assert (encoder.imagenet is None) == (not encoder.published)
