"""Look into a file that a person gave, in a process of its own: what a broken or hostile video does stays there.

    python -m paddlevideo.app.projects.probe PATH MAX_FRAMES MAX_PIXELS

prints one line of JSON: ``{"frames", "width", "height", "rate"}``, with ``"reason"`` where it is no readable video.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import AppError
from ..reasons import reason_of
from ..settings import Limits
from .facts import VideoFacts

_ROOT = Path(__file__).resolve().parents[3]
_MEMORY = 4 << 30  # bytes of address space that the process may use


def probe(path: Path, name: str, limits: Limits) -> VideoFacts:
    """Return what is found in a video file or a folder of pictures.

    Raises:
        AppError: no video, too large, or it took too long; ``name`` is what the message calls it.
    """
    command = [sys.executable, "-m", __name__, str(path), str(limits.frames), str(limits.pixels)]
    try:
        found = subprocess.run(
            command, cwd=_ROOT, stdin=subprocess.DEVNULL, capture_output=True, timeout=limits.seconds, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise AppError("probe_timeout", name=name, seconds=limits.seconds) from error
    try:
        answer = json.loads(found.stdout.decode().splitlines()[-1])
    except (ValueError, IndexError) as error:
        raise AppError("not_a_video", name=name, **reason_of("the decoder gave up")) from error
    if "reason" in answer:
        # Nobody is told where the server keeps things; FFmpeg names the file a second time.
        reason = answer["reason"].replace(f"{path}: ", "").replace(str(path.absolute()), name).replace(str(path), name)
        raise AppError("not_a_video", name=name, **reason_of(reason))
    facts = VideoFacts(**answer)
    if facts.width * facts.height > limits.pixels:
        raise AppError("too_many_pixels", name=name, limit=limits.pixels, width=facts.width, height=facts.height)
    if facts.frames > limits.frames:
        raise AppError("too_many_frames", name=name, limit=limits.frames, frames=facts.frames)
    return facts


def look(path: Path, max_frames: int, max_pixels: int) -> dict[str, Any]:
    """The facts, here and now; the header comes first, so that nothing too large is decoded."""
    from ...loader.video import announced, open_frames
    from ...utils.errors import InputError

    try:
        if path.is_file():
            frames, width, height = announced(path)
            if width * height > max_pixels or frames > max_frames:
                return {"frames": frames, "width": width, "height": height, "rate": 0.0}
        source = open_frames(path)
        height, width = source.size
        if width * height <= max_pixels:
            source[0]
        return {"frames": len(source), "width": width, "height": height, "rate": source.rate}
    except InputError as error:
        return {"reason": str(error)}
    except Exception as error:  # PyAV's and Pillow's are many
        return {"reason": " ".join(str(error).split()) or type(error).__name__}


def main() -> None:
    path, frames, pixels = sys.argv[1:]
    with suppress(ImportError):  # Windows sets no such limits
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.write(json.dumps(look(Path(path), int(frames), int(pixels))))  # to the server, which has started us


if __name__ == "__main__":
    main()
