import numpy as np
import paddle
from paddle import nn

from paddlevideo.solver.average import WeightAverage


def test_average_follows_its_definition_and_leaves_the_rest() -> None:
    layer = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1D(2))
    layer[0].bias.stop_gradient = True
    average = WeightAverage(layer, 0.5)
    expected = layer[0].weight.numpy().copy()
    for step in range(6):
        layer[0].weight.set_value(paddle.full([2, 2], float(step)))
        layer[0].bias.set_value(paddle.full([2], float(step)))
        average.update(step)
        keep = min(0.5, (1 + step) / (10 + step))
        expected = keep * expected + (1 - keep) * step
    state = average.state()
    np.testing.assert_allclose(state["0.weight"].numpy(), expected, rtol=1e-6)
    assert state["0.bias"].numpy().tolist() == [5.0, 5.0]
    assert set(state) == set(layer.state_dict())


def test_applied_swaps_the_weights_in_and_back() -> None:
    layer = nn.Linear(2, 2)
    average = WeightAverage(layer, 0.9)
    before = layer.weight.numpy().copy()
    layer.weight.set_value(paddle.ones([2, 2]) * 7)
    with average.applied():
        np.testing.assert_array_equal(layer.weight.numpy(), before)
    assert (layer.weight.numpy() == 7).all()
