"""Work on one project: objects, strokes, rounds, undo, and the stream of what happens.

All but the stream answer with the project's document. A change carries the ``revision`` that the person saw; when the
project has another one by now the answer is 409, ``stale_revision``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from ..projects.actions import Drawn, Span
from ..projects.boxes import strokes_of_box
from ..projects.touch_up import filled, hard_line, painted, soft_line, without, without_islands
from .answers import MaskAnswer, ProjectDocument, StrokeAnswer
from .requests import Clean, EditObject, EditProject, Erase, Hold, NewBox, NewObject, NewStroke, Paint, Propagate, Step
from .routes_common import Person, TheProject, TheService

router = APIRouter(tags=["project"], prefix="/projects/{project}")
Document = dict[str, Any]


@router.get("", summary="The project's document", response_model=ProjectDocument)
def document(project: TheProject, service: TheService) -> Document:
    return service.opened(project)


@router.patch("", summary="Rename the project, or set some of the page's settings", response_model=ProjectDocument)
def edit(body: EditProject, project: TheProject, service: TheService) -> Document:
    return service.edit(project, body.name, body.settings, body.revision)


@router.delete("", status_code=204, summary="Delete the project with all its files")
def delete(project: TheProject, service: TheService, person: Person) -> Response:
    service.delete(person, project)
    return Response(status_code=204)


@router.post("/duplicate", summary="Make another project with all that is in this one", response_model=ProjectDocument)
def duplicate(project: TheProject, service: TheService, person: Person) -> Document:
    return service.document(service.library.duplicate(person, project.id))


@router.post("/objects", summary="Add an object", response_model=ProjectDocument)
def add_object(body: NewObject, project: TheProject, service: TheService) -> Document:
    return service.change(project, body.revision, lambda: project.add_object(body.name, body.color))


@router.patch("/objects/{object_id}", summary="Name, colour, hide or lock an object", response_model=ProjectDocument)
def edit_object(object_id: int, body: EditObject, project: TheProject, service: TheService) -> Document:
    fields = body.model_dump(exclude={"revision"})
    return service.change(project, body.revision, lambda: project.edit_object(object_id, **fields))


@router.delete("/objects/{object_id}", summary="Remove an object from all masks", response_model=ProjectDocument)
def remove_object(object_id: int, project: TheProject, service: TheService, revision: int | None = None) -> Document:
    return service.change(project, revision, lambda: project.remove_object(object_id))


@router.post("/strokes", summary="Draw a stroke; the answer has its frame's new mask", response_model=StrokeAnswer)
def stroke(body: NewStroke, project: TheProject, service: TheService, person: Person) -> Document:
    drawn = Drawn(body.object_id, body.points, body.shape, body.radius)
    return service.draw(person, project, body.frame, [drawn], body.revision)


@router.post(
    "/boxes", summary="Draw a box around an object; the answer has its frame's new mask", response_model=StrokeAnswer
)
def box(body: NewBox, project: TheProject, service: TheService, person: Person) -> Document:
    return service.draw(person, project, body.frame, strokes_of_box(body.object_id, body.corners), body.revision)


@router.post("/paint", summary="Change pixels of a frame's mask along a line", response_model=StrokeAnswer)
def paint(body: Paint, project: TheProject, service: TheService) -> Document:
    def change(mask: np.ndarray) -> np.ndarray:
        if body.hardness == 1:
            line = hard_line(mask.shape, body.points, body.width)
        else:
            picture = service.pictures.source(project)[body.frame]
            line = soft_line(picture, body.points, body.width, body.hardness)
        return painted(mask, body.object_id, line, body.out)

    return service.touch_up(project, body.frame, body.object_id, change, body.revision)


@router.post(
    "/clean", summary="Take an object out of a frame, or its holes, or its islands", response_model=StrokeAnswer
)
def clean(body: Clean, project: TheProject, service: TheService) -> Document:
    def change(mask: np.ndarray) -> np.ndarray:
        if body.what == "absent":
            return without(mask, body.object_id)
        return (filled if body.what == "holes" else without_islands)(mask, body.object_id, body.pixels)

    return service.touch_up(project, body.frame, body.object_id, change, body.revision)


@router.post("/masks/{frame}", summary="Give a frame a mask, a picture of ids as the body", response_model=MaskAnswer)
async def give_mask(
    frame: int,
    request: Request,
    project: TheProject,
    service: TheService,
    name: str = "mask.png",
    revision: int | None = None,
) -> Document:
    body = await request.body()
    return await run_in_threadpool(service.give_mask, project, frame, body, name, revision)


@router.post("/scribbles", summary="Draw the strokes of a scribble file, the body", response_model=StrokeAnswer)
async def give_strokes(
    request: Request,
    project: TheProject,
    service: TheService,
    person: Person,
    name: str = "strokes.json",
    revision: int | None = None,
) -> Document:
    body = await request.body()
    return await run_in_threadpool(service.give_strokes, person, project, body, name, revision)


@router.post("/hold", status_code=204, summary="A stroke is being drawn: keep the model free for its answer")
def hold(body: Hold, project: TheProject, service: TheService) -> Response:
    service.hold(project, body.frame)
    return Response(status_code=204)


@router.post("/erase", summary="Take strokes back that were not propagated yet", response_model=StrokeAnswer)
def erase(body: Erase, project: TheProject, service: TheService, person: Person) -> Document:
    return service.erase(person, project, body.keys, body.revision)


@router.post("/undo", summary="Take the last step back, or the whole last round", response_model=ProjectDocument)
def undo(body: Step, project: TheProject, service: TheService) -> Document:
    return service.change(project, body.revision, lambda: project.undo(body.whole_round))


@router.post("/redo", summary="Do what was taken back again, a step or its whole round", response_model=ProjectDocument)
def redo(body: Step, project: TheProject, service: TheService) -> Document:
    return service.change(project, body.revision, lambda: project.redo(body.whole_round))


@router.post(
    "/propagate", summary="Carry the masks over the video or a span; does not wait", response_model=ProjectDocument
)
def propagate(body: Propagate, project: TheProject, service: TheService, person: Person) -> Document:
    span: Span | None = (min(body.span), max(body.span)) if body.span else None
    return service.propagate(person, project, span, body.revision)


@router.post("/pause", summary="Let the propagation rest", response_model=ProjectDocument)
def pause(project: TheProject, service: TheService) -> Document:
    return service.pause(project, True)


@router.post("/resume", summary="Let the propagation go on", response_model=ProjectDocument)
def resume(project: TheProject, service: TheService) -> Document:
    return service.pause(project, False)


@router.post("/cancel", summary="End what is running; masks done so far stay", response_model=ProjectDocument)
def cancel(project: TheProject, service: TheService) -> Document:
    return service.cancel(project)


@router.get("/events", summary="Server-Sent Events: mask, job, document, embedded, warming")
async def events(project: TheProject, service: TheService) -> StreamingResponse:
    first = service.first_events(project)
    return StreamingResponse(service.events.stream(project.id, first), media_type="text/event-stream")
