"""The server as a person starts it: ``main.py --serve`` in a process of its own, to be killed and begun again."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "configs/segmentation/manet_lite.yaml"
WEIGHTS = ROOT / "data/weights/manet_lite.pdparams"
_PATIENCE = 300.0  # seconds until the model is built, on a busy machine


class Served:
    """``url`` has the token; ``start``, ``kill`` and ``start`` again keep the port and the projects."""

    def __init__(self, folder: Path, videos: Path, *arguments: str) -> None:
        self.port = _free_port()
        self._log = folder / "server.log"
        self._command = [
            *(sys.executable, str(ROOT / "main.py"), "--serve", "-c", str(CONFIG), "-w", str(WEIGHTS)),
            *("--port", str(self.port), "--no_browser", "--projects", str(folder / "projects")),
            *("--allow", str(videos), *arguments),
        ]
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    @property
    def home(self) -> str:
        """The page's address without the token."""
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> Served:
        """Start it and wait until it answers."""
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(self._command, cwd=ROOT, stdout=log, stderr=log, env=os.environ)
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end and self._process.poll() is None:
            found = re.search(r"http://\S+token=\S+", self._log.read_text(encoding="utf-8"))
            if found and _answers(self.port):
                self.url = found.group()
                return self
            time.sleep(0.1)
        raise AssertionError(f"the server did not start:\n{self._log.read_text(encoding='utf-8')}")

    @property
    def peak_memory(self) -> int:
        """Bytes that the process has had in memory at most (Linux)."""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="utf-8")
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found is not None
        return 1024 * int(found[1])

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self._process:
            self._process.kill()
            self._process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
