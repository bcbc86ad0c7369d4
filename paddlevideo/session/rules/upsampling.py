"""Where in its cell of the grid an answer belongs, when masks are made at the video's own size.

The reference aligns the corners: the grid's first and last cells lie at the picture's first and last pixels, which
moves masks by up to three pixels. A network sees labels that were read at an eighth of a cell (the middle of the first
of its four pixels) and learns by a loss for the middle of all four: 3/8 fits both best.
"""

from __future__ import annotations

from ..options import Upsampling

CELL_POSITIONS: dict[Upsampling, float | None] = {"corners": None, "cells": 0.375}
