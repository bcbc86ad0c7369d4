"""A folder of photographs and their instance masks, which become clips under synthetic motion."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from ..utils.errors import InputError
from .clip import IGNORE, count_ids
from .davis import read_image, read_mask
from .listing import pictures
from .scribbles import MAX_OBJECT_ID

REACH = 7
"""Instances touch where they are less than half of this many pixels apart: outlines leave a seam between them."""


@dataclass(frozen=True)
class Photograph:
    """One photograph: `image` (H, W, 3) uint8 RGB, `instances` (H, W) uint8 numbered 1.. (0 elsewhere)."""

    name: str
    image_path: Path
    mask_path: Path

    def image(self) -> np.ndarray:
        return read_image(self.image_path)

    def instances(self) -> np.ndarray:
        return read_mask(self.mask_path, MAX_OBJECT_ID)

    @cached_property
    def shares(self) -> np.ndarray:
        """(256,) float: the part of the picture that each instance covers; 0 for background and ignored pixels."""
        instances = self.instances()
        shares = count_ids(instances) / instances.size
        shares[[0, IGNORE]] = 0
        return shares


class PhotographFolder:
    """JPEGImages/NAME.jpg with Instances/NAME.png (grey or palette PNG, value = instance number).

    Args:
        root: the folder above both.
        shares: keep photographs with an instance that covers between these parts of the picture, and only those
            instances.

    Raises:
        InputError: a missing folder or mask, or no photograph with a usable instance.
    """

    def __init__(self, root: str | Path, shares: tuple[float, float] = (0.01, 0.45)) -> None:
        self.root = Path(root)
        self.limits = shares
        folder = self.root / "JPEGImages"
        if not folder.is_dir():
            raise InputError(f"no photographs at {folder}: the folder must hold JPEGImages and Instances")
        found = []
        for path in pictures(folder):
            mask = self.root / "Instances" / f"{path.stem}.png"
            if not mask.is_file():
                raise InputError(f"photograph {path.name} has no instance mask: {mask} is missing")
            found.append(Photograph(path.stem, path, mask))
        self.photographs = [photograph for photograph in found if len(self.usable(photograph))]
        if not self.photographs:
            raise InputError(f"no photograph in {folder} has an instance of {shares[0]:.0%} to {shares[1]:.0%} of it")

    def __len__(self) -> int:
        return len(self.photographs)

    def usable(self, photograph: Photograph) -> np.ndarray:
        """Return the instance numbers whose area lies within the limits."""
        low, high = self.limits
        return np.flatnonzero((photograph.shares >= low) & (photograph.shares <= high))


def with_touching(instances: np.ndarray, number: int, largest: float = 0.6) -> np.ndarray:
    """Return instances (H, W) in which those that touch ``number`` are parts of it: a rider and the horse, one object.

    Where together they would cover more than ``largest`` of the picture, they stay apart.
    """
    near = cv2.dilate((instances == number).astype(np.uint8), np.ones((REACH, REACH), np.uint8)) > 0
    group = np.setdiff1d(instances[near], [0, IGNORE])
    together = np.isin(instances, group)
    return instances if together.mean() > largest else np.where(together, np.uint8(number), instances)
