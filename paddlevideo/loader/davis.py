"""A folder in DAVIS's layout (2016 or 2017): sequences of frames, masks and human scribbles."""

from __future__ import annotations

from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ..utils.errors import InputError
from ..utils.registry import nearest
from .clip import IGNORE, count_ids
from .listing import entries, existing, pictures, subfolders
from .mask_file import USUAL_IDS, MaskReader, read_mask
from .mask_names import is_sparse, pair_masks
from .notices import Notices
from .picture_file import Depth, Header, read_header, read_rgb
from .pictures import PictureFrames
from .scribbles import Stroke, read_rounds

__all__ = ["DavisFolder", "Sequence", "read_image", "read_mask"]


def read_image(path: Path) -> np.ndarray:
    """Return the picture at ``path`` as (H, W, 3) uint8 RGB, upright; raise `InputError` when it cannot be decoded."""
    header = read_header(path)
    return read_rgb(path, header.pages[0], header, Depth([(path, header.pages[0])]))


@dataclass(frozen=True)
class Sequence:
    """One video of a `DavisFolder`. File numbers need not be contiguous: a frame's index is its place in the list.

    Attributes:
        name: the folder's name.
        frame_paths, mask_paths: as many masks as frames, in the order of the file numbers.
        scribble_paths: human scribble files, one a person and annotated frame; often none.
        max_objects: grey levels up to this are ids.
    """

    name: str
    frame_paths: tuple[Path, ...]
    mask_paths: tuple[Path, ...]
    scribble_paths: tuple[Path, ...] = ()
    max_objects: int = USUAL_IDS

    def __len__(self) -> int:
        return len(self.frame_paths)

    @cached_property
    def size(self) -> tuple[int, int]:
        """Height and width, upright, read from the first frame."""
        return self._header(0).size

    @cached_property
    def notices(self) -> Notices:
        """What had to be taken for granted."""
        return Notices(f"sequence '{self.name}'")

    @cached_property
    def depth(self) -> Depth:
        """The scale of pictures of more than 8 bits."""
        return Depth([(path, 0) for path in self.frame_paths if read_header(path).deep])

    def clip(self, start: int = 0, stop: int | None = None) -> PictureFrames:
        """Return frames ``start`` to ``stop`` (exclusive) as a clip."""
        depth = self.depth if self._header(start).deep else None
        return PictureFrames(str(self.frame_paths[0].parent), self.frame_paths[start:stop], depth)

    def frame(self, index: int) -> np.ndarray:
        """Return frame ``index`` as (H, W, 3) uint8 RGB."""
        header = self._header(index)
        depth = self.depth if header.deep else Depth([])
        path = self.frame_paths[index]
        return self._of_size(read_rgb(path, header.pages[0], header, depth), path)

    def mask(self, index: int) -> np.ndarray:
        """Return the mask of frame ``index`` as (H, W) uint8 ids; it may be empty."""
        path = self.mask_paths[index]
        return self._of_size(self._masks.read(path, self._orientation(index)), path)

    @cached_property
    def _masks(self) -> MaskReader:
        return MaskReader(self.mask_paths, self.max_objects, self.notices)

    def _orientation(self, index: int) -> int:
        try:
            return self._header(index).orientation
        except InputError:  # told when the frame is read
            return 1

    def _header(self, index: int) -> Header:
        path = self.frame_paths[index]
        header = self._headers.get(path) or read_header(path)
        if len(header.pages) > 1:
            raise InputError(f"{path}: {len(header.pages)} pages; give a picture a frame, which prepare writes")
        return self._headers.setdefault(path, header)

    @cached_property
    def _headers(self) -> dict[Path, Header]:
        return {}

    def _of_size(self, picture: np.ndarray, path: Path) -> np.ndarray:
        height, width = self.size
        if picture.shape[:2] != (height, width):
            lying = picture.shape[:2] == (width, height) and self._header(0).orientation > 4
            why = "; it was made of frames as stored, lying: make masks of the frames upright" if lying else ""
            raise InputError(
                f"{path} is {picture.shape[1]}x{picture.shape[0]} but the first frame of '{self.name}' is "
                f"{width}x{height}: bring all its pictures to one size{why}"
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
        max_objects: grey levels up to this are ids.

    Raises:
        InputError: a missing root, split, sequence, frame or mask.
    """

    def __init__(
        self,
        root: str | Path,
        split: str | None = None,
        sequences: SequenceOf[str] | None = None,
        resolution: str = "480p",
        max_objects: int = USUAL_IDS,
    ) -> None:
        self.root = existing(root)
        self.max_objects = max_objects
        self.notices = Notices(str(root))
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
            names = [path.name for path in subfolders(self._frames)]
        if not names:
            raise InputError(f"no sequences in {self._frames}" + (f" for the split '{split}'" if split else ""))
        self.sequences = [self._open(name) for name in names]
        self.notices.tell()

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
            known = [path.name for path in subfolders(self._frames)]
            raise InputError(f"no sequence '{name}' in {self._frames}{nearest(name, known)}")
        frames = pictures(folder)
        if not frames:
            raise InputError(f"no frames (.jpg or .png) in {folder}")
        self._note(frames, folder)
        found = pair_masks(frames, self._masks / name, self.notices)
        if not is_sparse(found, len(frames)) and (missing := next((f for f in frames if f not in found), None)):
            path = self._masks / name / f"{missing.stem}.png"
            raise InputError(f"frame {missing.stem} of '{name}' has no mask: {path} is missing")
        if len(found) < len(frames):
            self.notices.add("annotated on some frames only, the others are left out", name)
            frames = [frame for frame in frames if frame in found]
        scribbles = [path for path in _listed(self.root / "Scribbles" / name) if path.suffix == ".json"]
        masks = tuple(found[frame] for frame in frames)
        return Sequence(name, tuple(frames), masks, tuple(scribbles), self.max_objects)

    def _note(self, frames: SequenceOf[Path], folder: Path) -> None:
        others = [f"{folder.name}/{entry.name}" for entry in entries(folder) if entry not in set(frames)]
        if others:
            self.notices.add("not read as pictures and not used", *others)


def _listed(folder: Path) -> list[Path]:
    return entries(folder) if folder.is_dir() else []
