"""Who may ask: a token in the opened address, then a signed cookie; the right host, no foreign page, no large request.

On this machine everybody with the token is one person, ``local``. Where others may connect every browser is a person of
its own, known again by its cookie after the server or the browser was closed; a script gets one as a browser does.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import os
import re
import secrets
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from ..errors import AppError
from ..settings import Settings
from .words import in_all_languages

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

LOCAL = "local"
_YEAR = 365 * 24 * 3600
_PERSON = re.compile(r"[0-9a-z]{1,32}")
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "connect-src 'self'; font-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Guard:
    """ASGI middleware; ``scope["person"]`` says whom a request is from."""

    def __init__(self, app: Any, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._key = signing_key(settings.projects)
        # Cookies do not tell ports apart, and there may be two servers.
        self.cookie = f"scribble_{settings.port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        headers = Headers(scope=scope)
        try:
            self._check_host(headers)
            self._check_origin(scope, headers)
            response = self._enter(scope, headers)
            if response is None:
                self._check_length(scope, headers)
                await self._app(scope, receive, send_with_headers)
                return
        except AppError as error:
            if scope["path"] == "/":  # a person sees it, without the page that would choose a language
                response = PlainTextResponse(in_all_languages(error), error.status)
            else:
                response = JSONResponse(error.document(), error.status)
        await response(scope, receive, send_with_headers)

    # ------------------------------------------------------------------------------------------------ inside

    def _check_host(self, headers: Headers) -> None:
        """Only names that are this server: a foreign name that leads here is an attack (DNS rebinding)."""
        host = urlsplit(f"//{headers.get('host', '')}").hostname or ""
        if host in ("localhost", self._settings.host, *self._settings.names) or _is_loopback(host):
            return
        if self._settings.remote and (is_address(host) or host in (socket.gethostname(), socket.getfqdn())):
            return
        raise AppError("foreign_host", host=host[:100])

    def _check_origin(self, scope: Scope, headers: Headers) -> None:
        origin = headers.get("origin")
        site = headers.get("sec-fetch-site")
        if origin is not None and urlsplit(origin).netloc != headers.get("host"):
            raise AppError("foreign_origin")
        if scope["method"] not in _SAFE_METHODS and site not in (None, "same-origin", "none"):
            raise AppError("foreign_origin")

    def _enter(self, scope: Scope, headers: Headers) -> Response | None:
        """Note the person; a first visit with the token gets a cookie and the page's own address."""
        person = self._person(cookie_parser(headers.get("cookie", "")).get(self.cookie, ""))
        token = QueryParams(scope["query_string"]).get("token") if scope["path"] == "/" else None
        if token is not None:
            if not self._is_token(token):
                raise AppError("bad_token")
            response = RedirectResponse("/", 303)
            person = person or (secrets.token_hex(8) if self._settings.remote else LOCAL)
            response.set_cookie(
                self.cookie, self._signed(person), max_age=_YEAR, httponly=True, samesite="strict", path="/"
            )
            return response
        # Not where others may connect: all of them know the token, and what is ``local`` is the owner's.
        if person is None and not self._settings.remote and self._is_token(headers.get("x-token", "")):
            person = LOCAL
        if person is None:
            raise AppError("bad_token")
        scope["person"] = person
        return None

    def _is_token(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), self._settings.token.encode())

    def _signed(self, person: str) -> str:
        return f"{person}.{hmac.new(self._key, person.encode(), hashlib.sha256).hexdigest()}"

    def _person(self, cookie: str) -> str | None:
        person, _, _ = cookie.partition(".")
        good = _PERSON.fullmatch(person) and hmac.compare_digest(cookie.encode(), self._signed(person).encode())
        return person if good else None

    def _check_length(self, scope: Scope, headers: Headers) -> None:
        """Of a body the length has to be given, which the server then holds it to."""
        if "transfer-encoding" in headers:
            raise AppError("bad_request", reason="its length is not given")
        chunk = scope["method"] == "PUT" and scope["path"].startswith("/api/uploads/")
        limits = self._settings.limits
        limit = limits.chunk_bytes if chunk else limits.request_bytes
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > limit:
            raise AppError("request_too_large", limit=limit)


def signing_key(projects: Path) -> bytes:
    """The key of the cookies, made once and kept beside the projects where only their owner reads it."""
    path = projects / ".key"
    projects.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_bytes()
        if len(key) == 32:
            return key
        path.unlink()  # a server was killed while it wrote it
        return signing_key(projects)
    with os.fdopen(handle, "wb") as file:
        key = secrets.token_bytes(32)
        file.write(key)
    return key


def is_address(host: str) -> bool:
    """Whether it is an IP address rather than a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return is_address(host) and ipaddress.ip_address(host).is_loopback
