"""A head that shares the embedding's work among objects gives what it gives for each object alone."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from paddlevideo.modeling.heads import SeparableHead, shared_head
from paddlevideo.modeling.heads.shared import JoinedHead, SharedHead


def _head(**settings: int) -> SeparableHead:
    rng = np.random.default_rng(0)
    head = SeparableHead(5 + 3, 8, blocks=2, kernel_size=3, **settings)
    for value in head.state_dict().values():
        value.set_value(rng.uniform(0.2, 1.2, value.shape).astype("float32"))
    head.eval()
    return head


@pytest.mark.parametrize("settings", [{}, {"context": 1, "deep": 1}])
@pytest.mark.parametrize("objects", [1, 2, 3])
def test_the_logits_are_those_of_each_object_alone(settings: dict[str, int], objects: int) -> None:
    head = _head(**settings)
    rng = np.random.default_rng(1)
    embedding = paddle.to_tensor(rng.standard_normal((1, 5, 12, 16)).astype("float32"))
    planes = paddle.to_tensor(rng.standard_normal((objects, 3, 12, 16)).astype("float32"))
    with paddle.no_grad():
        got = shared_head(head, 5, objects)(embedding, planes).numpy()
        alone = [head(paddle.concat([embedding, planes[k : k + 1]], axis=1)).numpy() for k in range(objects)]
    wanted = np.concatenate(alone)
    assert got.shape == (objects, 1, 12, 16)
    assert np.abs(got - wanted).max() <= 1e-5 * np.abs(wanted).max()


def test_only_several_objects_and_separable_heads_share() -> None:
    assert isinstance(shared_head(_head(), 5, 2), SharedHead)
    assert isinstance(shared_head(_head(), 5, 1), JoinedHead)
    assert isinstance(shared_head(paddle.nn.Conv2D(8, 1, 1), 5, 2), JoinedHead)


def test_the_head_itself_is_left_as_it_was() -> None:
    head = _head()
    before = {name: value.numpy().copy() for name, value in head.state_dict().items()}
    shared_head(head, 5, 2)
    after = head.state_dict()
    assert before.keys() == after.keys() and all((before[name] == after[name].numpy()).all() for name in before)
