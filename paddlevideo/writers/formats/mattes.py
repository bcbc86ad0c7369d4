"""Where each object is, as videos for compositing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from ...utils.registry import EXPORTERS
from ..exporter import FolderExporter
from ..video import Look, SmallVideoWriter, VideoWriter
from .matte import matte


@EXPORTERS.register
class Mattes(FolderExporter):
    """Matte videos, one for each object, white on black, H.264."""

    key, name, download, rank = "mattes", "mattes", "mattes.zip", 42
    soft = True

    def open(self) -> None:
        super().open()
        self._videos = self.enter(self._writing_videos())

    def write(self, index: int, frame: np.ndarray | None, mask: np.ndarray) -> None:
        for object_id, video in self._videos.items():
            video.write(matte(mask == object_id, self.clip.edge))

    @contextmanager
    def _writing_videos(self) -> Iterator[dict[int, VideoWriter]]:
        """Yield a writer for each object; at the end the finished files are moved to where they belong."""
        place = self.target.absolute().parent
        with TemporaryDirectory(prefix=f".{self.target.name}.partial-", dir=place) as folder:
            paths = {each.id: Path(folder) / f"{each.file_name}.mp4" for each in self.clip.objects}
            with ExitStack() as stack:
                look = Look.of(self.clip)
                yield {
                    object_id: stack.enter_context(SmallVideoWriter(path, self.clip.rate, self.clip.size, look))
                    for object_id, path in paths.items()
                }
            for path in paths.values():
                self.move(path.name, path)
