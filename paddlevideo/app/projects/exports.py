"""Results as files: any kind of `paddlevideo.writers.exporter`, frame by frame, from the masks of one moment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...loader.frame_source import FrameSource
from ...session.memory.masks import only
from ...utils.errors import InputError
from ...writers.clip_info import ClipInfo, ObjectInfo, Recording
from ...writers.exporter import Exporter, all_exporters, find_exporters, write_clip
from ..errors import AppError
from .actions import as_stroke
from .mask_files import read_png
from .project import Project
from .scribble_export import file_rounds


@dataclass
class Snapshot:
    """A project's masks, objects and strokes at one moment; later changes write other files."""

    files: list[Path | None]
    size: tuple[int, int]
    objects: tuple[ObjectInfo, ...]
    opacity: float
    recording: Recording

    @staticmethod
    def of(project: Project, exporter: type[Exporter]) -> Snapshot:
        """Take one; raise `AppError` when there is nothing for this exporter yet."""
        with project.lock:
            files = [project.masks.file(frame) for frame in range(project.frames)]
            view, video = project.view, project.video
            objects = tuple(
                ObjectInfo(each, view.objects[each].name, _rgb(view.objects[each].color)) for each in view.ids
            )
            opacity = project.settings.get("opacity", 0.5)
            annotated = frozenset(each.frame for each in view.rounds)
            recording = _recording(project, annotated) if exporter.needs_strokes else Recording(annotated=annotated)
        if not any(files) or (exporter.needs_strokes and not recording.rounds):
            raise AppError("export_empty")
        opacity = min(1.0, max(0.0, opacity)) if isinstance(opacity, (int, float)) else 0.5
        return Snapshot(files, video.size, objects, opacity, recording)

    def mask(self, frame: int) -> np.ndarray:
        """A frame's mask (H,W) uint8."""
        path = self.files[frame]
        return (
            np.zeros(self.size, np.uint8) if path is None else only(read_png(path), [each.id for each in self.objects])
        )


def _rgb(colour: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue


def _recording(project: Project, annotated: frozenset[int]) -> Recording:
    strokes = {number: as_stroke(action) for number, action in project.strokes().items()}
    rounds = file_rounds(project.program(), strokes, project.frames)
    return Recording([each.strokes for each in rounds], [each.settings for each in rounds], annotated)


def export_kinds() -> list[dict[str, Any]]:
    """All kinds of exports, in the order in which the page lists them."""
    return [{"kind": kind.key, "name": kind.download, "media_type": kind.media_type} for kind in all_exporters()]


def find_exporter(kind: str) -> type[Exporter]:
    """Return the exporter called ``kind``; raise `AppError` when there is none."""
    try:
        return find_exporters([kind])[0]
    except InputError as error:
        raise AppError("bad_request", reason=str(error)) from error


def export_url(project: Project, name: str) -> str:
    """Where the page gets an export's file."""
    return f"/api/projects/{project.id}/exports/{name}"


def export_file(project: Project, name: str) -> tuple[Path, str]:
    """The file of an export that is there, and its media type; raise `AppError` for any other name."""
    for kind in all_exporters():
        path = project.folder / "exports" / kind.download
        if name == kind.download and path.is_file():
            return path, kind.media_type
    raise AppError("not_found")


def exports(project: Project) -> list[dict[str, Any]]:
    """The exports that are there."""
    found = []
    for kind in sorted(all_exporters(), key=lambda kind: kind.download):
        path = project.folder / "exports" / kind.download
        if path.is_file():
            url = export_url(project, path.name)
            found.append({"name": path.name, "kind": kind.key, "bytes": path.stat().st_size, "url": url})
    return found


def write_export(project: Project, frames: FrameSource, exporter: type[Exporter], snapshot: Snapshot) -> Iterator[None]:
    """Write an export, a frame at each step."""
    clip = ClipInfo.of(frames, snapshot.objects, snapshot.recording, opacity=snapshot.opacity)
    yield from write_clip([exporter(clip, project.folder / "exports" / exporter.download)], frames, snapshot.mask)
