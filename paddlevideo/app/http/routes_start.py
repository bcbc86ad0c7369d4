"""Before a project is open: the server's state, folders to open from, the list of projects, uploads."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from ... import __version__
from ..errors import AppError
from ..projects.demo_clip import demo_clip
from ..projects.exports import export_kinds
from . import browse
from .answers import (
    ExportKind,
    FolderEntries,
    ProjectDocument,
    ProjectEntry,
    ServerState,
    UploadBegun,
    UploadReceived,
)
from .requests import NewUpload, OpenVideo
from .routes_common import Person, TheService
from .words import LANGUAGES

router = APIRouter(tags=["start"])


@router.get("/state", summary="The server, and the command line's project or its error", response_model=ServerState)
def state(service: TheService, person: Person) -> dict[str, Any]:
    limits = service.settings.limits
    opened = error = None
    try:
        opened = service.library.of_command_line(person)
    except AppError as found:  # the rest of the page is of use without it
        error = found.document()["error"]
    return {
        "version": __version__,
        "limits": {
            "upload_bytes": limits.upload_bytes,
            "frames": limits.frames,
            "pixels": limits.pixels,
            "seconds": limits.seconds,
        },
        "folders": sorted(service.settings.folders),
        "open": opened.id if opened else None,
        "demo": demo_clip() is not None,
        "error": error,
        "languages": list(LANGUAGES),
    }


@router.get("/export-kinds", summary="What a project's masks can be exported as", response_model=list[ExportKind])
def list_export_kinds() -> list[dict[str, Any]]:
    return export_kinds()


@router.get("/browse", summary="What lies in one place of an allowed folder", response_model=FolderEntries)
def list_folder(service: TheService, folder: str, path: str = "") -> dict[str, Any]:
    return {"entries": browse.entries(service.settings.folders, folder, path)}


@router.get("/projects", summary="The person's projects, the last changed first", response_model=list[ProjectEntry])
def projects(service: TheService, person: Person) -> list[dict[str, Any]]:
    return [
        {
            "id": project.id,
            "name": project.name,
            "frames": project.frames,
            "done": project.frames_done(),
            "width": project.video.width,
            "height": project.video.height,
            "changed": project.changed,
            "thumb": f"/api/projects/{project.id}/thumbs/{project.frames // 2}.jpg",
        }
        for project in service.library.all(person)
    ]


@router.post(
    "/projects", summary="Make a project of a video or folder in an allowed folder", response_model=ProjectDocument
)
def open_video(body: OpenVideo, service: TheService, person: Person) -> dict[str, Any]:
    path = browse.openable(service.settings.folders, body.folder, body.path)
    return service.opened(service.library.from_path(person, path))


@router.post("/demo", summary="Open the demo clip as a project", response_model=ProjectDocument)
def open_demo(service: TheService, person: Person) -> dict[str, Any]:
    return service.opened(service.library.of_demo(person))


@router.post("/uploads", summary="Begin to upload a video or a folder of pictures", response_model=UploadBegun)
def begin_upload(body: NewUpload, service: TheService, person: Person) -> dict[str, Any]:
    pictures = [(each.name, each.bytes) for each in body.pictures or ()]
    key = service.uploads.begin(person, body.name, body.bytes, pictures)
    return {"id": key, "chunk_bytes": service.settings.limits.chunk_bytes}


@router.put(
    "/uploads/{upload}", summary="Send bytes from an offset on, as the request's body", response_model=UploadReceived
)
async def add_chunk(upload: str, offset: int, request: Request, service: TheService, person: Person) -> dict[str, int]:
    return {"received": await service.uploads.add(person, upload, offset, request.stream())}


@router.post("/uploads/{upload}/finish", summary="Make a project of a whole upload", response_model=ProjectDocument)
def finish_upload(upload: str, service: TheService, person: Person) -> dict[str, Any]:
    return service.opened(service.uploads.finish(person, upload))


@router.delete("/uploads/{upload}", status_code=204, summary="Throw an upload away")
def cancel_upload(upload: str, service: TheService, person: Person) -> Response:
    service.uploads.cancel(person, upload)
    return Response(status_code=204)
