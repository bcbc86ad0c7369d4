"""Interactive video object segmentation on PaddlePaddle.

from paddlevideo import Stroke, segment

masks = segment("clip.mp4", [Stroke(object_id=1, frame=0, points=((0.4, 0.3), (0.5, 0.6)))])  # (T, H, W) uint8
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .loader.video import open_frames
    from .session import Segmenter, Stroke, open_session, segment
    from .utils.errors import InputError
    from .writers import ClipInfo, ObjectInfo, export

__version__ = "0.1.0"
__all__ = [
    "ClipInfo",
    "InputError",
    "ObjectInfo",
    "Segmenter",
    "Stroke",
    "export",
    "open_frames",
    "open_session",
    "segment",
]

# Imported when they are asked for: the package itself needs no library.
_HOMES = {
    "ClipInfo": ".writers",
    "InputError": ".utils.errors",
    "ObjectInfo": ".writers",
    "Segmenter": ".session",
    "Stroke": ".session",
    "export": ".writers",
    "open_frames": ".loader.video",
    "open_session": ".session",
    "segment": ".session",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
