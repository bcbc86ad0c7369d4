"""Exported networks: their files, and rounds that are played from these alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest
import yaml
from paddle import nn

from paddlevideo.config.loading import load_config
from paddlevideo.loader.scribbles import Stroke
from paddlevideo.modeling import build_model
from paddlevideo.session.deployment.export import export_model
from paddlevideo.session.deployment.exported import RUNTIMES, load_exported
from paddlevideo.session.engine import Engine
from paddlevideo.session.segmenter import Segmenter
from paddlevideo.session.session import Session
from paddlevideo.utils.errors import InputError
from paddlevideo.weights.files import save_weights

ROOT = Path(__file__).parents[3]
LITE = ROOT / "data" / "weights" / "manet_lite.pdparams"
STROKES = [
    Stroke(object_id=1, frame=2, points=((0.26, 0.35), (0.38, 0.35))),
    Stroke(object_id=2, frame=2, points=((0.62, 0.73), (0.72, 0.73))),
]
CORRECTION = [Stroke(object_id=0, frame=4, points=((0.05, 0.9), (0.3, 0.9)))]


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[dict[str, Any], Path, Path]]:
    """Config, weights and export of both models; the larger one's weights are drawn, once with heads that decide."""
    made = {}
    for name in ("manet_lite", "manet", "decided"):
        folder = tmp_path_factory.mktemp(name)
        config = "manet_lite" if name == "manet_lite" else "manet"
        cfg = load_config(ROOT / "configs" / "segmentation" / f"{config}.yaml", ["MODEL.backbone.pretrained=null"])
        cfg["PIPELINE"]["input"]["size"] = 90
        weights = LITE
        if config == "manet":
            paddle.seed(0)
            weights = folder / "manet.pdparams"
            model = build_model(cfg["MODEL"])
            if name == "decided":
                decide(model.interaction_head, {"strokes": 1.0, "previous": 0.5})
                decide(model.propagation_head, {"global_map": -1.0, "local_map": -1.0})
            state = model.state_dict()
            save_weights(weights, {key: value.numpy() for key, value in state.items()})
        export_model(cfg, weights, folder / "exported")
        made[name] = cfg, weights, folder / "exported"
    return made


def decide(head: nn.Layer, signs: dict[str, float]) -> None:
    """Let a head answer by its first planes alone, in the order of ``signs``, so that masks mean something."""
    unused = 1 if "global_map" in signs else 0  # the propagation head's plane of the mask before
    first = head.in_channels - len(signs) - unused  # planes come after the embedding
    for index in range(1, head.blocks + 1):
        block = getattr(head, f"layer{index}")
        centre = paddle.zeros_like(block.conv1.weight)
        centre[:, :, 3, 3] = 1.0
        block.conv1.weight.set_value(centre)
        passed = paddle.zeros_like(block.conv2.weight)
        for at in range(len(signs)):
            passed[at, first + at if index == 1 else at] = 1.0
        block.conv2.weight.set_value(passed)
        for layer in (block.conv1, block.conv2):
            layer.bias.set_value(paddle.zeros_like(layer.bias))
    last = paddle.zeros_like(head.conv.weight)
    for at, sign in enumerate(signs.values()):
        last[0, at] = 20 * sign
    head.conv.weight.set_value(last)


def play(session: Session) -> np.ndarray:
    """Masks (T,H,W) after two rounds."""
    for strokes in (STROKES, CORRECTION):
        session.add_strokes(strokes)
        for _ in session.propagate():
            pass
    return np.stack([session.mask(frame) for frame in range(6)])


@pytest.mark.parametrize("name", ["manet_lite", "decided"])
def test_rounds_from_the_files_are_the_sessions_in_every_runtime(
    name: str, networks: dict[str, tuple[dict[str, Any], Path, Path]], tiny_davis: Path
) -> None:
    cfg, weights, folder = networks[name]
    video = tiny_davis / "JPEGImages" / "480p" / "pair"
    wanted = play(Segmenter.from_config(cfg, weights).open(video, 2))
    assert {*np.unique(wanted)} == {0, 1, 2}
    for runtime in RUNTIMES:
        got = play(load_exported(folder, runtime).open(video, 2))  # type: ignore[arg-type]
        assert (got == wanted).mean() >= 0.999, runtime


