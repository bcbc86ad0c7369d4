"""Both engines on a small network: the compiled one gives what plain Paddle gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle
import pytest
from paddle import nn

from paddlevideo.config.loading import load_config
from paddlevideo.kernels.compiled import CompiledLayer, has_bf16
from paddlevideo.loader.preprocess import Preprocess
from paddlevideo.loader.scribbles import Stroke
from paddlevideo.loader.video import open_frames
from paddlevideo.modeling import MANet, MatchingConfig, SeparableHead, build_model
from paddlevideo.prepare.toy_davis import ToyWorld, write_toy_davis
from paddlevideo.session import engine as engine_module
from paddlevideo.session.engine import CompiledEngine, EagerEngine, build_engine
from paddlevideo.session.session import Session
from paddlevideo.weights.files import load_into

CHANNELS, IMAGE, GRID = 8, (64, 96), (16, 24)
NEEDS_BF16 = pytest.mark.skipif(not has_bf16(), reason="this processor has no bfloat16 instructions")
CONFIGS = Path(__file__).parents[2] / "configs" / "segmentation"


class _Backbone(nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2D(3, CHANNELS, 4, stride=4)

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        return nn.functional.relu(self.conv(images))


def _model(**matching: object) -> MANet:
    paddle.seed(5)
    heads = [SeparableHead(CHANNELS + planes, channels=16, blocks=2, kernel_size=3) for planes in (2, 3)]
    return MANet(
        _Backbone(),
        nn.Conv2D(CHANNELS, CHANNELS, 1),
        heads[0],
        heads[1],
        MatchingConfig(**matching),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("ids", [(0, 1), (0, 1, 2), (0, 1, 4, 5, 9)])
@pytest.mark.parametrize("border", ["background", "ignore"])
def test_engines_agree(ids: tuple[int, ...], border: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    model = _model(window=4, max_references=20, border=border)
    plain, fast = EagerEngine(model), CompiledEngine(model)
    rng = np.random.default_rng(0)
    images = rng.standard_normal((2, 3, *IMAGE)).astype(np.float32)
    label = rng.choice([-1, *ids[:-1]], GRID)
    previous = rng.choice(ids, GRID)
    results = []
    for engine in (plain, fast):
        first, second = engine.embed(images[0]), engine.embed(images[1])
        maps = engine.global_map(second, engine.reference(first, label, ids))
        near = engine.local_map(second, first, previous, ids)
        results.append(
            [
                first,
                maps,
                near,
                engine.interact(first, label, None, ids),
                engine.interact(first, label, previous, ids),
                engine.propagate(second, maps, near, previous, ids),
            ]
        )
    for one, other in zip(*results, strict=True):
        assert one.dtype == other.dtype == np.float32
        assert one.shape == other.shape
        assert np.abs(one - other).max() <= 1e-4 * np.abs(one).max()
    assert (results[0][1][-1] == 1).all()  # the last id is in no label
    assert results[0][0].shape == (CHANNELS, *GRID) and results[0][5].shape == (len(ids), *GRID)


def test_no_earlier_mask_means_all_background() -> None:
    engine = EagerEngine(_model())
    embedding = np.random.default_rng(1).standard_normal((CHANNELS, *GRID)).astype(np.float32)
    scribble = np.full(GRID, -1)
    mask = np.arange(GRID[0] * GRID[1]).reshape(GRID) % 2
    first = engine.interact(embedding, scribble, None, (0, 1))
    assert np.allclose(first, engine.interact(embedding, scribble, np.zeros(GRID, int), (0, 1)), atol=1e-6)
    assert not np.allclose(first, engine.interact(embedding, scribble, mask, (0, 1)), atol=1e-3)


def test_kinds_of_engine() -> None:
    model = _model()
    assert isinstance(build_engine(model, "plain"), EagerEngine)
    assert not model.training
    if not paddle.device.is_compiled_with_cuda():
        assert isinstance(build_engine(model, "fast"), CompiledEngine)


@pytest.mark.parametrize("precision", ["fp32", pytest.param("bf16", marks=NEEDS_BF16)])
@pytest.mark.parametrize("config, smaller", [("manet_lite", []), ("manet", ["MODEL.backbone.encoder.depth=50"])])
def test_the_shipped_networks_compile(config: str, smaller: list[str], precision: str, tmp_path: Path) -> None:
    model = build_model(load_config(CONFIGS / f"{config}.yaml", smaller)["MODEL"])
    embedder = CompiledEngine(model, precision)._layers["embed"]
    size = (96, 160)
    assert CompiledLayer(embedder, [(1, 3, *size)], precision=precision, cache_dir=tmp_path).compiled


def test_bf16_is_fp32_where_the_processor_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(engine_module, "has_bf16", lambda: False)
    model = _model()
    image = np.random.default_rng(0).standard_normal((3, *IMAGE)).astype(np.float32)
    wanted = build_engine(model, "fast").embed(image)
    assert np.array_equal(build_engine(model, "fast", "bf16").embed(image), wanted)
    assert "no bfloat16" in caplog.text


@NEEDS_BF16
def test_bf16_labels_are_those_of_fp32_on_nearly_all_pixels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    write_toy_davis(tmp_path / "toy", ToyWorld(sequences=1, frames=5, size=(144, 256)))
    folder = tmp_path / "toy" / "JPEGImages" / "480p"
    frames = next(folder.iterdir())
    config, weights = CONFIGS / "manet_lite.yaml", CONFIGS.parents[1] / "data" / "weights" / "manet_lite.pdparams"
    masks = []
    for precision in ("fp32", "bf16"):
        cfg = load_config(config, [f"INFERENCE.precision={precision}"])
        model = build_model(cfg["MODEL"])
        load_into(model, weights)
        source = open_frames(frames)
        session = Session(build_engine(model, "fast", precision), source, Preprocess(**cfg["PIPELINE"]["input"]), 1)
        session.add_strokes([Stroke(1, 2, ((0.4, 0.5), (0.6, 0.5)))])
        masks.append(np.stack([result.mask for result in session.propagate()]))
    assert (masks[0] == masks[1]).mean() >= 0.995
