"""Masks as COCO run-length encoding in one JSON file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from pycocotools import mask as coco

from ..utils.files import atomic_path

Record = dict[str, Any]


def encode_mask(mask: np.ndarray, frame: int, name: str, objects: int | Sequence[int]) -> list[Record]:
    """Return a record for each of the objects (1..``objects``, or these ids) of one frame, absent ones with area 0.

    A record is ``{"frame", "name", "object_id", "rle": {"size": [H, W], "counts": str}, "area", "bbox": [x, y, w, h]}``
    in pixels, with ``counts`` in COCO's compressed form, as `pycocotools.mask.decode` takes it.
    """
    records = []
    for object_id in range(1, objects + 1) if isinstance(objects, int) else objects:
        rle = coco.encode(np.asfortranarray(mask == object_id, dtype=np.uint8))
        records.append(
            {
                "frame": frame,
                "name": name,
                "object_id": object_id,
                "rle": {"size": [int(side) for side in rle["size"]], "counts": rle["counts"].decode("ascii")},
                "area": int(coco.area(rle)),
                "bbox": [float(value) for value in coco.toBbox(rle)],
            }
        )
    return records


def decode_record(record: Record) -> np.ndarray:
    """Return the (H, W) bool mask of one record."""
    return coco.decode(record["rle"]).astype(bool)


@contextmanager
def rle_file(path: str | Path, size: tuple[int, int], frames: int) -> Iterator[Callable[[Record], None]]:
    """Write ``{"size": [H, W], "frames": T, "annotations": records}`` as JSON, whole or not at all.

    Yields what adds a record; none is kept in memory.
    """
    head = json.dumps({"size": [int(side) for side in size], "frames": frames})
    separator = ""

    def add(record: Record) -> None:
        nonlocal separator
        file.write(separator + json.dumps(record))
        separator = ", "

    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        file.write(head[:-1] + ', "annotations": [')
        yield add
        file.write("]}")


def write_rle(path: str | Path, records: Iterable[Record], size: tuple[int, int], frames: int) -> None:
    """Write all records at once, see `rle_file`."""
    with rle_file(path, size, frames) as add:
        for record in records:
            add(record)
