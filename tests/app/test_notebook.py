"""The notebook's widget without a notebook: what it answers to the messages of its page, and the arrays it gives."""

from __future__ import annotations

from typing import Any, cast

import cv2
import numpy as np
import pytest

from paddlevideo import Stroke
from paddlevideo.app.notebook import ScribbleWidget
from paddlevideo.loader.preprocess import Preprocess
from paddlevideo.session.options import SessionOptions
from paddlevideo.session.segmenter import Segmenter
from tests.app.toy import FRAMES, SIZE, Colours, frame_picture, points

Sent = list[tuple[dict[str, Any], list[bytes]]]


@pytest.fixture
def widget(monkeypatch: pytest.MonkeyPatch) -> tuple[ScribbleWidget, Sent]:
    """A widget on the toy's clip, and what it sends."""
    sent: Sent = []
    monkeypatch.setattr(ScribbleWidget, "send", lambda self, content, buffers=(): sent.append((content, [*buffers])))
    toy = Segmenter(cast(Any, Colours(sharpness=20)), Preprocess("rgb", size=None), SessionOptions())
    return ScribbleWidget(np.stack([frame_picture(t) for t in range(FRAMES)]), segmenter=toy), sent


def stroke(frame: int, object_id: int = 1) -> dict[str, Any]:
    line = [list(point) for point in points(object_id, frame)]
    return {"kind": "stroke", "frame": frame, "object_id": object_id, "points": line, "radius": 0.01, "shape": "line"}


def ids(png: bytes) -> np.ndarray:
    return cast(np.ndarray, cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED))


def test_a_frame_is_sent_as_a_picture_and_with_its_mask_once_there_is_one(widget: tuple[ScribbleWidget, Sent]) -> None:
    it, sent = widget
    it._receive(None, {"kind": "frame", "frame": 3}, [])
    (message, pictures) = sent.pop()
    assert message == {"kind": "frame", "frame": 3, "revision": 0} and len(pictures) == 1
    picture = cv2.cvtColor(ids(pictures[0]), cv2.COLOR_BGR2RGB).astype(int)
    assert abs(picture - frame_picture(3)).mean() < 5

    it._receive(None, stroke(3), [])
    message, pictures = sent.pop()
    assert message["frame"] == 3 and message["revision"] > 0
    assert np.array_equal(ids(pictures[1]), it.session.mask(3)) and it.session.mask(3).any()


def test_strokes_are_in_the_document_and_undo_takes_their_round_back(widget: tuple[ScribbleWidget, Sent]) -> None:
    it, sent = widget
    assert it.document["video"] == {"frames": FRAMES, "width": SIZE[1], "height": SIZE[0], "rate": 25.0}
    it._receive(None, stroke(2), [])
    it._receive(None, stroke(2, object_id=0), [])
    assert [(each["round"], each["object_id"]) for each in it.document["strokes"]] == [(1, 1), (1, 0)]
    assert it.document["rounds"] == [{"number": 1, "frame": 2, "propagated": False}]
    it._receive(None, {"kind": "undo"}, [])
    assert it.document["strokes"] == [] and not it.masks().any()
    it._receive(None, {"kind": "undo"}, [])
    assert sent[-1][0]["kind"] == "error" and "undo" in sent[-1][0]["message"]


def test_masks_are_those_of_a_session_that_did_the_same(widget: tuple[ScribbleWidget, Sent]) -> None:
    it, sent = widget
    it._receive(None, stroke(2), [])
    it._receive(None, {"kind": "propagate"}, [])
    progress = [message for message, _ in sent if message["kind"] == "progress"]
    assert [each["done"] for each in progress] == list(range(1, FRAMES + 1))
    assert it.document["rounds"][0]["propagated"] and sent[-1][0]["kind"] == "frame"

    toy = Segmenter(cast(Any, Colours(sharpness=20)), Preprocess("rgb", size=None), SessionOptions())
    given = [Stroke(1, 2, tuple((x, y) for x, y in points(1, 2)), 0.01)]
    wanted = toy.segment(np.stack([frame_picture(t) for t in range(FRAMES)]), given)
    assert it.masks().shape == (FRAMES, *SIZE) and np.array_equal(it.masks(), wanted)


def test_interrupting_the_kernel_stops_and_keeps_what_is_done(
    widget: tuple[ScribbleWidget, Sent], monkeypatch: pytest.MonkeyPatch
) -> None:
    it, sent = widget
    it.add_strokes([Stroke(1, 2, tuple((x, y) for x, y in points(1, 2)))])

    def interrupted(self: ScribbleWidget, content: dict[str, Any], buffers: Any = ()) -> None:
        sent.append((content, [*buffers]))
        if content.get("done") == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(ScribbleWidget, "send", interrupted)
    it._receive(None, {"kind": "propagate"}, [])
    assert [it.session.has_mask(frame) for frame in range(FRAMES)] == [False, False, True, True, True, *[False] * 3]
    assert sent[-1][0]["kind"] == "frame" and it.document["rounds"][0]["propagated"]
