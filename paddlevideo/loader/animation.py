"""The pages of an animated PNG or WebP, which can only be decoded in order."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

import numpy as np
from PIL import Image

from .picture_file import decoding, opened, rgb_of

_CACHE_BYTES = 128 << 20
_SECOND = 1000  # durations are milliseconds


class Animation:
    """Reads pages in any order and keeps the last ones, so that walking backwards decodes the file a few times.

    Several threads may read.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._cache: OrderedDict[int, np.ndarray] = OrderedDict()
        self._picture: Image.Image | None = None
        self._at = -1  # the page that was decoded last

    def durations(self, pages: tuple[int, ...]) -> list[float]:
        """Return for how many seconds each page is shown (0 where the file does not say); decodes the file."""
        with decoding(self._file), opened(self._file) as picture:
            found = []
            for page in pages:
                picture.seek(page)
                picture.load()  # WebP tells it not before
                found.append(float(picture.info.get("duration") or 0) / _SECOND)
        return found

    def page(self, page: int) -> np.ndarray:
        """Return a page as (H, W, 3) uint8 RGB."""
        with self._lock:
            if page not in self._cache:
                self._decode_to(page)
            return self._cache[page]

    def _decode_to(self, page: int) -> None:
        with decoding(self._file):
            if self._picture is None or page <= self._at:
                self._picture, self._at = Image.open(self._file), -1
            for place in range(self._at + 1, page + 1):
                self._picture.seek(place)
                self._cache[place] = pixels = rgb_of(self._picture, self._file)
                self._at = place
                while len(self._cache) > max(2, _CACHE_BYTES // max(1, pixels.nbytes)):
                    self._cache.popitem(last=False)
