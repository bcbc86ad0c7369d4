"""The first rounds of a session from masks, in which an object may come in later."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from ..loader.replay_file import Propagation
from .session import Session

Propagate = Callable[[str, Propagation], None]  # a title for the bar, and how far


def run_masks(
    session: Session, masks: Mapping[int, np.ndarray], frames: int, objects: int, propagate: Propagate
) -> None:
    """Give the session each mask (H, W) on its frame, in their order, and propagate it over the clip of ``frames``.

    The first one goes over the whole clip, each later one from halfway to the one before it: what was given stays.
    Objects that a mask brings in are there from its frame on. Those that came in before and that it does not show keep
    the mask they have on its frame.
    """
    ids = {frame: set(np.unique(mask[mask > 0]).tolist()) for frame, mask in sorted(masks.items())}
    everything = set().union(*ids.values())
    staged = next(iter(ids.values()), everything) != everything
    known: set[int] = set()
    last = 0  # the frame of the mask before
    for number, (frame, shown) in enumerate(ids.items(), 1):
        mask = masks[frame]
        before, known = known, known | shown
        if staged and known != before:
            session.set_objects(sorted(known))
        if before - shown:
            stands = session.mask(frame)
            mask = np.where((mask == 0) & np.isin(stands, sorted(before - shown)), stands, mask)
        session.add_mask(frame, mask)
        title = "from the first mask" if len(masks) == 1 else f"mask {number} of {len(masks)}, frame {frame}"
        start = frame if shown - before else (last + frame) // 2 + 1
        propagate(title, Propagation(span=(start, frames - 1)) if before else Propagation())
        last = frame
    if staged:  # strokes may be on objects that no mask shows
        session.set_objects(range(1, objects + 1))
