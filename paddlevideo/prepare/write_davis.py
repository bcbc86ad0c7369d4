"""Writing a folder in DAVIS's layout, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

from ..utils.errors import InputError
from ..utils.files import atomic_folder, atomic_path
from ..writers.masks import write_mask


@contextmanager
def new_davis_folder(root: str | Path) -> Iterator[Path]:
    """Yield a temporary folder that becomes ``root`` at the end; `InputError` when that is there and not empty."""
    check_is_new(root)
    with atomic_folder(Path(root)) as folder:
        yield folder


def check_is_new(root: str | Path) -> None:
    """Raise `InputError` when ``root`` is there and not empty."""
    root = Path(root)
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise InputError(f"{root} is there already: remove it, or name a new folder")


def write_frame(folder: Path, sequence: str, index: int, frame: np.ndarray, mask: np.ndarray) -> None:
    """Write a frame (H, W, 3) uint8 RGB as JPEG of quality 95 and its mask (H, W) uint8 of ids as a palette PNG."""
    with atomic_path(folder / "JPEGImages" / "480p" / sequence / f"{index:05d}.jpg") as temporary:
        cv2.imwrite(str(temporary), frame[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])
    write_mask(folder / "Annotations" / "480p" / sequence / f"{index:05d}.png", mask)


def write_splits(folder: Path, splits: Mapping[str, Sequence[str]]) -> None:
    """Write the lists of sequences in ImageSets/2017, one a split."""
    lists = folder / "ImageSets" / "2017"
    lists.mkdir(parents=True)
    for split, members in splits.items():
        (lists / f"{split}.txt").write_text("".join(f"{name}\n" for name in members), encoding="utf-8")
