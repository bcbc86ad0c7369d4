"""A real server process that is killed while it propagates, and begun again."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.app.toy import FRAMES, TOKEN, points, write_clip

ROOT = Path(__file__).resolve().parents[3]
SERVER = """
import socket, sys
from pathlib import Path
import uvicorn
from paddlevideo.app.http.server import create_app
from tests.app.toy import Colours, session_maker, settings
folder, pause = Path(sys.argv[1]), float(sys.argv[2])
app = create_app(settings(folder, folders={"videos": folder}), session_maker(Colours(pause)))
found = socket.socket()
found.bind(("127.0.0.1", 0))
found.listen()  # before the port is told: who comes early waits
print("port", found.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[found])
"""


@contextmanager
def _server(folder: Path, pause: float) -> Iterator[tuple[httpx.Client, int]]:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(folder), str(pause)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        found = next(match for line in process.stdout if (match := re.match(r"port (\d+)", line)))
        base = f"http://127.0.0.1:{found[1]}"
        with httpx.Client(base_url=base, headers={"X-Token": TOKEN}, timeout=60) as client:
            yield client, process.pid
    finally:
        process.kill()
        process.wait()


def _wait(client: httpx.Client, url: str, reached: int) -> dict:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        document = client.get(url).json()
        if sum(map(bool, document["frames"]["masks"])) >= reached and (reached < FRAMES or document["job"] is None):
            return document
        time.sleep(0.02)
    raise AssertionError(document)


def _masks(client: httpx.Client, url: str) -> list[bytes]:
    return [client.get(f"{url}/masks/{frame}.png").content for frame in range(FRAMES)]


def test_a_server_killed_while_it_propagates_goes_on_where_it_was(tmp_path: Path) -> None:
    write_clip(tmp_path / "clip.mp4")
    stroke = {"frame": 1, "object_id": 1, "points": points(1, 1)}
    with _server(tmp_path, pause=0.3) as (client, process):
        opened = client.post("/api/projects", json={"folder": "videos", "path": "clip.mp4"})
        url = f"/api/projects/{opened.json()['id']}"
        client.post(f"{url}/strokes", json=stroke).raise_for_status()
        client.post(f"{url}/propagate", json={}).raise_for_status()
        _wait(client, url, 4)
        os.kill(process, signal.SIGKILL)
    with _server(tmp_path, pause=0.0) as (client, _):
        found = client.get(url).json()
        reached = sum(map(bool, found["frames"]["masks"]))
        assert 4 <= reached < FRAMES and len(found["strokes"]) == 1 and found["rounds"][0]["propagated"]
        masks = _masks(client, url)
        assert found["frames"]["state"] == "".join(
            "a" if t == 1 else "p" if found["frames"]["masks"][t] else "." for t in range(FRAMES)
        )
        client.post(f"{url}/propagate", json={}).raise_for_status()
        _wait(client, url, FRAMES)
        after = _masks(client, url)
        assert all(a == b for a, b, there in zip(after, masks, found["frames"]["masks"], strict=True) if there)
        undone = client.post(f"{url}/undo", json={}).json()
        assert sum(map(bool, undone["frames"]["masks"])) == reached
        assert not any(path.name.startswith(".") for path in (tmp_path / "projects").rglob("*/masks/*"))
