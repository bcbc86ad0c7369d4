"""Masks as COCO run-length encoding in one JSON file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pycocotools import mask as coco

from ..utils.files import atomic_path


def encode_mask(mask: np.ndarray, frame: int, name: str, objects: int | Sequence[int]) -> list[dict[str, Any]]:
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


def decode_record(record: dict[str, Any]) -> np.ndarray:
    """Return the (H, W) bool mask of one record."""
    return coco.decode(record["rle"]).astype(bool)


def write_rle(path: str | Path, records: list[dict[str, Any]], size: tuple[int, int], frames: int) -> None:
    """Write ``{"size": [H, W], "frames": T, "annotations": records}`` as JSON, whole or not at all."""
    document = {"size": [int(side) for side in size], "frames": frames, "annotations": records}
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(document), encoding="utf-8")
