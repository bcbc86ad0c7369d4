"""What the routes share: the service, the person, and that person's project."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from ..projects.project import Project
from ..service import Service


def _service(request: Request) -> Service:
    return request.app.state.service


def _person(request: Request) -> str:
    return str(request.scope["person"])


TheService = Annotated[Service, Depends(_service)]
Person = Annotated[str, Depends(_person)]


def _project(project: str, service: TheService, person: Person) -> Project:
    return service.library.get(person, project)


TheProject = Annotated[Project, Depends(_project)]
