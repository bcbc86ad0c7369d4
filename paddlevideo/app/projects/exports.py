"""Results as files: any kind of `paddlevideo.writers.exporter`, frame by frame, from the masks of one moment."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np

from ...loader.frame_source import FrameSource
from ...session.memory.masks import only
from ...utils.errors import InputError
from ...utils.files import atomic_path
from ...utils.fingerprint import fingerprint
from ...writers.clip_info import ClipInfo, ObjectInfo, Recording
from ...writers.edges import Edge
from ...writers.exporter import Exporter, all_exporters, find_exporters, write_clip
from ..errors import AppError
from .actions import as_stroke
from .mask_files import read_png
from .project import Project
from .scribble_export import file_rounds

_ABOUT = "about.json"


@dataclass(frozen=True)
class Wanted:
    """What a person wants of an export besides its kind: which objects (None: those not hidden), with which edges."""

    objects: tuple[int, ...] | None = None
    edge: Edge = Edge()


@dataclass
class Snapshot:
    """A project's masks, objects and strokes at one moment; later changes write other files."""

    files: list[Path | None]
    size: tuple[int, int]
    objects: tuple[ObjectInfo, ...]
    opacity: float
    recording: Recording
    edge: Edge

    @staticmethod
    def of(project: Project, exporter: type[Exporter], wanted: Wanted) -> Snapshot:
        """Take one; raise `AppError` when there is nothing for this exporter yet, or no such object."""
        with project.lock:
            files = [project.masks.file(frame) for frame in range(project.frames)]
            objects = tuple(_infos(project, _chosen(project, wanted)))
            opacity = project.settings.get("opacity", 0.5)
            annotated = frozenset(each.frame for each in project.view.rounds)
            recording = _recording(project, annotated) if exporter.needs_strokes else Recording(annotated=annotated)
        if not any(files) or (exporter.needs_strokes and not recording.rounds):
            raise AppError("export_empty")
        if exporter.needs_masks and not objects:
            raise AppError("export_no_objects")
        opacity = min(1.0, max(0.0, opacity)) if isinstance(opacity, (int, float)) else 0.5
        return Snapshot(files, project.video.size, objects, opacity, recording, wanted.edge)

    def mask(self, frame: int) -> np.ndarray:
        """A frame's mask (H,W) uint8."""
        path = self.files[frame]
        return (
            np.zeros(self.size, np.uint8) if path is None else only(read_png(path), [each.id for each in self.objects])
        )

    def mark(self) -> str:
        """What all depends on that is written, as a fingerprint: the same as long as nothing is out of date."""
        return _mark(self.files, self.objects)


def _chosen(project: Project, wanted: Wanted) -> list[int]:
    """The ids of the objects to write."""
    if wanted.objects is None:
        return [each for each in project.view.ids if each not in project.hidden]
    for each in wanted.objects:
        if each not in project.view.objects:
            raise AppError("no_object", object=each)
    return [each for each in project.view.ids if each in wanted.objects]


def _infos(project: Project, ids: Iterable[int]) -> Iterator[ObjectInfo]:
    for each in ids:
        found = project.view.objects[each]
        yield ObjectInfo(each, found.name, _rgb(found.color))


def _mark(files: Sequence[Path | None], objects: Sequence[ObjectInfo]) -> str:
    return fingerprint([path and path.name for path in files], [asdict(each) for each in objects])


def _rgb(colour: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue


def _recording(project: Project, annotated: frozenset[int]) -> Recording:
    strokes = {number: as_stroke(action) for number, action in project.strokes().items()}
    rounds = file_rounds(project.program(), strokes, project.frames)
    return Recording([each.strokes for each in rounds], [each.settings for each in rounds], annotated)


def export_kinds() -> list[dict[str, Any]]:
    """All kinds of exports, in the order in which the page lists them."""
    return [
        {
            "kind": kind.key,
            "name": kind.download,
            "media_type": kind.media_type,
            "preset": kind.preset,
            "soft": kind.soft,
        }
        for kind in all_exporters()
    ]


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


def download_name(project: Project, name: str) -> str:
    """What a person's file of an export is called: after the project, and the object where it is of one of several."""
    objects = [each for each in _abouts(project).get(name, {}).get("objects", ()) if each in project.view.objects]
    one = [each.file_name for each in _infos(project, objects)] if len(objects) == 1 < len(project.view.ids) else []
    return "-".join([project.name, *one, name])


def exports(project: Project) -> list[dict[str, Any]]:
    """The exports that are there, the newest first."""
    abouts = _abouts(project)
    with project.lock:
        files = [project.masks.file(frame) for frame in range(project.frames)]
        known = project.view.objects
    found = []
    for kind in all_exporters():
        path = project.folder / "exports" / kind.download
        if path.is_file():
            about = abouts.get(path.name, {})
            objects = [each for each in about.get("objects", ()) if each in known]
            now = _mark(files, tuple(_infos(project, objects)))
            found.append(
                {
                    "name": path.name,
                    "kind": kind.key,
                    "bytes": path.stat().st_size,
                    "url": export_url(project, path.name),
                    "written": datetime.fromtimestamp(path.stat().st_mtime, timezone.utc).isoformat(),
                    "stale": about.get("mark") != now,
                    "objects": about.get("objects", []),
                    "grow": about.get("grow", 0.0),
                    "feather": about.get("feather", 0.0),
                }
            )
    return sorted(found, key=lambda each: each["written"], reverse=True)


def write_export(project: Project, frames: FrameSource, exporter: type[Exporter], snapshot: Snapshot) -> Iterator[None]:
    """Write an export, a frame at each step, and note what it is of."""
    clip = ClipInfo.of(frames, snapshot.objects, snapshot.recording, opacity=snapshot.opacity, edge=snapshot.edge)
    path = project.folder / "exports" / exporter.download
    yield from write_clip([exporter(clip, path)], frames, snapshot.mask)
    about = {"mark": snapshot.mark(), "objects": list(clip.ids), **asdict(snapshot.edge)}
    with atomic_path(path.with_name(_ABOUT)) as temporary:  # after the file: one that was cut off counts as stale
        temporary.write_text(json.dumps({**_abouts(project), path.name: about}), encoding="utf-8")


def _abouts(project: Project) -> dict[str, dict[str, Any]]:
    """What is known of the exports, by their names; of one that is not there nothing is."""
    try:
        found = json.loads((project.folder / "exports" / _ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
