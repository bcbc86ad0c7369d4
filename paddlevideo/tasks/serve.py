"""The scribble page: segment videos in the browser.

    python main.py --serve
    python main.py --serve clip.mp4
    python main.py --serve -c CFG -w WEIGHTS --allow ~/videos --projects output/projects

Prints the page's address, with a token in it, and opens it. All that a person does is in ``--projects`` at any moment.
Only this machine can connect, unless ``--host`` and ``--allow-remote`` say otherwise.
"""

from __future__ import annotations

import ipaddress
import logging
import re
import secrets
import socket
import threading
import webbrowser
from argparse import Namespace
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvicorn

from ..app.errors import AppError
from ..app.http.security import LOCAL, is_address
from ..app.http.server import create_app
from ..app.projects.library import Library
from ..app.projects.project import Project
from ..app.settings import Limits, Settings
from ..app.work.warm_up import STEPS, warm_up
from ..session.memory.array_store import MIB
from ..session.segmenter import Segmenter
from ..utils.errors import InputError
from ..utils.files import sha256_of
from ..utils.fingerprint import fingerprint, network_settings
from ..utils.run_lock import RunLock

FIRST_PORT, PORTS = 8000, 100
_logger = logging.getLogger(__name__)
_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9])?")


def serve(cfg: Mapping[str, Any], args: Namespace) -> None:
    """Run ``main.py --serve`` until it is interrupted; bad input raises `InputError` before anything is opened."""
    check_host(args.host, args.allow_remote)
    listening = listen(args.host, args.port)
    settings = read_settings(args, listening.getsockname()[1])
    segmenter = Segmenter.from_config(cfg, args.weights, args.engine)
    network = fingerprint(sha256_of(args.weights), network_settings(cfg), args.engine)
    memory_bytes = int(segmenter.options.max_memory_mib * MIB)
    settings = replace(settings, network=network, memory_bytes=memory_bytes)
    with RunLock(settings.projects):
        app = create_app(settings, segmenter.open, (lambda size: warm_up(segmenter, size), STEPS))
        video = open_video(settings, app.state.service.library)
        if video:
            app.state.service.ahead.use(video)  # it is what the model is warmed up for
        config = uvicorn.Config(app, log_level="warning", server_header=False, timeout_graceful_shutdown=3)
        announce(settings, not args.no_browser)
        Server(config, app.state.service.events.close).run(sockets=[listening])


class Server(uvicorn.Server):
    """Ends the pages' event streams when it has to stop; otherwise it would wait for them."""

    def __init__(self, config: uvicorn.Config, stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self._stopping = stopping

    def handle_exit(self, sig: int, frame: Any) -> None:
        self._stopping()
        super().handle_exit(sig, frame)


def read_settings(args: Namespace, port: int) -> Settings:
    """Return what the command line says of the server; raise `InputError` for a folder that is not there.

    Args:
        args: the command line.
        port: that is listened on.
    """
    video = Path(args.input).absolute() if args.input else None
    if video is not None and not video.exists():
        raise InputError(f"{args.input}: no such file or folder; give a video or a folder of pictures")
    folders: dict[str, Path] = {}
    for folder in args.allow:
        if not Path(folder).is_dir():
            raise InputError(f"--allow {folder}: no such folder")
        path = Path(folder).resolve()
        name = path.name or str(path)
        folders[name if name not in folders else str(path)] = path
    return Settings(
        projects=Path(args.projects).absolute(),
        token=secrets.token_urlsafe(24),
        host=args.host,
        port=port,
        remote=args.allow_remote,
        names=tuple(public_name(name) for name in args.public_name),
        folders=folders,
        open_path=video,
        limits=Limits(args.max_upload_mib << 20, args.max_frames, args.max_pixels),
        sessions=args.max_sessions,
    )


def public_name(given: str) -> str:
    """Return a name or an address of ``--public-name`` in lower case; raise `InputError` for anything else."""
    if not _NAME.fullmatch(given) and not is_address(given):
        raise InputError(
            f"--public-name {given}: a name or an address alone, such as masks.example.org: no https:// or port"
        )
    return given.lower()


def open_video(settings: Settings, library: Library) -> Project | None:
    """Make a project of the command line's video and return it; raise `InputError` when it cannot be opened.

    Where others may connect each person's is made when they come.
    """
    if settings.remote:
        return None
    try:
        return library.of_command_line(LOCAL)
    except AppError as error:
        raise InputError(str(error)) from error


def check_host(host: str, allow_remote: bool) -> None:
    """Raise `InputError` for an address that others could reach, unless that is meant."""
    try:
        loopback = all(ipaddress.ip_address(found[4][0]).is_loopback for found in socket.getaddrinfo(host, None))
    except (OSError, ValueError) as error:
        raise InputError(f"--host {host}: is no address of this machine ({error})") from error
    if not loopback and not allow_remote:
        raise InputError(f"--host {host}: others could connect; add --allow-remote if they are meant to")


def listen(host: str, port: int | None) -> socket.socket:
    """Return a socket on ``port``, or on the first free one; raise `InputError` when there is none."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for number in [port] if port else range(FIRST_PORT, FIRST_PORT + PORTS):
        # The protocol is named because asyncio sends small answers at once (TCP_NODELAY) only where it is.
        found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((host, number))
            return found
        except (OSError, OverflowError) as error:
            found.close()
            problem = getattr(error, "strerror", None) or str(error)
    raise InputError(f"--port {port or FIRST_PORT}: cannot be used ({problem}); name another one")


def announce(settings: Settings, open_browser: bool) -> None:
    """Say where the page is, and open it."""
    name = settings.names[0] if settings.names else settings.host
    if name in ("0.0.0.0", "::"):  # every address of this machine, which is none that a browser opens
        name = socket.gethostname()
    host = f"[{name}]" if ":" in name else name
    address = f"http://{host}:{settings.port}/?token={settings.token}"
    _logger.info("the page is at %s", address)
    if settings.remote:
        _logger.warning("others can connect: whoever has this address can open projects, over unencrypted HTTP")
    if open_browser:
        threading.Timer(1.0, webbrowser.open, [address]).start()
