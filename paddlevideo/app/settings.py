"""What a person who starts the server may set."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Limits:
    """What a video may be at most, and how many things at a time.

    Attributes:
        upload_bytes: size of an uploaded file.
        frames: number of frames.
        pixels: width times height.
        seconds: time for looking into a video before it is opened.
        uploads: unfinished uploads of one person.
        request_bytes: a request other than a chunk of an upload.
        chunk_bytes: one chunk of an upload.
        upload_seconds: time without a byte after which an unfinished upload makes room for a new one.
    """

    upload_bytes: int = 2048 << 20
    frames: int = 10_000
    pixels: int = 4096 * 3072  # 4K of cinemas, photographs of 12 megapixels
    seconds: float = 120.0
    uploads: int = 4
    request_bytes: int = 4 << 20
    chunk_bytes: int = 4 << 20
    upload_seconds: float = 600.0


@dataclass(frozen=True)
class Settings:
    """The server's settings.

    Attributes:
        projects: the folder that projects are kept in.
        token: what opens the server, in its address; unless ``remote`` as the header ``X-Token``, too.
        host, port: where it listens.
        remote: others than this machine may connect; every browser is then a person of its own.
        names: others that it answers under, in small letters: a proxy's, a container's, this machine's in its network.
        folders: name to folder, the folders whose videos may be opened.
        open_path: the video or folder of pictures named on the command line.
        memory_bytes: memory for embeddings and maps of all sessions together.
        sessions: sessions that are held in memory at most.
        network: names the network, its weights and the engine: sessions on disk are of use to the same alone.
    """

    projects: Path
    token: str
    host: str = "127.0.0.1"
    port: int = 8000
    remote: bool = False
    names: tuple[str, ...] = ()
    folders: dict[str, Path] = field(default_factory=dict)
    open_path: Path | None = None
    limits: Limits = field(default_factory=Limits)
    memory_bytes: int = 384 << 20
    sessions: int = 4
    network: str = ""
