"""From logits to hard masks, and the masks of a session kept small."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ...kernels.elementwise import positions
from ...kernels.parallel import run_in_parallel
from ...utils.arrays import Floats, Mask

CompressedMask = tuple[
    bytes, tuple[int, ...], bytes, tuple[int, ...]
]  # mask and grid label, compressed, and their shapes


def upsample_labels(logits: Floats, ids: Sequence[int], size: tuple[int, int]) -> Mask:
    """Ids (H,W) of the largest of ``logits`` (O,h,w) brought to ``size``, bilinear with aligned corners."""
    return _labels_at(logits, ids, positions(logits.shape[1], size[0]), positions(logits.shape[2], size[1]))


def grid_labels(logits: Floats, ids: Sequence[int], size: tuple[int, int], aligned: bool = False) -> Mask:
    """What `nearest_labels` makes of ``upsample_labels(logits, ids, size)`` at the logits' own grid, without the rest.

    ``size`` (H,W) is that of what the network is fed: networks were trained with labels that come about like this.
    """
    height, width = logits.shape[1:]
    rows = positions(height, size[0])
    columns = positions(width, size[1])
    picked_rows, picked_columns = _picked(size[0], height, aligned), _picked(size[1], width, aligned)
    return _labels_at(
        logits,
        ids,
        (rows[0][picked_rows], rows[1][picked_rows]),
        (columns[0][picked_columns], columns[1][picked_columns]),
    )


def nearest_labels(mask: Mask, size: tuple[int, int], aligned: bool = False) -> Mask:
    """Mask (H,W) at another ``size`` (h,w), the nearest pixel of each.

    Corners are ``aligned``, see `Preprocess.aligned`, or the reference's rule counts: row i reads row floor(i * H / h).
    """
    height, width = mask.shape
    return mask[np.ix_(_picked(height, size[0], aligned), _picked(width, size[1], aligned))]


def only(mask: Mask, ids: Sequence[int]) -> Mask:
    """The mask with these ids alone; others become background."""
    kept = np.isin(np.arange(256), ids)
    return np.where(kept[mask], mask, 0).astype(np.uint8)


def _picked(source: int, target: int, aligned: bool) -> NDArray[np.int64]:
    if aligned:
        return np.rint(np.arange(target) * ((source - 1) / max(target - 1, 1))).astype(np.int64)
    return np.arange(target) * source // target


def _labels_at(
    logits: Floats,
    ids: Sequence[int],
    rows: tuple[NDArray[np.int64], Floats],
    columns: tuple[NDArray[np.int64], Floats],
) -> Mask:
    out = np.empty((len(rows[0]), len(columns[0])), np.uint8)
    logits = np.ascontiguousarray(logits, dtype=np.float32)
    values = np.asarray(ids, np.uint8)
    run_in_parallel(lambda start, stop: _label_rows(logits, values, rows, columns, start, stop, out), len(out))
    return out


@njit(cache=True, nogil=True, fastmath=True)
def _label_rows(logits, ids, rows, columns, start, stop, out):  # type: ignore[no-untyped-def]
    objects, height, width = logits.shape
    top, down = rows
    left, right = columns
    narrow = np.empty(width, np.float32)
    best = np.empty(out.shape[1], np.float32)
    for i in range(start, stop):
        for o in range(objects):
            upper = logits[o, top[i]]
            lower = logits[o, min(top[i] + 1, height - 1)]
            for j in range(width):
                narrow[j] = upper[j] + (lower[j] - upper[j]) * down[i]
            for j in range(out.shape[1]):
                k = left[j]
                value = narrow[k] + (narrow[min(k + 1, width - 1)] - narrow[k]) * right[j]
                if o == 0 or value > best[j]:
                    best[j] = value
                    out[i, j] = ids[o]


class MaskStore:
    """Each frame's mask at the video's own size and its label on the embedding grid, compressed."""

    def __init__(self) -> None:
        self.kept: dict[int, CompressedMask] = {}

    def put(self, frame: int, mask: Mask, grid: Mask) -> None:
        """Keep the mask (H,W) and the grid label (h,w) of ``frame``."""
        self.kept[frame] = (_pack(mask), mask.shape, _pack(grid), grid.shape)

    def mask(self, frame: int) -> Mask | None:
        """The mask (H,W) of ``frame``, None when no round has reached it."""
        kept = self.kept.get(frame)
        return None if kept is None else _unpack(kept[0], kept[1])

    def grid(self, frame: int) -> Mask | None:
        """The label (h,w) of ``frame``, None when no round has reached it."""
        kept = self.kept.get(frame)
        return None if kept is None else _unpack(kept[2], kept[3])

    def __contains__(self, frame: object) -> bool:
        return frame in self.kept

    def __len__(self) -> int:
        return len(self.kept)

    def take_over(self, other: MaskStore, but: int) -> None:
        """Have what ``other`` has of all frames but one."""
        self.kept |= {frame: kept for frame, kept in other.kept.items() if frame != but}

    def saved(self, frame: int) -> CompressedMask | None:
        """What is kept of ``frame``, for `restore`; an object of its own for every `put`."""
        return self.kept.get(frame)

    def restore(self, frame: int, saved: CompressedMask | None) -> None:
        """Have of ``frame`` what `saved` gave; None is nothing."""
        self.kept.pop(frame, None)
        if saved is not None:
            self.kept[frame] = saved

    def copy(self) -> MaskStore:
        """The store as it is now; costs one pointer a frame."""
        twin = MaskStore()
        twin.kept = dict(self.kept)
        return twin


def _pack(mask: Mask) -> bytes:
    return zlib.compress(np.ascontiguousarray(mask, dtype=np.uint8).data, 1)


def _unpack(packed: bytes, shape: tuple[int, ...]) -> Mask:
    return np.frombuffer(bytearray(zlib.decompress(packed)), np.uint8).reshape(shape)
