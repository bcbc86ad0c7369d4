"""A folder of photographs and their instance masks, which become clips under synthetic motion."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ..utils.errors import InputError
from .clip import IGNORE, count_ids
from .davis import read_image, read_mask
from .listing import pictures
from .scribbles import MAX_OBJECT_ID


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
