"""The official DAVIS judge (davisinteractive, GPL-3.0, not part of this project), driven by our session.

`shims` makes the package run on today's libraries, `mirror` lays a data set out as it wants it, `judge` plays.
"""

from __future__ import annotations

from .judge import DavisJudge
from .shims import load_davisinteractive

__all__ = ["DavisJudge", "load_davisinteractive"]
