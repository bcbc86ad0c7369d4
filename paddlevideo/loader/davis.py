"""A folder in DAVIS's layout (2016 or 2017): sequences of frames, masks and human scribbles."""

from __future__ import annotations

from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from ..utils.errors import InputError
from ..utils.registry import nearest
from .clip import IGNORE, count_ids
from .scribbles import Stroke, read_rounds

FRAME_SUFFIXES = (".jpg", ".jpeg", ".png")


def read_image(path: Path) -> np.ndarray:
    """Return the picture at ``path`` as (H, W, 3) uint8 RGB; raise `InputError` when it cannot be decoded."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise InputError(f"cannot read the picture {path}: it is missing or broken; fetch it again")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def read_mask(path: Path) -> np.ndarray:
    """Return the mask at ``path`` as (H, W) uint8 object ids.

    Palette pictures hold ids. So do grey ones, except those of DAVIS-2016, which hold only 0 and 255: there 255 is
    object 1. Some of those have three equal channels. Raises `InputError` when it cannot be decoded or is coloured.
    """
    try:
        with Image.open(path) as picture:
            palette = picture.mode == "P"
            ids = np.array(picture if picture.mode in ("P", "L") else picture.convert("RGB"))
    except (OSError, UnidentifiedImageError, SyntaxError) as error:
        raise InputError(f"cannot read the mask {path}: it is missing or broken; fetch it again") from error
    if ids.ndim == 3:
        if (ids[..., :1] != ids).any():
            raise InputError(f"the mask {path} is a colour picture: save it with a palette, values being object ids")
        ids = ids[..., 0]
    if not palette and not ((ids > 0) & (ids < 255)).any():
        return (ids > 0).astype(np.uint8)
    return ids


@dataclass(frozen=True)
class Sequence:
    """One video of a `DavisFolder`. File numbers need not be contiguous: a frame's index is its place in the list.

    Attributes:
        name: the folder's name.
        frame_paths, mask_paths: as many masks as frames, in the order of the file numbers.
        scribble_paths: human scribble files, one a person and annotated frame; often none.
    """

    name: str
    frame_paths: tuple[Path, ...]
    mask_paths: tuple[Path, ...]
    scribble_paths: tuple[Path, ...] = ()

    def __len__(self) -> int:
        return len(self.frame_paths)

    @cached_property
    def size(self) -> tuple[int, int]:
        """Height and width, read from the first frame."""
        try:
            with Image.open(self.frame_paths[0]) as picture:
                return picture.height, picture.width
        except (OSError, UnidentifiedImageError) as error:
            raise InputError(f"cannot read the picture {self.frame_paths[0]}: fetch it again") from error

    def frame(self, index: int) -> np.ndarray:
        """Return frame ``index`` as (H, W, 3) uint8 RGB."""
        return self._of_size(read_image(self.frame_paths[index]), self.frame_paths[index])

    def mask(self, index: int) -> np.ndarray:
        """Return the mask of frame ``index`` as (H, W) uint8 ids; it may be empty."""
        return self._of_size(read_mask(self.mask_paths[index]), self.mask_paths[index])

    def _of_size(self, picture: np.ndarray, path: Path) -> np.ndarray:
        height, width = self.size
        if picture.shape[:2] != (height, width):
            raise InputError(
                f"{path} is {picture.shape[1]}x{picture.shape[0]} but the first frame of '{self.name}' is "
                f"{width}x{height}: bring all its pictures to one size"
            )
        return picture

    @cached_property
    def areas(self) -> np.ndarray:
        """(T, 256) int64: pixels of each id in each frame. Reads every mask once."""
        return np.stack([count_ids(self.mask(index)) for index in range(len(self))])

    @cached_property
    def objects(self) -> int:
        """The largest object id in any frame (255 is no object)."""
        seen = np.flatnonzero(self.areas[:, 1:IGNORE].any(axis=0))
        return int(seen[-1]) + 1 if len(seen) else 0

    @cached_property
    def complete_frames(self) -> np.ndarray:
        """Indices of the frames with the most objects: normally those that show every object of the sequence."""
        counts = (self.areas[:, 1:IGNORE] > 0).sum(axis=1)
        return np.flatnonzero(counts == counts.max()) if counts.max() else np.empty(0, np.int64)

    def scribbles(self) -> list[list[Stroke]]:
        """Return the strokes of each human file (all rounds of a file together)."""
        return [
            [stroke for strokes in read_rounds(path, frames=len(self)) for stroke in strokes]
            for path in self.scribble_paths
        ]


class DavisFolder:
    """The sequences of one split.

    Args:
        root: folder that holds JPEGImages, Annotations and perhaps ImageSets and Scribbles.
        split: name of a list in ImageSets/2017, ImageSets/2016 or ImageSets/<resolution>; None takes every folder.
        sequences: names to take instead of a split's.
        resolution: the folder below JPEGImages. The name promises no size: sizes are read.

    Raises:
        InputError: a missing root, split, sequence, frame or mask.
    """

    def __init__(
        self,
        root: str | Path,
        split: str | None = None,
        sequences: SequenceOf[str] | None = None,
        resolution: str = "480p",
    ) -> None:
        self.root = Path(root)
        self.resolution = resolution
        self._frames = self.root / "JPEGImages" / resolution
        self._masks = self.root / "Annotations" / resolution
        for folder, what in ((self._frames, "frames"), (self._masks, "masks")):
            if not folder.is_dir():
                raise InputError(f"no {what} at {folder}: the data root (file_path) must have DAVIS's layout")
        if sequences is not None:
            names = list(sequences)
        elif split is not None:
            names = self._read_split(split)
        else:
            names = sorted(path.name for path in self._frames.iterdir() if path.is_dir())
        if not names:
            raise InputError(f"no sequences in {self._frames}" + (f" for the split '{split}'" if split else ""))
        self.sequences = [self._open(name) for name in names]

    def __len__(self) -> int:
        return len(self.sequences)

    def _read_split(self, split: str) -> list[str]:
        lists = [self.root / "ImageSets" / year / f"{split}.txt" for year in ("2017", "2016", self.resolution)]
        found = next((path for path in lists if path.is_file()), None)
        if found is None:
            known = sorted({path.stem for path in (self.root / "ImageSets").glob("*/*.txt")})
            raise InputError(
                f"no split '{split}' in {self.root / 'ImageSets'}{nearest(split, known)}; there are: "
                f"{', '.join(known) or 'none'}"
            )
        names = []
        for line in found.read_text(encoding="utf-8").splitlines():
            fields = line.split()
            if fields:
                # DAVIS-2016 lists a frame and a mask on each line, the other lists a sequence.
                names.append(Path(fields[0]).parent.name if len(fields) > 1 else fields[0])
        return list(dict.fromkeys(names))

    def _open(self, name: str) -> Sequence:
        folder = self._frames / name
        if not folder.is_dir():
            known = [path.name for path in self._frames.iterdir() if path.is_dir()]
            raise InputError(f"no sequence '{name}' in {self._frames}{nearest(name, known)}")
        frames = sorted((p for p in folder.iterdir() if p.suffix.lower() in FRAME_SUFFIXES), key=_number)
        if not frames:
            raise InputError(f"no frames (.jpg or .png) in {folder}")
        masks = [self._masks / name / f"{path.stem}.png" for path in frames]
        missing = next((path for path in masks if not path.is_file()), None)
        if missing is not None:
            raise InputError(f"frame {missing.stem} of '{name}' has no mask: {missing} is missing")
        scribbles = sorted((self.root / "Scribbles" / name).glob("*.json"))
        return Sequence(name, tuple(frames), tuple(masks), tuple(scribbles))


def _number(path: Path) -> tuple[int, str]:
    return (int(path.stem), path.stem) if path.stem.isdigit() else (-1, path.stem)
