"""Batch norms that take their statistics over the batches of all processes."""

from __future__ import annotations

from typing import Any

import paddle
from paddle import nn
from paddle.autograd import PyLayer

from ..utils.processes import sum_in_place, world_size
from ..utils.runtime import device


def synchronise_norms(model: nn.Layer) -> int:
    """Let the trained batch norms of ``model`` see all processes' batches; return how many, 0 in a single process.

    Frozen norms stay as they are. Weights, statistics and their names are kept. On cards the norms are Paddle's own.
    """
    if world_size() == 1:
        return 0
    count = 0
    for layer in model.sublayers(include_self=True):
        for name, norm in list(layer.named_children()):
            if isinstance(norm, nn.BatchNorm2D) and _is_trained(norm):
                layer.add_sublayer(name, _synchronised(norm))
                count += 1
    return count


class SyncBatchNorm2D(nn.BatchNorm2D):
    """`paddle.nn.SyncBatchNorm`, which exists for cards only, for a CPU: x (B,C,H,W), B may differ by process.

    Every pixel of every process counts the same. As in Paddle's batch norm on a CPU, the running variance takes in
    the biased variance of the batch.
    """

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        if not self.training:
            return super().forward(x)
        pixels = float(x.shape[0] * x.shape[2] * x.shape[3])
        sums = SumOverProcesses.apply(paddle.concat([x.sum([0, 2, 3]), paddle.full([1], pixels, x.dtype)]))
        count = sums[-1].detach()
        mean = sums[:-1] / count
        centred = x - _by_channel(mean)
        variance = SumOverProcesses.apply((centred * centred).sum([0, 2, 3])) / count
        self._follow(mean, variance)
        return centred * _by_channel(self.weight * paddle.rsqrt(variance + self._epsilon)) + _by_channel(self.bias)

    @paddle.no_grad()
    def _follow(self, mean: paddle.Tensor, variance: paddle.Tensor) -> None:
        for running, of_batch in ((self._mean, mean), (self._variance, variance)):
            running.set_value(running * self._momentum + of_batch * (1 - self._momentum))


class SumOverProcesses(PyLayer):
    """The sum of a tensor over the processes; its gradient is the sum of all processes' gradients."""

    @staticmethod
    def forward(ctx: Any, x: paddle.Tensor) -> paddle.Tensor:
        return _summed(x)

    @staticmethod
    def backward(ctx: Any, gradient: paddle.Tensor) -> paddle.Tensor:
        return _summed(gradient)


def _summed(x: paddle.Tensor) -> paddle.Tensor:
    x = x.clone().detach()
    sum_in_place(x)
    return x


def _is_trained(norm: nn.BatchNorm2D) -> bool:
    return not (norm._use_global_stats or norm.weight is None or norm.weight.stop_gradient)


def _synchronised(norm: nn.BatchNorm2D) -> nn.Layer:
    if device() == "gpu":
        return nn.SyncBatchNorm.convert_sync_batchnorm(norm)
    twin = SyncBatchNorm2D(norm._num_features, norm._momentum, norm._epsilon)
    twin.weight, twin.bias = norm.weight, norm.bias
    twin._mean, twin._variance = norm._mean, norm._variance
    twin.training = norm.training
    return twin


def _by_channel(values: paddle.Tensor) -> paddle.Tensor:
    return values.reshape([1, -1, 1, 1])
