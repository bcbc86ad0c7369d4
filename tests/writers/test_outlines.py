"""Outlines of masks: filled again they are the masks, holes and parts too."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from pycocotools import mask as coco

from paddlevideo.writers.outlines import centre_outlines, edge_outlines, joined

Y, X = np.mgrid[-20:21, -25:26]
RADIUS = np.hypot(X, Y)
BLOBS = cv2.GaussianBlur(np.random.default_rng(0).random((120, 160)), (0, 0), 4) > 0.5
MASKS = {
    "disc": RADIUS < 15,
    "ring": (RADIUS > 8) & (RADIUS < 18),
    "ring around a disc": (RADIUS > 8) & (RADIUS < 18) | (RADIUS < 4),
    "point": (X == 3) & (Y == 2),
    "line": (Y == 2) & (abs(X) < 9),
    "whole picture": RADIUS >= 0,
    "corners": (abs(X) > 10) & (abs(Y) > 8),
    "blobs": BLOBS,
}


def iou(found: np.ndarray, mask: np.ndarray) -> float:
    return float((found & mask).sum() / (found | mask).sum())


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
def test_along_edges(mask: np.ndarray) -> None:
    outlines = edge_outlines(mask)
    for rings in (outlines, [joined(outlines)]):
        found = coco.merge(coco.frPyObjects([ring.ravel().tolist() for ring in rings], *mask.shape))
        assert np.array_equal(coco.decode(found).astype(bool), mask)
    points = np.concatenate(outlines)
    assert points.min() >= 0 and (points.max(0) <= mask.shape[::-1]).all()


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
def test_through_centres(mask: np.ndarray) -> None:
    outlines = centre_outlines(mask)
    assert min(map(len, outlines)) >= 3
    found = np.zeros(mask.shape, np.uint8)
    for outline in outlines:
        cv2.fillPoly(found, [outline.astype(np.int32)], 1)
    assert np.array_equal(found > 0, mask)
    whole = np.zeros(mask.shape, np.uint8)
    cv2.fillPoly(whole, [joined(outlines).astype(np.int32)], 1)
    assert iou(whole > 0, mask) > 0.9  # cuts between parts are painted


def test_nothing_has_no_outline() -> None:
    empty = np.zeros((4, 5), bool)
    assert edge_outlines(empty) == centre_outlines(empty) == []
    with pytest.raises(ValueError, match="no outline"):
        joined([])
