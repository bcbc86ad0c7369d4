"""J and F, the two scores of the DAVIS benchmark (Perazzi et al., CVPR 2016), of binary masks and of id masks."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

VOID = 255  # id of truth pixels that nobody judges
TOLERANCE = 0.008  # of the image diagonal, the benchmark's own


def region_similarity(pred: np.ndarray, truth: np.ndarray) -> float:
    """J: intersection over union of two masks ``(H, W)``, anything not zero being the object; 1 if both are empty."""
    pred, truth = _binary(pred), _binary(truth)
    union = cv2.countNonZero(pred | truth)
    return cv2.countNonZero(pred & truth) / union if union else 1.0


def boundary_accuracy(pred: np.ndarray, truth: np.ndarray, tolerance: float = TOLERANCE) -> float:
    """F: harmonic mean of the boundaries' precision and recall, ``(H, W)`` masks, 1 if neither has a boundary.

    A boundary pixel is found when the other boundary has a pixel at most ``ceil(tolerance * diagonal)`` pixels away.
    A mask without boundary (empty, or covering the whole image) against one that has some scores 0.
    """
    pred_edge, truth_edge = boundary(pred), boundary(truth)
    pred_count, truth_count = cv2.countNonZero(pred_edge), cv2.countNonZero(truth_edge)
    if not pred_count or not truth_count:
        return float(pred_count == truth_count)
    disk = _disk(math.ceil(tolerance * math.hypot(*pred_edge.shape)))
    precision = cv2.countNonZero(pred_edge & cv2.dilate(truth_edge, disk)) / pred_count
    recall = cv2.countNonZero(truth_edge & cv2.dilate(pred_edge, disk)) / truth_count
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def boundary(mask: np.ndarray) -> np.ndarray:
    """One-pixel boundary map ``(H, W)`` uint8: pixels that differ from a neighbour right, below or right below.

    The image's frame is no boundary: the last row looks to the right only, the last column downwards only.
    """
    padded = np.pad(_binary(mask), ((0, 1), (0, 1)), mode="edge")
    here, right, below, diagonal = padded[:-1, :-1], padded[:-1, 1:], padded[1:, :-1], padded[1:, 1:]
    return (here ^ right) | (here ^ below) | (here ^ diagonal)


def frame_scores(
    pred: np.ndarray, truth: np.ndarray, objects: Sequence[int], tolerance: float = TOLERANCE
) -> tuple[np.ndarray, np.ndarray]:
    """J and F ``(len(objects),)`` of every object id of ``objects``, of id masks ``(H, W)``.

    Pixels whose truth is 255 count for nothing, neither as region nor as boundary; a frame of nothing else has no
    score (NaN). Raises `ValueError` when the masks' sizes differ.
    """
    if pred.shape != truth.shape:
        raise ValueError(f"predicted mask is {pred.shape}, true mask {truth.shape}")
    judged = truth != VOID
    if not judged.any():
        return np.full(len(objects), np.nan), np.full(len(objects), np.nan)
    pairs = [((pred == number) & judged, truth == number) for number in objects]
    region = [region_similarity(*pair) for pair in pairs]
    contour = [boundary_accuracy(*pair, tolerance) for pair in pairs]
    return np.array(region), np.array(contour)


def _binary(mask: np.ndarray) -> np.ndarray:
    return (mask != 0).astype(np.uint8)


def _disk(radius: int) -> np.ndarray:
    """Structuring element ``(2r+1, 2r+1)``: every pixel at most ``radius`` from the centre."""
    rows, columns = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    return (rows**2 + columns**2 <= radius**2).astype(np.uint8)
