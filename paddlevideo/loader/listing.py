"""What lies in a folder: in natural order, without what operating systems leave there, by one rule for every reader."""

from __future__ import annotations

import glob
import os
import re
import unicodedata
from collections.abc import Iterable, Sequence
from contextlib import suppress
from os import PathLike
from pathlib import Path

from ..utils.errors import InputError, one_line

SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".tif", ".tiff", ".webp"})
# fmt: off
VIDEO_SUFFIXES = frozenset({
    ".3g2", ".3gp", ".asf", ".avi", ".divx", ".dv", ".f4v", ".flv", ".gif", ".m2ts", ".m2v", ".m4v", ".mkv",
    ".mov", ".mp4", ".mpe", ".mpeg", ".mpg", ".mts", ".mxf", ".ogv", ".qt", ".ts", ".vob", ".webm", ".wmv", ".y4m",
})
# fmt: on
_SYSTEM = frozenset({"__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "@eadir", "$recycle.bin", "lost+found"})
_SHOWN = 5  # names in a message


def natural_key(file: Path) -> tuple[list[tuple[int, int, str]], str]:
    """The key of natural order: ``frame2`` before ``frame10``."""
    # The plain path decides between names that differ in zeros only (1, 01), so that the order is one everywhere.
    pieces = re.split(r"(\d+)", file.as_posix())
    return [(1, int(piece), "") if piece.isdecimal() else (0, 0, piece) for piece in pieces], file.as_posix()


def is_system(entry: Path) -> bool:
    """Whether ``entry`` is hidden, or what a system leaves in folders (``.DS_Store``, ``Thumbs.db``, ``__MACOSX``)."""
    return entry.name.startswith(".") or entry.name.casefold() in _SYSTEM


def is_picture(file: Path) -> bool:
    """Whether ``file`` looks like a picture of a clip: by its suffix, and not hidden."""
    return file.suffix.lower() in SUFFIXES and not is_system(file) and file.is_file()


def entries(folder: Path) -> list[Path]:
    """Return what a person has put into ``folder``, in natural order; raise `InputError` when it cannot be listed."""
    try:
        return sorted((entry for entry in folder.iterdir() if not is_system(entry)), key=natural_key)
    except OSError as error:
        raise InputError(f"{folder}: cannot be listed ({one_line(error)}); check the path and its rights") from error


def pictures(folder: Path) -> list[Path]:
    """Return the pictures of ``folder`` in natural order."""
    return [entry for entry in entries(folder) if is_picture(entry)]


def mask_files(place: Path) -> list[Path]:
    """Return the masks that were given as a file, or as a folder of them."""
    return pictures(place) if place.is_dir() else [place]


def subfolders(folder: Path) -> list[Path]:
    """Return the folders of ``folder`` that hold anything, in natural order."""
    return [entry for entry in entries(folder) if entry.is_dir() and entries(entry)]


def matching(pattern: str) -> list[Path]:
    """Return what a glob such as ``clip/*.jpg`` finds, in natural order; folders that exist are taken by their name."""
    root = Path(pattern)
    while not root.is_dir() and root != root.parent:
        root = root.parent
    rest = Path(pattern).relative_to(root).as_posix()
    found = {root / name for name in glob.glob(rest, root_dir=root, recursive=True)}
    return sorted((entry for entry in found if not is_system(entry)), key=natural_key)


def is_pattern(path: str) -> bool:
    """Whether ``path`` is a glob."""
    return glob.has_magic(path)


def with_home(path: str | PathLike[str]) -> Path:
    """Return ``path`` with the home folder for ``~``, unless there is a file of that name, or no such user."""
    place = Path(path)
    if str(path).startswith("~") and not os.path.lexists(place.parts[0]):
        with suppress(RuntimeError):
            return place.expanduser()
    return place


def existing(path: str | PathLike[str]) -> Path:
    """Return where ``path`` is: ``~`` stands for the home folder, and letters may be composed or decomposed.

    A path that is not there is returned as it is.
    """
    place = with_home(path)
    if os.path.lexists(place):
        return place
    found = Path(place.anchor)
    for part in place.parts[1:] if place.anchor else place.parts:
        if not (found / part).exists():
            try:
                same = [entry for entry in found.iterdir() if composed(entry.name) == composed(part)]
            except OSError:
                return place
            if len(same) != 1:
                return place
            found = same[0]
        else:
            found = found / part
    return found


def composed(name: str) -> str:
    """Return a name with composed letters, so that names compare equal however a system stores them."""
    return unicodedata.normalize("NFC", name)


def listed(names: Iterable[str | Path]) -> str:
    """Return the first few names, and how many more there are."""
    texts = [str(name) for name in names]
    more = len(texts) - _SHOWN
    return ", ".join(texts[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def missing_numbers(names: Sequence[str]) -> list[int]:
    """Return the numbers that are left out where ``names``, in natural order, are numbered through, else nothing.

    ``00000, 00005, 00010, 00020`` lacks 15. Names of which more numbers are left out than there are (times, say) are
    not numbered through.
    """
    parts = [re.fullmatch(r"(.*?)(\d+)(\D*)", name) for name in names]
    if len(parts) < 3 or any(part is None for part in parts) or len({part[1] for part in parts if part}) > 1:
        return []
    numbers = [int(part[2]) for part in parts if part]
    steps = [after - before for before, after in zip(numbers, numbers[1:], strict=False)]
    step = max(set(steps), key=steps.count)
    if step <= 0 or steps.count(step) * 2 < len(steps) or numbers[-1] - numbers[0] > 2 * step * len(numbers):
        return []
    return sorted(set(range(numbers[0], numbers[-1], step)) - set(numbers))
