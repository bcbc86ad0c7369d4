"""COCO run-length encoding."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from paddlevideo.writers.rle import decode_record, encode_mask, write_rle


def test_records_decode_to_the_mask(tmp_path: Path) -> None:
    mask = np.zeros((30, 40), np.uint8)
    mask[3:10, 5:25], mask[20:, 30:] = 1, 3
    records = encode_mask(mask, 7, "00007", objects=3)
    write_rle(tmp_path / "m.json", records, mask.shape, frames=9)
    read = json.loads((tmp_path / "m.json").read_text())
    assert (read["size"], read["frames"]) == ([30, 40], 9)
    assert [(r["frame"], r["name"], r["object_id"], r["area"]) for r in read["annotations"]] == [
        (7, "00007", 1, 140),
        (7, "00007", 2, 0),
        (7, "00007", 3, 100),
    ]
    assert read["annotations"][0]["bbox"] == [5, 3, 20, 7]
    for record in read["annotations"]:
        assert np.array_equal(decode_record(record), mask == record["object_id"])
