"""Whole networks."""

from .manet import MANet

__all__ = ["MANet"]
