"""Data: videos, DAVIS folders, scribbles, and the samples and batches of training."""

from __future__ import annotations

from . import clip_dataset, rounds_dataset, samples, transforms

__all__ = ["clip_dataset", "rounds_dataset", "samples", "transforms"]
