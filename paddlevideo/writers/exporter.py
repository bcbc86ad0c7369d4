"""Results as files: one class for each kind, one registry from which all that offers kinds takes its list.

A new kind is a class in a module of `paddlevideo.writers.formats`, entered by ``@EXPORTERS.register``, and its words in
the page's word files. ``--export``, the page and `paddlevideo.writers.export` find it there.
"""

from __future__ import annotations

import os
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import ClassVar, TypeVar

import numpy as np

from ..loader.frame_source import FrameSource
from ..utils.errors import InputError
from ..utils.files import atomic_folder, atomic_path
from ..utils.registry import EXPORTERS
from .clip_info import ClipInfo
from .edges import Edge, grown

T = TypeVar("T")


class Exporter(ABC):
    """Writes one result of a clip frame by frame, whole or not at all; see `writing`.

    Attributes:
        key: what commands and the page call the kind; its words are ``export.KEY``, ``export.KEYHint`` and
            ``export.KEYTip``, of a preset ``export.preset_KEY``, too.
        name: its file or folder in an output folder.
        download: the name of the file that the page gives; a folder is zipped.
        media_type: of that file.
        rank: its place in lists, the smallest first.
        default: whether ``--infer`` writes it unless told otherwise.
        needs_frames: `write` gets the pictures.
        needs_masks: `write` is called at all.
        needs_strokes: the clip must have recorded rounds.
        soft: its edges may be soft: `write` gets masks as they are and applies the clip's edge. Others get them grown.
        preset: its place among the kinds that the page offers first, from 1; 0: it is not one of them.

    Args:
        clip: the clip.
        target: the file or folder to write. What `download` names is written when a folder's has the suffix ``.zip``.
    """

    key: ClassVar[str]
    name: ClassVar[str]
    download: ClassVar[str]
    media_type: ClassVar[str]
    rank: ClassVar[int]
    default: ClassVar[bool] = False
    needs_frames: ClassVar[bool] = False
    needs_masks: ClassVar[bool] = True
    needs_strokes: ClassVar[bool] = False
    soft: ClassVar[bool] = False
    preset: ClassVar[int] = 0

    def __init__(self, clip: ClipInfo, target: str | Path) -> None:
        self.clip = clip
        self.target = Path(target)

    @classmethod
    def title(cls) -> str:
        """What it is, in one line."""
        return (cls.__doc__ or cls.key).strip().splitlines()[0].rstrip(".")

    @contextmanager
    def writing(self) -> Iterator[Exporter]:
        """Open it for a block that calls `write`; the result gets its name when the block ends without an error."""
        with ExitStack() as self._outputs:
            self.open()
            yield self
            self.close()

    def enter(self, output: AbstractContextManager[T]) -> T:
        """Enter ``output`` until the end of `writing`, which tells it of an error; for `open`."""
        return self._outputs.enter_context(output)

    @abstractmethod
    def open(self) -> None:
        """Begin, with outputs that are taken back after an error; see `enter`."""

    @abstractmethod
    def write(self, index: int, frame: np.ndarray | None, mask: np.ndarray) -> None:
        """Add a frame; they come in their order.

        Args:
            index: its number.
            frame: (H, W, 3) uint8 RGB; None unless `needs_frames`.
            mask: (H, W) uint8 ids; see `soft`.
        """

    def close(self) -> None:  # noqa: B027 - most kinds have nothing to add
        """Write what stands after the last frame."""


class FolderExporter(Exporter):
    """An exporter whose result is a folder of files, or a zip of it; `put` adds data as a file, `move` adds a file."""

    media_type = "application/zip"

    def open(self) -> None:
        if self.target.suffix == ".zip":
            path = self.enter(atomic_path(self.target))
            archive = self.enter(zipfile.ZipFile(path, "w", zipfile.ZIP_STORED))  # pictures are compressed already
            self.put: Callable[[str, bytes], None] = archive.writestr
            self.move: Callable[[str, Path], None] = lambda name, path: archive.write(path, name)
        else:
            self._folder = self.enter(atomic_folder(self.target))
            self.put = self._put_into_folder
            self.move = lambda name, path: os.replace(path, self._folder / name)

    def _put_into_folder(self, name: str, data: bytes) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


@cache
def all_exporters() -> tuple[type[Exporter], ...]:
    """Every kind there is, in the order of lists."""
    formats = import_module(".formats", __package__)
    for module in iter_modules(formats.__path__):
        import_module(f"{formats.__name__}.{module.name}")
    return tuple(sorted((EXPORTERS.get(key) for key in EXPORTERS.names()), key=lambda kind: kind.rank))


def default_kinds() -> list[str]:
    """The kinds that ``--infer`` writes unless told otherwise."""
    return [kind.key for kind in all_exporters() if kind.default]


def find_exporters(kinds: Sequence[str] | None = None) -> list[type[Exporter]]:
    """Return the exporters of ``kinds``, of None the default ones; raise `InputError` for a kind that there is not."""
    known = [kind.key for kind in all_exporters()]
    chosen = dict.fromkeys(default_kinds() if kinds is None else kinds)  # each once
    if not chosen:
        raise InputError(f"export: no kind is named; there are: {', '.join(known)}")
    return [EXPORTERS.get(key) for key in chosen]


def check_exporters(exporters: Sequence[type[Exporter]], clip: ClipInfo) -> None:
    """Raise `InputError` for an exporter that finds nothing to write."""
    for each in exporters:
        if each.needs_strokes and not clip.recording.rounds:
            raise InputError(f"export: {each.key} needs strokes, and there are none; leave it out")


def write_clip(exporters: Sequence[Exporter], frames: FrameSource, mask: Callable[[int], np.ndarray]) -> Iterator[None]:
    """Write all exporters' results in one go, with a step for each frame (one where none needs masks).

    The results have their names when the last step is done; an error, or closing the iterator, leaves none of them.

    Args:
        exporters: of one clip.
        frames: its pictures.
        mask: a frame's number to its (H, W) uint8 mask.
    """
    with ExitStack() as stack:
        for exporter in exporters:
            stack.enter_context(exporter.writing())
        of_masks = [exporter for exporter in exporters if exporter.needs_masks]
        with_pictures = any(exporter.needs_frames for exporter in of_masks)
        for index in range(len(frames)) if of_masks else ():
            found = mask(index)
            picture = frames[index] if with_pictures else None
            hard: dict[Edge, np.ndarray] = {}
            for exporter in of_masks:
                edge = exporter.clip.edge
                if not exporter.soft and edge not in hard:
                    hard[edge] = grown(found, edge)
                exporter.write(index, picture, found if exporter.soft else hard[edge])
            yield
        if not of_masks:
            yield
