"""What a run is judged by: J and F of masks (`region_boundary`), and their course over rounds (`round_metric`)."""

from __future__ import annotations

from .region_boundary import boundary_accuracy, frame_scores, region_similarity
from .round_metric import RoundMetric

__all__ = ["RoundMetric", "boundary_accuracy", "frame_scores", "region_similarity"]
