"""How it is learned: update rules, learning rates, the clip, the average of the weights."""

from .average import WeightAverage
from .optimizers import SGD, AdamW, Optimizer, build_optimizer
from .schedules import PolynomialDecay, Schedule

__all__ = [
    "SGD",
    "AdamW",
    "Optimizer",
    "PolynomialDecay",
    "Schedule",
    "WeightAverage",
    "build_optimizer",
]
