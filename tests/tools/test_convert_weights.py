"""The converter's own changes to weights; names and formats are in tests/weights/test_files.py."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle
import pytest

from paddlevideo.config.loading import load_config
from paddlevideo.modeling import MANet, build_model
from paddlevideo.weights.files import load_into, load_weights, save_weights
from tools import convert_weights

TOY = Path(__file__).parents[2] / "configs" / "segmentation" / "manet_toy.yaml"


def _keys(large: bool) -> list[str]:
    contexts = [f"MODEL.{head}_head.context={int(large)}" for head in ("interaction", "propagation")]
    return [f"MODEL.interaction_map={large}", f"MODEL.rivals={large}", *contexts]


def _model(large: bool) -> MANet:
    paddle.seed(int(large))
    model = build_model(load_config(TOY, _keys(large))["MODEL"])
    model.eval()
    return model


def _save(model: MANet, path: Path) -> str:
    save_weights(path, {name: value.numpy() for name, value in model.state_dict().items()})
    return str(path)


def _grow(source: str, target: Path, keys: list[str]) -> int:
    overrides = [argument for key in keys for argument in ("-o", key)]
    return convert_weights.main([source, str(target), "--grow", str(TOY), *overrides])


def test_grown_weights_answer_as_before_and_what_is_new_can_learn(tmp_path: Path) -> None:
    small, large = _model(False), _model(True)
    target = tmp_path / "large.pdparams"
    assert _grow(_save(small, tmp_path / "small.pdparams"), target, _keys(True)) == 0
    load_into(large, target)
    embedding, maps = paddle.randn([1, 48, 6, 8]), paddle.rand([2, 3, 6, 8])
    label = paddle.to_tensor(np.random.default_rng(0).integers(-1, 3, (6, 8)))
    before = small.interaction_logits(embedding, label, None, [0, 1, 2])
    after = large.interaction_logits(embedding, label, None, [0, 1, 2], maps[0])
    assert np.abs((before - after).numpy()).max() < 1e-5
    before = small.propagation_logits(embedding, *maps, label, [0, 1, 2])
    after = large.propagation_logits(embedding, *maps, label, [0, 1, 2])
    assert np.abs((before - after).numpy()).max() < 1e-5
    after.square().sum().backward()
    head = large.propagation_head
    assert float(head.layer1.conv2.weight.grad[:, -2:].abs().sum()) > 0
    assert float(head.context.conv.weight.grad.abs().sum()) > 0


def test_weights_with_a_context_grow_a_deeper_one_without_effect(tmp_path: Path) -> None:
    deeper = [*_keys(True), "MODEL.interaction_head.deep=2"]
    target = tmp_path / "deep.pdparams"
    large = _model(True)
    large.interaction_head.context.conv.weight.set_value(paddle.randn(large.interaction_head.context.conv.weight.shape))
    assert _grow(_save(large, tmp_path / "large.pdparams"), target, deeper) == 0
    deep = build_model(load_config(TOY, deeper)["MODEL"])
    load_into(deep, target)
    deep.eval()
    x = paddle.randn([2, large.interaction_head.in_channels, 9, 12])
    before, after = large.interaction_head(x), deep.interaction_head(x)
    assert float(before.std()) > 0 and float((before - after).abs().max()) < 1e-5
    after.square().sum().backward()
    assert float(deep.interaction_head.context.deep[1].conv3.weight.grad.abs().sum()) > 0


def test_weights_grow_into_the_model_they_have_only_with_themselves(tmp_path: Path) -> None:
    source = _save(_model(True), tmp_path / "large.pdparams")
    assert _grow(source, tmp_path / "same.pdparams", _keys(True)) == 0
    same, large = load_weights(tmp_path / "same.pdparams"), load_weights(source)
    assert same.keys() == large.keys() and all(np.array_equal(same[name], large[name]) for name in large)


@pytest.mark.parametrize("missing", ["smaller", "head", "encoder"])
def test_weights_that_do_not_grow_into_a_model_are_refused(missing: str, tmp_path: Path, capsys) -> None:
    state = {name: value.numpy() for name, value in _model(missing == "smaller").state_dict().items()}
    gone = {"head": "interaction_head.", "encoder": "backbone.encoder."}.get(missing, "none")
    source = tmp_path / "part.pdparams"
    save_weights(source, {name: value for name, value in state.items() if not name.startswith(gone)})
    assert _grow(str(source), tmp_path / "out.pdparams", _keys(missing != "smaller")) == 2
    assert "do not grow" in capsys.readouterr().err and not (tmp_path / "out.pdparams").exists()


def test_the_mean_of_two_files_is_number_by_number(tmp_path: Path, capsys) -> None:
    paths = [tmp_path / f"{name}.pdparams" for name in ("one", "two", "other", "out")]
    kernels = [np.full((2, 3, 1, 1), value, np.float32) for value in (1.0, 4.0)]
    for path, kernel in zip(paths, [*kernels, np.zeros((1, 3, 1, 1), np.float32)], strict=False):
        save_weights(path, {"embedding.conv.weight": kernel})
    one, two, other, out = map(str, paths)
    assert convert_weights.main([one, out, "--mean-with", two]) == 0
    assert (load_weights(out)["embedding.conv.weight"] == 2.5).all()
    assert convert_weights.main([one, str(tmp_path / "none"), "--mean-with", other]) == 2
    assert "not of the same model" in capsys.readouterr().err


def test_a_narrower_encoder_is_fitted_to_the_frames_of_training(tmp_path: Path, tiny_davis: Path, monkeypatch) -> None:
    monkeypatch.setattr(convert_weights, "SLIM_FRAMES", 4)
    wide = _model(True)
    for block in list(wide.backbone.encoder.blocks)[1:]:  # every other channel is of no use
        kernel = block.project.conv.weight.numpy().copy()
        kernel[:, 1::2] = 0
        block.project.conv.weight.set_value(kernel)
    hidden = [block.shape.hidden // 2 for block in list(wide.backbone.encoder.blocks)[1:]]
    data = [f"DATASET.train.file_path={tiny_davis}", "DATASET.train.photographs=null", "DATASET.batch_size=2"]
    keys = [*_keys(True), *data, f"MODEL.backbone.encoder.hidden={hidden}"]
    overrides = [argument for key in keys for argument in ("-o", key)]
    target = tmp_path / "narrow.pdparams"
    arguments = [_save(wide, tmp_path / "wide.pdparams"), str(target), "--slim", str(TOY), *overrides]
    assert convert_weights.main(arguments) == 0
    narrow = build_model(load_config(TOY, keys)["MODEL"])
    load_into(narrow, target)
    narrow.eval()
    x = paddle.randn([1, 3, 64, 64])
    before, after = wide.embed(x), narrow.embed(x)
    assert float((before - after).square().mean() / before.square().mean()) < 0.01
    assert convert_weights.main([str(target), str(tmp_path / "again"), "--slim", str(TOY), *overrides]) == 2
