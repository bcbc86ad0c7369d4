"""Optimisers: Paddle's update rules, with a learning rate, multipliers and a clip that reach every parameter.

Paddle ignores a parameter group's key ``lr`` and clips each group by itself; both went unseen in the earlier port. So
there are no groups here: the rate is set on the optimiser at each step, a multiplier stands on the parameter itself
(``optimize_attr``), and the clip is our own, over all parameters at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import paddle
from paddle import nn

from ..utils.errors import InputError
from ..utils.registry import OPTIMIZERS, SCHEDULES
from .clip import clip_gradients
from .schedules import Schedule


class Optimizer(ABC):
    """What is common to the update rules. Parameters with ``stop_gradient`` are left out.

    Args:
        layer: whose parameters are updated.
        learning_rate: the rate by step.
        weight_decay: strength of the weight decay.
        multipliers: beginnings of parameters' names (``backbone.encoder``) and the factor on their learning rate; the
            longest match counts.
        no_decay: endings of the names of parameters without weight decay (``.bias``); ``1d`` stands for every vector,
            so norms and biases.
        grad_clip: largest global norm of the gradients; null: no clip.
        reference: the schedule reaches the backbone alone, where it is trained, and the rest stays at ``base``, as in
            the official code.
    """

    _built = ("layer",)

    def __init__(
        self,
        layer: nn.Layer,
        learning_rate: Schedule,
        weight_decay: float,
        multipliers: Mapping[str, float] | None,
        no_decay: Sequence[str] | None,
        grad_clip: float | None,
        reference: bool,
    ) -> None:
        self.schedule = learning_rate
        self.grad_clip = grad_clip
        self.reference = reference
        self.parameters = {name: p for name, p in layer.named_parameters() if not p.stop_gradient}
        if not self.parameters:
            raise InputError("OPTIMIZER: every parameter of the model is frozen, there is nothing to train")
        self.factors = self._factors(multipliers or {})
        self._put_factors()
        undecayed = {p.name for name, p in self.parameters.items() if _ends(name, p, no_decay or ())}
        self.rule = self._rule(list(self.parameters.values()), weight_decay, lambda name: name not in undecayed)

    @abstractmethod
    def _rule(
        self, parameters: list[paddle.Tensor], weight_decay: float, decays: Callable[[str], bool]
    ) -> paddle.optimizer.Optimizer:
        """Return Paddle's optimiser; ``decays`` says of a parameter's Paddle name whether weight decay applies."""

    def _factors(self, multipliers: Mapping[str, float]) -> dict[str, float]:
        """Return each parameter's factor on the learning rate."""
        for prefix in multipliers:
            if not any(_under(name, prefix) for name in self.parameters):
                raise InputError(
                    f"OPTIMIZER.multipliers: no trained parameter's name starts with '{prefix}'; "
                    f"they start with: {', '.join(sorted({name.split('.')[0] for name in self.parameters}))}"
                )
        factors = {}
        for name in self.parameters:
            matches = [prefix for prefix in multipliers if _under(name, prefix)]
            factors[name] = float(multipliers[max(matches, key=len)]) if matches else 1.0
        return factors

    def _put_factors(self, on_backbone: float = 1.0) -> None:
        for name, parameter in self.parameters.items():
            factor = self.factors[name] * (on_backbone if _under(name, "backbone") else 1.0)
            parameter.optimize_attr = {"learning_rate": factor}

    def clip(self) -> float:
        """Clip the gradients that stand on the parameters; return their norm before the clip."""
        return clip_gradients(list(self.parameters.values()), self.grad_clip)

    def set_step(self, step: int) -> float:
        """Put the learning rate of optimisation step ``step`` in force and return it."""
        rate = self.schedule(step)
        if self.reference and any(_under(name, "backbone") for name in self.parameters):
            self._put_factors(on_backbone=rate / self.schedule.base)
            self.rule.set_lr(self.schedule.base)
        else:
            self.rule.set_lr(rate)
        return rate

    def state(self) -> dict[str, paddle.Tensor]:
        """Return the accumulators, keyed ``"PARAMETER NAME|ACCUMULATOR"`` with the model's own parameter names.

        Paddle's keys carry names counted up within the process (``conv2d_7.w_0``), which another process or a second
        model need not share.
        """
        names = {p.name: name for name, p in self.parameters.items()}
        state = {}
        for key, value in self.rule.state_dict().items():
            owner = max((name for name in names if key.startswith(name + "_")), key=len, default=None)
            if owner is not None and isinstance(value, paddle.Tensor):
                state[f"{names[owner]}|{key[len(owner) + 1 :]}"] = value
        return state

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over the accumulators that `state` gave."""
        known = {}
        for key, value in state.items():
            name, _, accumulator = key.rpartition("|")
            if name not in self.parameters:
                raise InputError(
                    f"the checkpoint's optimiser state has '{name}', which this config does not train; "
                    "resume with the config the checkpoint was made with"
                )
            known[f"{self.parameters[name].name}_{accumulator}"] = paddle.to_tensor(value)
        self.rule.set_state_dict(known)


@OPTIMIZERS.register
class SGD(Optimizer):
    """Stochastic gradient descent with (Nesterov) momentum; weight decay is added to the gradient (paper section 4).

    Args:
        momentum: share of the last update that is kept.
        nesterov: Nesterov's momentum, which looks one update ahead.
    """

    def __init__(
        self,
        layer: nn.Layer,
        learning_rate: Schedule,
        momentum: float = 0.9,
        nesterov: bool = True,
        weight_decay: float = 4e-5,
        multipliers: Mapping[str, float] | None = None,
        no_decay: Sequence[str] | None = None,
        grad_clip: float | None = None,
        reference: bool = False,
    ) -> None:
        self.momentum = momentum
        self.nesterov = nesterov
        super().__init__(layer, learning_rate, weight_decay, multipliers, no_decay, grad_clip, reference)

    def _rule(
        self, parameters: list[paddle.Tensor], weight_decay: float, decays: Callable[[str], bool]
    ) -> paddle.optimizer.Optimizer:
        for parameter in parameters:
            parameter.regularizer = paddle.regularizer.L2Decay(float(weight_decay) if decays(parameter.name) else 0.0)
        return paddle.optimizer.Momentum(
            learning_rate=self.schedule(0), momentum=self.momentum, use_nesterov=self.nesterov, parameters=parameters
        )


@OPTIMIZERS.register
class AdamW(Optimizer):
    """Adam with decoupled weight decay.

    Args:
        beta1: decay of the mean of the gradients.
        beta2: decay of the mean of their squares.
        epsilon: added to the divisor.
    """

    def __init__(
        self,
        layer: nn.Layer,
        learning_rate: Schedule,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        weight_decay: float = 0.01,
        multipliers: Mapping[str, float] | None = None,
        no_decay: Sequence[str] | None = None,
        grad_clip: float | None = None,
        reference: bool = False,
    ) -> None:
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        super().__init__(layer, learning_rate, weight_decay, multipliers, no_decay, grad_clip, reference)

    def _rule(
        self, parameters: list[paddle.Tensor], weight_decay: float, decays: Callable[[str], bool]
    ) -> paddle.optimizer.Optimizer:
        return paddle.optimizer.AdamW(
            learning_rate=self.schedule(0),
            beta1=self.beta1,
            beta2=self.beta2,
            epsilon=self.epsilon,
            weight_decay=float(weight_decay),
            apply_decay_param_fun=decays,
            parameters=parameters,
        )


def build_optimizer(config: Mapping[str, Any], layer: nn.Layer, total_steps: int) -> Optimizer:
    """Build the section ``OPTIMIZER`` for ``layer``; a schedule without ``total_steps`` gets ``total_steps``."""
    rate = dict(config["learning_rate"])
    if rate.get("total_steps") is None:
        rate["total_steps"] = total_steps
    rest = {key: value for key, value in config.items() if key != "learning_rate"}
    return OPTIMIZERS.build(rest, layer=layer, learning_rate=SCHEDULES.build(rate))


def _under(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


def _ends(name: str, parameter: paddle.Tensor, endings: Sequence[str]) -> bool:
    return any(name.endswith(ending) for ending in endings) or ("1d" in endings and parameter.ndim == 1)
