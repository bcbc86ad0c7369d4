"""The definition in eager Paddle against what the package ships: engines part by part, sessions round by round."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paddle import nn

from paddlevideo.loader.frame_source import FrameSource
from paddlevideo.loader.preprocess import Preprocess
from paddlevideo.modeling import MANet, MatchingConfig, SeparableHead
from paddlevideo.modeling.heads import BorderDecoder
from paddlevideo.modeling.planes import interaction_planes, propagation_planes
from paddlevideo.session.engine import CompiledEngine, EagerEngine
from paddlevideo.session.options import SessionOptions
from paddlevideo.session.session import Session
from tests.reference.engine_plain import PlainEngine
from tests.reference.matching_plain import global_map_plain, local_map_plain
from tests.reference.session_plain import PlainSession

CHANNELS, IMAGE, GRID = 6, (48, 64), (12, 16)


def _model(interaction_map: bool = False, rivals: bool = False, **matching: object) -> MANet:
    paddle.seed(3)
    planes = (interaction_planes(interaction_map, rivals), propagation_planes(rivals))
    heads = [SeparableHead(CHANNELS + len(each), channels=12, blocks=2, kernel_size=3) for each in planes]
    embedding = nn.Conv2D(8, CHANNELS, 1)
    embedding.weight.set_value(embedding.weight * 0.5)
    rule = MatchingConfig(**matching)  # type: ignore[arg-type]
    backbone = nn.Conv2D(3, 8, 4, stride=4)
    return MANet(backbone, embedding, *heads, rule, interaction_map=interaction_map, rivals=rivals)


@given(
    height=st.integers(2, 14),
    width=st.integers(2, 14),
    channels=st.integers(1, 9),
    objects=st.integers(1, 4),
    window=st.integers(1, 5),
    limit=st.sampled_from([None, 1, 7]),
    border=st.sampled_from(["background", "ignore"]),
    present=st.integers(-1, 4),
    seed=st.integers(0, 2**16),
)
@settings(max_examples=40, deadline=None)
def test_maps_of_all_engines_are_the_definition(
    height: int,
    width: int,
    channels: int,
    objects: int,
    window: int,
    limit: int | None,
    border: str,
    present: int,
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    first = rng.normal(0, 0.4, (channels, height, width)).astype(np.float32)
    second = first + rng.normal(0, 0.2, first.shape).astype(np.float32)
    ids = list(range(objects + 1))
    # Ids above `present` are in no label, at -1 nothing is labelled.
    label = rng.integers(-1, min(present, objects) + 1, (height, width))
    previous = np.maximum(label, 0)
    model = _model(window=window, max_references=limit, border=border)
    near = local_map_plain(second, first, previous, ids, window, border)
    for engine in (PlainEngine(model), EagerEngine(model), CompiledEngine(model)):
        maps = engine.global_map(second, engine.reference(first, label, ids))
        assert maps.dtype == np.float32
        if limit != 1:  # where one pixel stands for all, the slow definition has no spacing
            assert np.abs(maps - global_map_plain(second, first, label, ids, limit)).max() < 1e-5
        local = engine.local_map(second, first, previous, ids)
        assert local.dtype == np.float32 and np.abs(local - near).max() < 1e-5


@pytest.mark.parametrize("interaction_map", [False, True])
@pytest.mark.parametrize("rivals", [False, True])
@pytest.mark.parametrize("ids", [(0, 1), (0, 1, 2, 3)])
def test_network_of_all_engines_is_the_definition(
    ids: tuple[int, ...], rivals: bool, interaction_map: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    rng = np.random.default_rng(0)
    image = rng.standard_normal((3, *IMAGE)).astype(np.float32)
    label, previous = rng.choice([-1, *ids], GRID), rng.choice(ids, GRID)
    maps = rng.random((2, len(ids), *GRID)).astype(np.float32)
    model = _model(interaction_map, rivals)
    seen = maps[0] if interaction_map else None
    results = []
    for engine in (PlainEngine(model), EagerEngine(model), CompiledEngine(model)):
        embedding = engine.embed(image)
        strokes = [engine.interact(embedding, label, before, ids, seen) for before in (None, previous)]
        results.append([embedding, *strokes, engine.propagate(embedding, *maps, previous, ids)])
    for plain, *others in zip(*results, strict=True):
        for other in others:
            assert other.shape == plain.shape
            assert np.abs(plain - other).max() <= 1e-4 * np.abs(plain).max()


@pytest.mark.parametrize("objects", [1, 3])
def test_finer_logits_of_both_engines_are_the_same(
    objects: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    rng = np.random.default_rng(0)
    model = _model()
    model.border_decoder = BorderDecoder(CHANNELS, channels=8)
    model.border_decoder.conv.weight.set_value(rng.standard_normal((1, 8, 1, 1)).astype(np.float32))
    image = rng.standard_normal((3, *IMAGE)).astype(np.float32)
    engines = EagerEngine(model), CompiledEngine(model)
    embedding = engines[0].embed(image)
    logits = 4 * rng.standard_normal((objects, *embedding.shape[1:])).astype(np.float32)
    eager, compiled = (engine.finer(image, embedding, logits) for engine in engines)
    assert eager.shape == compiled.shape == (objects, *(-(-side // 2) for side in IMAGE))
    assert np.abs(eager - compiled).max() <= 1e-4 * np.abs(eager).max()


class _Clip(FrameSource):
    path, size, rate = "clip", IMAGE, 25.0
    names = [f"{t:05d}" for t in range(5)]

    def _read(self, index: int) -> np.ndarray:
        pixels = np.random.default_rng(9).integers(0, 256, (*IMAGE, 3), np.uint8)
        pixels[10:34, 4 * index : 4 * index + 24] = (220, 40, 20)
        return pixels


@pytest.mark.parametrize("answer", [False, True])
@pytest.mark.parametrize("interaction_map", [False, True])
def test_rounds_of_a_session_are_the_definition(interaction_map: bool, answer: bool) -> None:
    model = _model(interaction_map, window=3)
    for head in (model.interaction_head, model.propagation_head):  # random weights are sure of nothing
        head.conv.weight.set_value(head.conv.weight * 40)
    clip, rng = _Clip(), np.random.default_rng(4)
    preprocess = Preprocess(size=None)
    options = SessionOptions(references="answer" if answer else "strokes")
    plain = PlainSession(PlainEngine(model), clip, preprocess, 2, options)
    session = Session(EagerEngine(model), clip, preprocess, 2, options)
    for frame in (2, 0, 2, 4):
        label = np.full(GRID, -1)
        label[3:8, 4:9] = rng.integers(-1, 3, (5, 5))
        label[4, 5] = 1
        plain.annotate(frame, label)
        session.annotate(frame, label)
        matched = session.rounds[-1].reference
        assert not answer or session.rounds[-1].number > 1 or (matched != label).any()  # more than strokes
        order = [result.frame for result in session.propagate()]
        assert list(plain.propagate()) == order
        for t in range(len(clip)):
            assert (plain.mask(t) == session.mask(t)).mean() >= 0.9995
            assert np.abs(plain.global_memory(t) - session.global_memory(t)).max() < 1e-4
