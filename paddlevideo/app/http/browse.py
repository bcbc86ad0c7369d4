"""The folders that a person may open videos from, and nothing outside of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...loader.listing import is_system
from ...loader.pictures import is_picture, natural_key
from ...loader.video_collection import is_film
from ..errors import AppError

_SHOWN = 2000  # entries of a folder


def inside(folders: Mapping[str, Path], folder: str, path: str) -> Path:
    """Return the real path of ``path`` in an allowed folder; raise `AppError` when it leaves it, by a link as well."""
    if folder not in folders:
        raise AppError("no_folder", folder=folder)
    root = folders[folder].resolve()
    try:
        place = (root / path).resolve()
    except (OSError, ValueError, RuntimeError) as error:  # a loop of links, a zero byte
        raise AppError("path_outside") from error
    if not place.is_relative_to(root):
        raise AppError("path_outside")
    if not place.exists():
        raise AppError("no_video", name=place.name)
    return place


def openable(folders: Mapping[str, Path], folder: str, path: str) -> Path:
    """As `inside`, of a video or a folder of pictures, none of which may be a link that leaves the allowed folder."""
    place = inside(folders, folder, path)
    root = folders[folder].resolve()
    try:
        links = [file for file in place.iterdir() if file.is_symlink() and is_picture(file)] if place.is_dir() else []
    except OSError:
        links = []  # it may not be read, as whoever opens it is going to say
    if not all(link.resolve().is_relative_to(root) for link in links):
        raise AppError("path_outside")
    return place


def entries(folders: Mapping[str, Path], folder: str, path: str) -> list[dict[str, Any]]:
    """Videos, folders of pictures and other folders in one place, with paths relative to the allowed folder."""
    place = inside(folders, folder, path)
    if not place.is_dir():
        raise AppError("no_folder", folder=place.name)
    root = folders[folder].resolve()
    found = []
    for entry in sorted(place.iterdir(), key=natural_key)[:_SHOWN]:
        if is_system(entry) or not entry.resolve().is_relative_to(root):
            continue
        kind = _kind(entry)
        if kind:
            size = f"{entry.stat().st_size / 2**20:.1f} MiB" if kind == "video" else ""
            found.append({"name": entry.name, "path": str(entry.relative_to(root)), "kind": kind, "note": size})
    return found


def _kind(entry: Path) -> str | None:
    if entry.is_dir():
        try:
            return "frames" if any(is_picture(file) for file in entry.iterdir()) else "folder"
        except OSError:
            return None
    return "video" if is_film(entry) else None
