"""What a run is judged by: J and F of masks (`region_boundary`), and their course over rounds (`round_metric`,
`judge`)."""

from __future__ import annotations

from .judge import DavisJudge
from .region_boundary import boundary_accuracy, frame_scores, region_similarity
from .round_metric import RoundMetric

__all__ = ["DavisJudge", "RoundMetric", "boundary_accuracy", "frame_scores", "region_similarity"]
