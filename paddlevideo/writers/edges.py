"""Objects' edges as results have them: moved outwards or inwards, and soft.

Both follow from the signed distance to the border: the page computes the same in ``static/js/picture/edges.js``.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ..utils.errors import InputError

LIMIT = 100.0
"""The largest `Edge.grow` (either way) and `Edge.feather`, in pixels."""


@dataclass(frozen=True)
class Edge:
    """How far edges are moved, and how soft they are.

    Attributes:
        grow: pixels outwards; negative: inwards.
        feather: pixels from clear to opaque, half of them on either side of the edge; up to 1: a hard edge.

    Raises:
        InputError: one is beyond `LIMIT`.
    """

    grow: float = 0.0
    feather: float = 0.0

    def __post_init__(self) -> None:
        if not (abs(self.grow) <= LIMIT and 0 <= self.feather <= LIMIT):  # nan is neither
            raise InputError(
                f"edges moved by {self.grow:g} and feathered over {self.feather:g} pixels: give --grow from "
                f"{-LIMIT:.0f} to {LIMIT:.0f} and --feather from 0 to {LIMIT:.0f}"
            )


def signed_distance(inside: np.ndarray) -> np.ndarray:
    """Return (H, W) float32: how far pixels of an (H, W) bool mask lie within its border, negative outside.

    From a pixel's centre to that of the nearest pixel on the other side, less half a pixel; the border lies between
    the two. The picture's own border is none: what it cuts off is taken to go on.
    """
    within = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    beyond = cv2.distanceTransform((~inside).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.where(inside, within - 0.5, 0.5 - beyond)


def coverage(inside: np.ndarray, edge: Edge = Edge()) -> np.ndarray:
    """Return (H, W) float32 in 0..1: how much of each pixel an (H, W) bool mask covers with this edge.

    Coverage rises evenly over `Edge.feather` and is a half at the edge.
    """
    if edge == Edge() or not inside.any():
        return inside.astype(np.float32)
    distance = signed_distance(inside) + np.float32(edge.grow)
    if edge.feather <= 0:
        return (distance > 0).astype(np.float32)
    return np.clip(distance / np.float32(edge.feather) + np.float32(0.5), 0, 1)


def alpha(inside: np.ndarray, edge: Edge = Edge()) -> np.ndarray:
    """Return `coverage` as (H, W) uint8, 0..255."""
    return np.rint(255 * coverage(inside, edge)).astype(np.uint8)


def nearest_object(mask: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return (H, W) uint8: the ids of a mask (H, W), where they are ``wanted`` (H, W bool).

    Background that is wanted gets the nearest object, of two equally near the smaller id.
    """
    found = np.where(wanted, mask, 0).astype(np.uint8)
    empty = wanted & (mask == 0)
    ids = [int(each) for each in np.unique(mask) if each]
    if not empty.any() or not ids:
        return found
    if len(ids) == 1:
        return np.where(empty, ids[0], found).astype(np.uint8)
    distances = [
        cv2.distanceTransform((mask != each).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[empty]
        for each in ids
    ]
    found[empty] = np.array(ids, np.uint8)[np.argmin(distances, axis=0)]
    return found


def grown(mask: np.ndarray, edge: Edge = Edge()) -> np.ndarray:
    """Return a mask (H, W) of ids with its edges moved by `Edge.grow`; `Edge.feather` does not matter, ids are hard.

    All objects together grow and shrink, so that those which touch still do.
    """
    return nearest_object(mask, coverage(mask > 0, Edge(edge.grow)) > 0) if edge.grow else mask
