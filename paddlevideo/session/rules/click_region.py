"""The region of interest of the first round: everything far from the strokes is background."""

from __future__ import annotations

from ...loader.scribbles import UNLABELLED, region_distance, region_of_interest
from ...utils.arrays import Labels


def with_region(label: Labels, click_region: float | None) -> Labels:
    """Return a label (h,w) of strokes, -1 where there are none, with its region of interest filled in.

    ``click_region`` is how far an object may extend from a single click, as a share of the grid's shorter side; None:
    no further than from strokes.
    """
    if not (label != UNLABELLED).any():
        return label
    return region_of_interest(label, region_distance(label, click_region=click_region))
