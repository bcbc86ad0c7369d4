"""What comes out of a project as files: frames, thumbnails, masks, exports."""

from __future__ import annotations

import base64
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse

from ...writers.edges import Edge
from ..errors import AppError
from ..projects.exports import Wanted, download_name, export_file, exports
from .answers import ExportBegun, ExportFile, FilmFacts
from .requests import NewExport
from .routes_common import Person, TheProject, TheService

router = APIRouter(tags=["files"], prefix="/projects/{project}")
_SECOND = 24  # frames that come at a time at least
_FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}


@router.get("/frames/{frame}.jpg", summary="A frame as JPEG, at full size or w pixels wide", response_class=Response)
def frame_picture(
    frame: int, project: TheProject, service: TheService, w: Annotated[int | None, Query(ge=16, le=8192)] = None
) -> Response:
    project.around = frame if 0 <= frame < project.frames else project.around
    return Response(service.pictures.jpeg(project, frame, w), media_type="image/jpeg", headers=_FOR_EVER)


@router.get("/film", summary="What decodes the video's own packets", response_model=FilmFacts)
def film(project: TheProject, service: TheService) -> dict[str, Any]:
    _, codec = service.pictures.film(project)
    return {"codec": codec.name, "header": base64.b64encode(codec.header).decode()}


@router.get("/film/{frame}", summary="The packets from the keyframe before a frame on", response_class=Response)
def film_part(frame: int, project: TheProject, service: TheService) -> Response:
    project.check_frame(frame)
    project.around = frame
    service.ahead.hold()  # what plays needs the processors
    packets = service.pictures.film(project)[0].packets(frame, _SECOND)
    if packets is None:
        raise AppError("no_film")
    return Response(packets, media_type="application/octet-stream", headers=_FOR_EVER)


@router.get("/thumbs/{frame}.jpg", summary="A frame as JPEG, 96 pixels high", response_class=Response)
def thumbnail(frame: int, project: TheProject, service: TheService) -> Response:
    return FileResponse(service.pictures.thumb(project, frame), media_type="image/jpeg", headers=_FOR_EVER)


@router.get("/masks/{frame}.png", summary="A frame's mask, grey PNG of object ids", response_class=Response)
def mask(frame: int, project: TheProject, rev: int | None = None) -> Response:
    project.check_frame(frame)
    with project.lock:
        current = project.masks.revision(frame)
        png = project.masks.png(frame)
    if png is None:
        raise AppError("no_mask", frame=frame)
    headers = _FOR_EVER if rev == current else {"Cache-Control": "no-cache"}
    return Response(png, media_type="image/png", headers=headers)


@router.post(
    "/exports", summary="Write the masks as they are now into a file; events tell how far", response_model=ExportBegun
)
def export(body: NewExport, project: TheProject, service: TheService, person: Person) -> dict[str, Any]:
    wanted = Wanted(None if body.objects is None else tuple(body.objects), Edge(body.grow, body.feather))
    return service.export(person, project, body.kind, wanted)


@router.get("/exports", summary="The files that were written", response_model=list[ExportFile])
def list_exports(project: TheProject) -> list[dict[str, Any]]:
    return exports(project)


@router.get("/exports/{name}", summary="One of them, to save", response_class=Response)
def download(name: str, project: TheProject) -> Response:
    path, media_type = export_file(project, name)
    return FileResponse(path, media_type=media_type, filename=download_name(project, name))
