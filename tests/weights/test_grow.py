"""Weights for a larger model of the same answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest

from paddlevideo.config.loading import load_config
from paddlevideo.modeling import MANet, build_model
from paddlevideo.utils.errors import InputError
from paddlevideo.weights.grow import grown

CONFIG = Path(__file__).parents[2] / "configs" / "segmentation" / "manet_lite.yaml"
SMALL = ["MODEL.propagation_head.deep=0", "MODEL.border_decoder=null", "MODEL.rivals=false"]


def _model(*changes: str) -> MANet:
    return build_model(load_config(CONFIG, ["MODEL.backbone.pretrained=null", *changes])["MODEL"])


def _state(model: MANet) -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in model.state_dict().items()}


def test_what_is_new_changes_no_answer() -> None:
    small, large = _model(*SMALL), _model()
    large.set_state_dict({name: paddle.to_tensor(value) for name, value in grown(_state(small), large).items()})
    rng = np.random.default_rng(0)

    def answers(model: MANet) -> Any:
        model.eval()
        with paddle.no_grad():
            embedding = model.embed(paddle.to_tensor(rng.standard_normal((1, 3, 65, 97)).astype(np.float32)))
            maps = paddle.to_tensor(rng.random((2, 2, *embedding.shape[2:])).astype(np.float32))
            previous = paddle.to_tensor(rng.integers(0, 2, embedding.shape[2:]))
            return model.propagation_logits(embedding, maps[0], maps[1], previous, [0, 1]).numpy()

    before = answers(small)
    rng = np.random.default_rng(0)
    np.testing.assert_allclose(answers(large), before, atol=1e-4 * np.abs(before).max())


def test_weights_do_not_shrink() -> None:
    with pytest.raises(InputError, match="do not grow into this model, which has no border_decoder"):
        grown(_state(_model()), _model("MODEL.border_decoder=null"))
