"""The scribble page's picture as a widget in a notebook: draw on a frame, see its mask, propagate, get arrays.

    from paddlevideo.app.notebook import ScribbleWidget

    widget = ScribbleWidget("clip.mp4", objects=2)
    widget  # the last line of a cell: draw on it
    masks = widget.masks()  # in a later cell: (T, H, W) uint8

What a person does comes as messages, and the session is that of ``open_session``. It needs ``anywidget``, which the
extra ``notebook`` brings.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..loader.scribbles import Stroke
from ..loader.video import Video, open_frames
from ..session.segmenter import Segmenter
from ..utils.arrays import Mask
from ..utils.errors import InputError
from .linked_modules import link_modules
from .projects.project import COLORS

try:
    import anywidget
    import traitlets
except ImportError as error:
    raise ImportError("the widget needs anywidget: pip install anywidget, or paddlevideo-manet[notebook]") from error

_STATIC = Path(__file__).parent / "static"
_MODULES = _STATIC / "js"
_JPEG = [cv2.IMWRITE_JPEG_QUALITY, 90]
_PAUSE = 0.25  # seconds between two frames of a propagation that are shown


class ScribbleWidget(anywidget.AnyWidget):
    """A video in a notebook to draw on.

    While it propagates the kernel is busy; interrupting the kernel stops it, and the masks so far stay.

    Args:
        video: as in `open_session`: a file, a folder of pictures, a glob, or frames in memory.
        objects: how many objects.
        segmenter: the network, which several widgets can share; None loads the lite one.
        overrides: fields of `SessionOptions`, in place of the config's.

    Attributes:
        session: the session behind it, to be used beside it; call `refresh` after that.

    Raises:
        InputError: the video cannot be read, or an option is wrong.
    """

    _esm = link_modules(
        _MODULES / "notebook" / "widget.js", {_MODULES / "net" / "api.js": _MODULES / "notebook" / "pictures.js"}
    )
    _css = (_STATIC / "css" / "notebook.css").read_text(encoding="utf-8")
    document = traitlets.Dict().tag(sync=True)
    words = traitlets.Dict().tag(sync=True)

    def __init__(self, video: Video, objects: int = 1, *, segmenter: Segmenter | None = None, **overrides: Any) -> None:
        self._frames = open_frames(video)  # before the slow load
        self.session = (segmenter or Segmenter.load()).open(self._frames, objects, **overrides)
        self._id = uuid.uuid4().hex
        self._revision = 0
        self._shown = 0
        super().__init__(words=_words(), document=self._document())
        self.on_msg(self._receive)

    def add_strokes(self, strokes: Sequence[Stroke]) -> Mask:
        """Draw strokes on one frame, as a person does, and return its mask (H,W)."""
        result = self.session.add_strokes(strokes)
        self._shown = result.frame
        self.refresh()
        return result.mask

    def propagate(self) -> None:
        """Carry the masks over the video."""
        shown = time.monotonic()
        try:
            for done, result in enumerate(self.session.propagate(), 1):
                self._revision += 1
                self.send({"kind": "progress", "done": done, "total": len(self._frames)})
                if time.monotonic() - shown > _PAUSE:
                    self._show(result.frame)
                    shown = time.monotonic()
        finally:
            self.refresh()

    def undo(self) -> None:
        """Take the last round back."""
        self.session.undo()
        self.refresh()

    def masks(self) -> Mask:
        """Return the masks (T,H,W) uint8 of all frames: ids of objects, 0 for the background."""
        return np.stack([self.session.mask(frame) for frame in range(len(self._frames))])

    def refresh(self) -> None:
        """Show what the session has by now."""
        self._revision += 1
        self.document = self._document()
        self._show(self._shown)

    def _receive(self, _: object, content: Mapping[str, Any], buffers: object) -> None:
        """Do what a message asks; an error is shown below the picture."""
        try:
            if content["kind"] == "frame":
                self._show(int(content["frame"]))
            elif content["kind"] == "stroke":
                points = tuple((float(x), float(y)) for x, y in content["points"])
                self.add_strokes([Stroke(content["object_id"], content["frame"], points, content["radius"])])
            elif content["kind"] == "undo":
                self.undo()
            elif content["kind"] == "propagate":
                with suppress(KeyboardInterrupt):
                    self.propagate()
        except InputError as error:
            self.send({"kind": "error", "message": str(error)})

    def _show(self, frame: int) -> None:
        """Send a frame's picture and, where it has one, its mask."""
        picture = cv2.imencode(".jpg", cv2.cvtColor(self._frames[frame], cv2.COLOR_RGB2BGR), _JPEG)[1]
        masked = self.session.has_mask(frame)
        pictures = [picture, *([cv2.imencode(".png", self.session.mask(frame))[1]] if masked else [])]
        revision = self._revision if masked else 0
        self._shown = frame
        self.send({"kind": "frame", "frame": frame, "revision": revision}, [each.tobytes() for each in pictures])

    def _document(self) -> dict[str, Any]:
        """What the page's modules know of a project; see ``Project`` in static/js/types.d.ts."""
        height, width = self._frames.size
        rounds = self.session.rounds
        return {
            "id": self._id,
            "video": {"frames": len(self._frames), "width": width, "height": height, "rate": self._frames.rate},
            "objects": [
                {"id": each, "name": "", "color": COLORS[(each - 1) % len(COLORS)], "locked": False, "hidden": False}
                for each in self.session.objects
            ],
            "lanes": {},
            "settings": {},
            "job": None,
            "rounds": [{"number": r.number, "frame": r.frame, "propagated": r.propagated} for r in rounds],
            "strokes": [each for r in rounds for each in _strokes(r.strokes, r.number)],
        }


def _strokes(strokes: Iterable[Stroke], round: int) -> list[dict[str, Any]]:
    return [
        {
            "key": f"{round}-{index}",
            "round": round,
            "frame": stroke.frame,
            "object_id": stroke.object_id,
            "points": [list(point) for point in stroke.points],
            "shape": "click" if len(stroke.points) == 1 else "line",
            "radius": stroke.radius,
        }
        for index, stroke in enumerate(strokes)
    ]


def _words() -> dict[str, dict[str, str]]:
    """The words that the widget shows, by language."""
    files = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (_STATIC / "words").glob("*.json")}
    kinds = ("notebook.", "picture.", "action.", "objects.", "rail.")
    return {name: {key: text for key, text in each.items() if key.startswith(kinds)} for name, each in files.items()}
