"""The HTTP application: the page's files and `/api`, behind the guard.

create_app(settings, make_session)        an ASGI application, for uvicorn or a test
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from ... import __version__
from ...utils.errors import InputError
from ..errors import AppError, as_app_error
from ..service import Service
from ..settings import Settings
from ..work.sessions import MakeSession
from ..work.warming import WarmUp
from . import routes_files, routes_projects, routes_start
from .answers import ErrorDocument
from .docs_page import docs_page
from .security import Guard

STATIC = Path(__file__).parents[1] / "static"
logger = logging.getLogger(__name__)


def create_app(settings: Settings, make_session: MakeSession, warm_up: tuple[WarmUp, int] | None = None) -> FastAPI:
    """Return the application; its service, see `OpenProjects`, starts and stops with it."""
    service = Service(settings, make_session, warm_up)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        service.start()
        yield
        service.close()

    app = FastAPI(
        title="Scribble page",
        summary="Interactive video object segmentation: strokes in, masks out, round by round.",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,  # FastAPI's own loads its scripts from elsewhere
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    app.state.service = service
    for routes in (routes_start, routes_projects, routes_files):
        app.include_router(routes.router, prefix="/api", responses={"4XX": {"model": ErrorDocument}})
    app.mount("/static", StaticFiles(directory=STATIC, check_dir=False), name="static")

    @app.get("/", include_in_schema=False)
    def page() -> Response:
        return FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-cache"})

    @app.get("/api/docs", include_in_schema=False)
    def docs() -> Response:
        return HTMLResponse(docs_page(app.openapi()))

    _answer_errors(app)
    app.add_middleware(Guard, settings=settings)
    return app


def _answer_errors(app: FastAPI) -> None:
    def answer(error: AppError) -> Response:
        return JSONResponse(error.document(), error.status)

    @app.exception_handler(AppError)
    def known(request: Request, error: AppError) -> Response:
        return answer(error)

    @app.exception_handler(InputError)
    def bad_input(request: Request, error: InputError) -> Response:
        return answer(as_app_error(error))

    @app.exception_handler(OSError)
    def system(request: Request, error: OSError) -> Response:
        found = as_app_error(error)
        if found.code == "internal":
            raise error  # it is for `unknown`
        return answer(found)

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> Response:
        return answer(AppError("bad_request", reason=_first(error.errors())))

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> Response:
        codes = {404: "not_found", 405: "method_not_allowed"}
        if error.status_code in codes:
            return answer(AppError(codes[error.status_code]))
        return answer(AppError("bad_request", reason=str(error.detail)))

    @app.exception_handler(Exception)
    def unknown(request: Request, error: Exception) -> Response:
        logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return answer(AppError("internal"))


def _first(errors: Any) -> str:
    """The first thing that is wrong with a request, in a few words."""
    where = ".".join(str(part) for part in errors[0]["loc"][1:])
    return f"{where}: {errors[0]['msg']}" if where else str(errors[0]["msg"])
