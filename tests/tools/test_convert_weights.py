"""The converter's own changes to weights; names and formats are in tests/utils/test_weights.py."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle

from paddlevideo.modeling import MANet, build_model
from paddlevideo.utils.config import load_config
from paddlevideo.utils.weights import load_into, load_weights, save_weights
from tools import convert_weights

TOY = Path(__file__).parents[2] / "configs" / "segmentation" / "manet_toy.yaml"


def _model(interaction_map: bool) -> MANet:
    paddle.seed(int(interaction_map))
    model = build_model(load_config(TOY, [f"MODEL.interaction_map={interaction_map}"])["MODEL"])
    model.eval()
    return model


def test_an_interaction_head_with_one_more_input_answers_as_before(tmp_path: Path) -> None:
    narrow, wide = _model(False), _model(True)
    source, target = tmp_path / "narrow.pdparams", tmp_path / "wide.pdparams"
    save_weights(source, {name: value.numpy() for name, value in narrow.state_dict().items()})
    assert convert_weights.main([str(source), str(target), "--interaction-map"]) == 0
    load_into(wide, target)
    embedding, seen = paddle.randn([1, 48, 6, 8]), paddle.rand([3, 6, 8])
    scribble = paddle.to_tensor(np.random.default_rng(0).integers(-1, 3, (6, 8)))
    before = narrow.interaction_logits(embedding, scribble, None, [0, 1, 2])
    after = wide.interaction_logits(embedding, scribble, None, [0, 1, 2], seen)
    assert np.abs((before - after).numpy()).max() < 1e-5


def test_a_head_is_widened_once(tmp_path: Path, capsys) -> None:
    source, target = tmp_path / "wide.pdparams", tmp_path / "out.pdparams"
    save_weights(source, {name: value.numpy() for name, value in _model(True).state_dict().items()})
    assert convert_weights.main([str(source), str(target), "--interaction-map"]) == 2
    assert "already" in capsys.readouterr().err and not target.exists()


def test_weights_without_an_interaction_head_are_refused(tmp_path: Path, capsys) -> None:
    source = tmp_path / "part.pdparams"
    save_weights(source, {"embedding.conv.weight": np.zeros((2, 2, 1, 1), np.float32)})
    assert convert_weights.main([str(source), str(tmp_path / "out.pdparams"), "--interaction-map"]) == 2
    assert "no interaction head" in capsys.readouterr().err and not (tmp_path / "out.pdparams").exists()


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
