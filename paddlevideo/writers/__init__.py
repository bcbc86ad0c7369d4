"""Results as files: masks, overlays, cut-outs, run lengths; `export` writes any kind of them.

    export(ClipInfo.of(frames, session.objects), frames, session.mask, "output/clip", ["overlay", "rle"])

The kinds are the classes in `paddlevideo.writers.formats`; ``python main.py --export list`` shows them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from ..loader.frame_source import FrameSource
    from .clip_info import ClipInfo, ObjectInfo, Recording

__all__ = ["ClipInfo", "ObjectInfo", "Recording", "export"]


def export(
    clip: ClipInfo,
    frames: FrameSource,
    mask: Callable[[int], np.ndarray],
    folder: str | Path,
    kinds: Sequence[str] | None = None,
) -> list[Path]:
    """Write results of these kinds into ``folder``, all or none, and return their files and folders.

    Args:
        clip: what is known of the clip besides its frames.
        frames: its pictures.
        mask: a frame's number to its (H, W) uint8 mask of ids, such as `Session.mask`.
        folder: made if it is not there. Results that an earlier export wrote are replaced, other files stay.
        kinds: None writes what ``--infer`` writes.

    Raises:
        InputError: there is no such kind, the clip lacks what one needs, a person's file is in the place of a result,
            or the folder cannot be written to.
    """
    from ..utils.written import Written
    from .exporter import check_exporters, find_exporters, write_clip

    exporters = find_exporters(kinds)
    check_exporters(exporters, clip)
    written = Written(folder)
    written.check(*(each.name for each in exporters))
    with written.replacing(*(each.name for each in exporters)) as temporary:
        for _ in write_clip([each(clip, temporary / each.name) for each in exporters], frames, mask):
            pass
    return [Path(folder) / each.name for each in exporters]


def __getattr__(name: str) -> Any:
    if name in ("ClipInfo", "ObjectInfo", "Recording"):
        from . import clip_info

        return getattr(clip_info, name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
