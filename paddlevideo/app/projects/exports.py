"""Results as files: every kind is written frame by frame, whole or not at all, from the masks of one moment.

palette     zip of palette PNGs          binary   zip of a PNG for every frame and object
overlay     H.264, objects coloured      matte    H.264, objects white on black
cutout      zip of transparent PNGs, or WebM with transparency
rle         COCO run-length encoding     scribbles   DAVIS strokes, which `main.py --infer` replays
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...loader.frame_source import FrameSource
from ...loader.replay_file import settings_document
from ...loader.scribbles import write_rounds
from ...session.memory.masks import only
from ...utils.files import atomic_path
from ...writers.cutout import CutoutWriter, cut_out, encode_binary, encode_cutout, matte
from ...writers.masks import PALETTE, encode_palette
from ...writers.overlay import OverlayWriter, draw_overlay
from ...writers.rle import encode_mask, write_rle
from ..errors import AppError
from .actions import as_stroke
from .mask_files import read_png
from .project import Project
from .scribble_export import file_rounds

SUFFIXES = {
    "palette": "zip",
    "binary": "zip",
    "overlay": "mp4",
    "matte": "mp4",
    "cutout": "zip",
    "rle": "json",
    "scribbles": "json",
}
_NAME = re.compile(r"[a-z]+\.[a-z0-9]+")


@dataclass
class Snapshot:
    """A project's masks and colours at one moment; later changes write other files."""

    files: list[Path | None]
    ids: tuple[int, ...]
    size: tuple[int, int]
    palette: np.ndarray  # (256, 3) uint8
    opacity: float

    @staticmethod
    def of(project: Project) -> Snapshot:
        """Take one; raise `AppError` when there is no mask yet."""
        with project.lock:
            files = [project.masks.file(frame) for frame in range(project.frames)]
            if not any(files):
                raise AppError("export_empty")
            view, video = project.view, project.video
            palette = PALETTE.copy()
            for each in view.ids:
                palette[each] = [int(view.objects[each].color[at : at + 2], 16) for at in (1, 3, 5)]
            opacity = project.settings.get("opacity", 0.5)
        opacity = min(1.0, max(0.0, opacity)) if isinstance(opacity, (int, float)) else 0.5
        return Snapshot(files, view.ids, video.size, palette, opacity)

    def mask(self, frame: int) -> np.ndarray:
        """A frame's mask (H,W) uint8."""
        path = self.files[frame]
        return np.zeros(self.size, np.uint8) if path is None else only(read_png(path), self.ids)


def export_name(kind: str, format: str | None) -> str:
    """The name of an export's file."""
    return f"{kind}.{'webm' if kind == 'cutout' and format == 'webm' else SUFFIXES[kind]}"


def export_url(project: Project, name: str) -> str:
    """Where the page gets an export's file."""
    return f"/api/projects/{project.id}/exports/{name}"


def export_path(project: Project, name: str) -> Path:
    """The file of an export that is there; raise `AppError` for any other name."""
    path = project.folder / "exports" / name
    if not _NAME.fullmatch(name) or not path.is_file():
        raise AppError("not_found")
    return path


def exports(project: Project) -> list[dict[str, Any]]:
    """The exports that are there."""
    return [
        {
            "name": path.name,
            "kind": path.stem,
            "bytes": path.stat().st_size,
            "url": export_url(project, path.name),
        }
        for path in sorted((project.folder / "exports").glob("*.*"))
        if _NAME.fullmatch(path.name)
    ]


def write_export(project: Project, frames: FrameSource, name: str, snapshot: Snapshot) -> Iterator[None]:
    """Write the export of this name, a frame at each step."""
    target = project.folder / "exports" / name
    kind, suffix = name.split(".")
    if kind == "scribbles":
        write_scribbles(project, target)
        yield
    elif kind == "rle":
        yield from _write_rle(target, frames, snapshot)
    elif suffix == "zip":
        yield from _write_zip(target, kind, frames, snapshot)
    else:
        yield from _write_video(target, kind, frames, snapshot)


def write_scribbles(project: Project, target: Path) -> None:
    """Write what a person did as a scribble file."""
    with project.lock:
        program, actions = project.program(), project.strokes()
    strokes = {number: as_stroke(action) for number, action in actions.items()}
    rounds = file_rounds(program, strokes, project.frames)
    if not rounds:
        raise AppError("export_empty")
    settings = [settings_document(each.settings) for each in rounds]
    write_rounds(target, [each.strokes for each in rounds], project.frames, project.video_path.stem, settings)


def _write_rle(target: Path, frames: FrameSource, snapshot: Snapshot) -> Iterator[None]:
    records: list[dict[str, Any]] = []
    for frame, name in enumerate(frames.names):
        records += encode_mask(snapshot.mask(frame), frame, name, snapshot.ids)
        yield
    write_rle(target, records, snapshot.size, len(frames))


def _write_zip(target: Path, kind: str, frames: FrameSource, snapshot: Snapshot) -> Iterator[None]:
    with (
        atomic_path(target) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive,  # PNGs are compressed already
    ):
        for frame, name in enumerate(frames.names):
            mask = snapshot.mask(frame)
            if kind == "palette":
                archive.writestr(f"{name}.png", encode_palette(mask))
            elif kind == "binary":
                for object_id in snapshot.ids:
                    archive.writestr(f"object_{object_id}/{name}.png", encode_binary(mask, object_id))
            else:
                archive.writestr(f"{name}.png", encode_cutout(cut_out(frames[frame], mask)))
            yield


def _write_video(target: Path, kind: str, frames: FrameSource, snapshot: Snapshot) -> Iterator[None]:
    writer = CutoutWriter if kind == "cutout" else OverlayWriter
    with writer(target, frames.rate, snapshot.size) as video:
        for frame in range(len(frames)):
            mask = snapshot.mask(frame)
            if kind == "matte":
                picture = matte(mask)
            elif kind == "cutout":
                picture = cut_out(frames[frame], mask)
            else:
                picture = draw_overlay(frames[frame], mask, snapshot.opacity, snapshot.palette)
            video.write(picture)
            yield