def test_the_parts_of_the_larger_network_agree_in_every_runtime(
    networks: dict[str, tuple[dict[str, Any], Path, Path]],
) -> None:
    """Of drawn weights masks mean nothing: ids differ by what rounding is. Numbers do."""
    cfg, weights, folder = networks["manet"]
    plain = Segmenter.from_config(cfg, weights, "plain").engine
    rng = np.random.default_rng(0)
    image = rng.standard_normal((3, 90, 150)).astype(np.float32)
    embedding = plain.embed(image)
    maps = rng.random((2, 3, *embedding.shape[1:])).astype(np.float32)
    label = rng.integers(0, 3, embedding.shape[1:])

    def numbers(engine: Engine) -> list[np.ndarray]:
        ids = [0, 1, 2]
        answers = engine.interact(embedding, label, None, ids), engine.propagate(embedding, *maps, label, ids)
        return [engine.embed(image), *answers]

    wanted = numbers(plain)
    for runtime in RUNTIMES:
        for got, expected in zip(numbers(load_exported(folder, runtime).engine), wanted, strict=True):  # type: ignore[arg-type]
            assert np.abs(got - expected).max() <= 1e-4 * np.abs(expected).max(), runtime


def test_finer_logits_agree_in_every_runtime(networks: dict[str, tuple[dict[str, Any], Path, Path]]) -> None:
    cfg, weights, folder = networks["manet_lite"]
    plain = Segmenter.from_config(cfg, weights, "plain").engine
    rng = np.random.default_rng(0)
    image = rng.standard_normal((3, 97, 145)).astype(np.float32)
    embedding = plain.embed(image)
    logits = 4 * rng.standard_normal((2, *embedding.shape[1:])).astype(np.float32)
    wanted = plain.finer(image, embedding, logits)
    assert wanted.shape == (2, 49, 73)
    for runtime in RUNTIMES:
        got = load_exported(folder, runtime).engine.finer(image, embedding, logits)  # type: ignore[arg-type]
        assert np.abs(got - wanted).max() <= 1e-4 * np.abs(wanted).max(), runtime


def test_the_description_says_how_to_feed_the_parts(networks: dict[str, tuple[dict[str, Any], Path, Path]]) -> None:
    cfg, _, folder = networks["manet_lite"]
    said = yaml.safe_load((folder / "model.yaml").read_text(encoding="utf-8"))
    assert said["preprocess"] == cfg["PIPELINE"]["input"]
    assert said["parts"]["embed"]["inputs"] == {"image": [1, 3, "height", "width"]}
    assert said["parts"]["interact"]["inputs"]["planes"][1] == len(said["parts"]["interact"]["planes"])
    assert said["parts"]["propagate"]["outputs"] == {"logits": [1, 1, "h", "w"]}
    assert said["parts"]["borders"]["inputs"]["image"] == [1, 3, "height", "width"]
    assert said["parts"]["borders"]["inputs"]["logits"] == [1, 1, "h", "w"]
    assert load_exported(folder).options == Segmenter.from_config(cfg, LITE).options


def test_a_second_export_replaces_the_first_and_no_file_of_a_person(tmp_path: Path) -> None:
    cfg = load_config(ROOT / "configs" / "segmentation" / "manet_lite.yaml", ["MODEL.backbone.pretrained=null"])
    export_model(cfg, LITE, tmp_path)
    export_model(cfg, LITE, tmp_path)
    (tmp_path / "embed.onnx").write_bytes(b"mine")
    with pytest.raises(InputError, match=r"embed\.onnx: would be lost"):
        export_model(cfg, LITE, tmp_path)
    assert (tmp_path / "embed.onnx").read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder / "model.yaml").unlink(), "no exported network"),
        (lambda folder: (folder / "model.yaml").write_text("format: 3"), "is not what export_model.py writes"),
        (lambda folder: (folder / "interact.onnx").unlink(), "interact.onnx: is missing"),
        (
            lambda folder: (folder / "model.yaml").write_text(
                (folder / "model.yaml").read_text().replace("format: 3", "format: 9")
            ),
            "has format 9",
        ),
    ],
)
def test_spoiled_exports_are_named(
    spoil: Any, message: str, networks: dict[str, tuple[dict[str, Any], Path, Path]], tmp_path: Path
) -> None:
    for path in networks["manet_lite"][2].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    spoil(tmp_path)
    with pytest.raises(InputError, match=message):
        load_exported(tmp_path, "onnx")
