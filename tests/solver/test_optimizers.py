import numpy as np
import paddle
import pytest
from paddle import nn

from paddlevideo.solver.optimizers import Optimizer, build_optimizer
from paddlevideo.utils.errors import InputError


class Toy(nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4))
        self.frozen = nn.Linear(4, 4)
        self.head = nn.Linear(4, 2)
        for parameter in self.frozen.parameters():
            parameter.stop_gradient = True

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return self.head(self.frozen(self.backbone(x)))


RATE = {"name": "PolynomialDecay", "base": 0.5, "power": 1.0}


def make(total_steps: int = 10, **options: object) -> tuple[Toy, Optimizer]:
    paddle.seed(0)
    model = Toy()
    return model, build_optimizer({"name": "SGD", "learning_rate": RATE, **options}, model, total_steps)


def one_step(model: Toy, optimizer: Optimizer, step: int, scale: float = 1.0) -> tuple[dict, dict, float]:
    """Return the change of each parameter, the gradient before the clip, and the norm that the clip reports."""
    x = paddle.to_tensor(np.random.default_rng(step).normal(size=(8, 3)).astype("float32"))
    before = {name: p.numpy().copy() for name, p in model.named_parameters()}
    optimizer.set_step(step)
    ((model(x) ** 2).sum() * scale).backward()
    gradients = {name: p.grad.numpy().copy() for name, p in optimizer.parameters.items()}
    norm = optimizer.clip()
    optimizer.rule.step()
    optimizer.rule.clear_grad(set_to_zero=False)
    return {name: p.numpy() - before[name] for name, p in model.named_parameters()}, gradients, norm


def test_schedule_and_multiplier_reach_every_parameter_by_a_real_step() -> None:
    multipliers = {"backbone": 0.1, "backbone.1": 0.5}
    for step, rate in ((0, 0.5), (5, 0.25), (9, 0.05)):
        model, optimizer = make(momentum=0.0, nesterov=False, weight_decay=0.0, multipliers=multipliers)
        changes, gradients, _ = one_step(model, optimizer, step)
        for name, gradient in gradients.items():
            factor = 0.5 if name.startswith("backbone.1.") else 0.1 if name.startswith("backbone.") else 1.0
            np.testing.assert_allclose(changes[name], -rate * factor * gradient, rtol=1e-4, atol=1e-6)


def test_clip_is_over_all_parameters_with_one_factor() -> None:
    options = {"momentum": 0.0, "nesterov": False, "weight_decay": 0.0, "multipliers": {"backbone": 1.0}}
    model, optimizer = make(grad_clip=2.0, **options)
    changes, gradients, norm = one_step(model, optimizer, 0, scale=100.0)
    expected = np.sqrt(sum((gradient.astype("float64") ** 2).sum() for gradient in gradients.values()))
    assert norm == pytest.approx(expected, rel=1e-5) and norm > 20
    moved = np.sqrt(sum((change.astype("float64") ** 2).sum() for change in changes.values()))
    assert moved == pytest.approx(0.5 * 2.0, rel=1e-3)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(changes[name], -0.5 * gradient * 2.0 / norm, rtol=1e-3, atol=1e-6)


def test_small_gradients_are_not_scaled() -> None:
    model, optimizer = make(momentum=0.0, nesterov=False, weight_decay=0.0, grad_clip=1e6)
    changes, gradients, _ = one_step(model, optimizer, 0)
    np.testing.assert_allclose(changes["head.weight"], -0.5 * gradients["head.weight"], rtol=1e-5, atol=1e-7)


def test_frozen_parameters_stay() -> None:
    model, optimizer = make()
    changes, _, _ = one_step(model, optimizer, 0)
    assert not any(name.startswith("frozen") for name in optimizer.parameters)
    assert np.abs(changes["frozen.weight"]).max() == 0 < np.abs(changes["head.weight"]).max()


def test_nesterov_momentum_as_defined() -> None:
    model, optimizer = make(momentum=0.9, nesterov=True, weight_decay=0.0)
    changes, first, _ = one_step(model, optimizer, 0)
    np.testing.assert_allclose(changes["head.bias"], -0.5 * 1.9 * first["head.bias"], rtol=1e-4, atol=1e-6)
    changes, second, _ = one_step(model, optimizer, 1)
    velocity = 0.9 * first["head.bias"] + second["head.bias"]
    np.testing.assert_allclose(changes["head.bias"], -0.45 * (second["head.bias"] + 0.9 * velocity), rtol=1e-4)


@pytest.mark.parametrize("name", ["SGD", "AdamW"])
def test_weight_decay_spares_what_no_decay_names(name: str) -> None:
    plain_model, plain = make(name=name, weight_decay=0.0)
    model, decayed = make(name=name, weight_decay=0.3, no_decay=[".bias", "1d"])
    plain_changes, _, _ = one_step(plain_model, plain, 0)
    changes, _, _ = one_step(model, decayed, 0)
    for key in plain.parameters:
        difference = np.abs(changes[key] - plain_changes[key]).max()
        assert (difference > 1e-3) == (key.endswith("weight") and key != "backbone.1.weight"), key


@pytest.mark.parametrize("name", ["SGD", "AdamW"])
def test_state_goes_to_another_model_bit_for_bit(name: str) -> None:
    model, optimizer = make(name=name, weight_decay=0.01)
    one_step(model, optimizer, 0)
    saved = {key: value.numpy().copy() for key, value in optimizer.state().items()}
    weights = {key: value.numpy().copy() for key, value in model.state_dict().items()}
    one_step(model, optimizer, 1)

    other, resumed = make(name=name, weight_decay=0.01)
    other.set_state_dict(weights)
    resumed.restore(saved)
    one_step(other, resumed, 1)
    for key, value in model.state_dict().items():
        assert np.array_equal(value.numpy(), other.state_dict()[key].numpy()), key
    assert all(key.split("|")[0] in optimizer.parameters for key in saved) and saved


def test_wrong_input_is_named() -> None:
    with pytest.raises(InputError, match="'encoder'"):
        make(multipliers={"encoder": 0.1})
    with pytest.raises(InputError, match="did you mean 'AdamW'"):
        make(name="Adamw")
    with pytest.raises(InputError, match="'gone'"):
        make()[1].restore({"gone|velocity_0": np.zeros(3)})


def test_reference_schedules_the_backbone_alone() -> None:
    model, optimizer = make(momentum=0.0, nesterov=False, weight_decay=0.0, reference=True, multipliers={"head": 0.5})
    for step, rate in ((0, 0.5), (5, 0.25), (10, 0.0)):
        changes, gradients, _ = one_step(model, optimizer, step)
        for name, gradient in gradients.items():
            expected = -(rate if name.startswith("backbone.") else 0.5 * 0.5) * gradient
            np.testing.assert_allclose(changes[name], expected, rtol=1e-4, atol=1e-5)
