"""What a video will need, worked out and logged before it starts."""

from __future__ import annotations

import logging
import math

from ...utils.errors import InputError
from .array_store import GIB, MIB, ArrayStore

logger = logging.getLogger(__name__)


def check_capacity(
    store: ArrayStore, path: str, frames: int, embedding: tuple[int, ...], objects: int, maps: int = 2
) -> None:
    """Say where the embeddings and maps of a video will be: in memory, on the disk, or computed again.

    A round that can be undone keeps the maps that it replaced beside.

    Args:
        path: what the video is called.
        frames: their number.
        embedding: the shape (C,h,w) of one.
        objects: rows of a map, background included.
        maps: kept of each frame: global, local, and the probabilities where rounds mix.

    Raises:
        InputError: not even the maps can be kept.
    """
    one = math.prod(embedding) * store.item_bytes
    kept = maps * objects * math.prod(embedding[1:]) * store.item_bytes
    budget, disk = store.budget_bytes, store.free_disk
    total, least = frames * (one + kept), frames * kept
    spilled = max(0, total - budget)
    needs = (
        f"{path}: {frames} frames need {_size(total)} ({_size(one)} an embedding, {_size(kept)} for the maps of "
        f"{objects} ids); memory takes {_size(budget)}, the disk {_size(disk)} ({store.folder})"
    )
    if not spilled:
        logger.debug("%s: all stay in memory", needs)
    elif spilled <= disk:
        logger.info("%s: %s go to the disk", needs, _size(spilled))
    elif least <= budget + disk:
        store.spare(max(0, least - budget))
        again = min(frames, math.ceil((spilled - disk) / one))
        logger.warning(
            "%s: about %d embeddings will be computed again in every round; raise --max-memory, make room on the "
            "disk, or lower PIPELINE.input.size",
            needs,
            again,
        )
    else:
        raise InputError(
            f"{needs}: too little for the maps alone ({_size(least)}); lower PIPELINE.input.size, raise --max-memory, "
            "or make room on the disk"
        )


def _size(nbytes: int | float) -> str:
    return f"{nbytes / GIB:.1f} GiB" if nbytes >= GIB else f"{nbytes / MIB:.1f} MiB"
