"""Strokes and rounds of strokes: the DAVIS scribble file, and what the network sees of it."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import cv2
import numpy as np
from skimage.draw import line

from ..utils.errors import InputError
from ..utils.files import atomic_path

MAX_OBJECT_ID = 254  # 255 marks ignored pixels in masks
UNLABELLED = -1
REGION = 20  # cells from the strokes to the border of their region of interest: 80 pixels
CLICK = 8  # cells: what is no larger either way is a click, not a stroke
OPTIONAL_KEYS = ("radius", "counts", "annotated_frame", "propagations")  # a misspelt one would be passed over
_TOLERANCE = 1e-6  # points a rounding error outside 0..1 are taken to be on the border


@dataclass(frozen=True)
class Stroke:
    """One stroke: points (x, y) in 0..1 of the picture's width and height; object 0 is the background.

    ``radius`` is the brush's, as a share of the picture's width; 0 is a line one pixel thin. One that does not
    ``counts`` is a guess, such as a side of a box: the network is shown it, but the mask may differ under it.
    """

    object_id: int
    frame: int
    points: tuple[tuple[float, float], ...]
    radius: float = 0.0
    counts: bool = True


Rounds = list[list[Stroke]]


def read_rounds(path: str | Path, frames: int, objects: int | None = None) -> Rounds:
    """Read a DAVIS scribble file: one round, or a JSON list of rounds.

    A round is ``{"scribbles": [strokes of frame 0, strokes of frame 1, ...]}`` with an entry a frame of the video, a
    stroke ``{"path": [[x, y], ...], "object_id": id}``, with a ``"radius"`` where it is broad and ``"counts": false``
    where it is a guess. ``annotated_frame``, where given, must be the frame that the round's strokes are on. Other keys
    are left alone, unless they look like one of these.

    Args:
        path: the JSON file.
        frames: how many frames the video has.
        objects: how many objects there are; None takes them from the file, whose ids must then be 1..n without gaps.

    Raises:
        InputError: one line that names the file and the round (from 1), frame (from 0), stroke (from 1) at fault.
    """
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path}: cannot read the scribble file ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a text file; give a DAVIS scribble file (JSON)") from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"{path}: not valid JSON ({error}); give a DAVIS scribble file") from error
    return parse_rounds(document, frames, objects, source=str(path))


def parse_rounds(document: Any, frames: int, objects: int | None = None, source: str = "scribbles") -> Rounds:
    """Check and read what a scribble file's JSON holds; ``source`` opens the messages. See `read_rounds`."""
    documents = document if isinstance(document, list) else [document]
    if not documents:
        _fail(source, "an empty list; give at least one round of strokes")
    rounds = [
        _read_round(entry, frames, objects, f"{source}: round {number}") for number, entry in enumerate(documents, 1)
    ]
    ids = {stroke.object_id for strokes in rounds for stroke in strokes} - {0}
    # A file that tells of its objects may have drawn on some of them only.
    if objects is None and not any("objects" in entry for entry in documents):
        if not ids:
            _fail(source, "only background strokes (object_id 0); draw at least one stroke on object 1")
        missing = sorted(set(range(1, max(ids) + 1)) - ids)
        if missing:
            _fail(source, f"object_id {max(ids)} is used but {missing[0]} is not; number the objects 1..n without gaps")
    return rounds


def write_rounds(
    path: str | Path,
    rounds: Sequence[Sequence[Stroke]],
    frames: int,
    sequence: str = "",
    settings: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Write rounds as a scribble file that `read_rounds` gives back exactly: one object for one round, else a list.

    ``settings`` are further keys of each round, see `paddlevideo.loader.replay_file`.
    """
    documents = []
    for strokes, more in zip(rounds, settings or [{}] * len(rounds), strict=True):
        by_frame: list[list[dict[str, Any]]] = [[] for _ in range(frames)]
        for stroke in strokes:
            points = [[float(x), float(y)] for x, y in stroke.points]
            times = {"start_time": 0, "end_time": 0}  # the format's; strokes keep none
            broad = {"radius": float(stroke.radius)} if stroke.radius else {}
            guess = {} if stroke.counts else {"counts": False}
            kept = {"path": points, "object_id": int(stroke.object_id), **broad, **guess, **times}
            by_frame[stroke.frame].append(kept)
        document: dict[str, Any] = {"sequence": sequence, "scribbles": by_frame}
        if len({stroke.frame for stroke in strokes}) == 1:
            document["annotated_frame"] = int(strokes[0].frame)
        documents.append({**document, **more})
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(documents[0] if len(documents) == 1 else documents), encoding="utf-8")


def split_by_frame(strokes: Iterable[Stroke]) -> Rounds:
    """Split a round into single-frame rounds, in frame order; strokes of one frame keep their order."""
    by_frame: dict[int, list[Stroke]] = {}
    for stroke in strokes:
        by_frame.setdefault(stroke.frame, []).append(stroke)
    return [by_frame[frame] for frame in sorted(by_frame)]


def draw_label(strokes: Iterable[Stroke], size: tuple[int, int]) -> np.ndarray:
    """Draw the strokes of one frame as ids on an int16 (h, w) grid of -1 (unlabelled); later strokes overwrite.

    They are drawn at the size asked for, usually the embedding's, and not scaled down: points are multiplied by
    (w - 1, h - 1), truncated and joined by Bresenham lines. A single point is a dot. A stroke with a radius has all
    that is no further from its line.
    """
    height, width = size
    label = np.full(size, UNLABELLED, dtype=np.int16)  # int8 would not hold the ids above 127
    for stroke in strokes:
        places = [(int(y * (height - 1)), int(x * (width - 1))) for x, y in stroke.points]
        cells = [line(*start, *end) for start, end in zip(places, places[1:] or places, strict=False)]
        rows, columns = (np.concatenate(each) for each in zip(*cells, strict=True))
        label[rows, columns] = stroke.object_id
        if stroke.radius * width >= 1:
            _broaden(label, rows, columns, stroke.radius * width, stroke.object_id)
    return label


def _broaden(label: np.ndarray, rows: np.ndarray, columns: np.ndarray, radius: float, object_id: int) -> None:
    """Label (h,w) all that is at most ``radius`` cells away from some of its cells."""
    margin = int(radius)
    top, left = max(int(rows.min()) - margin, 0), max(int(columns.min()) - margin, 0)
    part = label[top : rows.max() + margin + 1, left : columns.max() + margin + 1]
    away = np.ones(part.shape, np.uint8)
    away[rows - top, columns - left] = 0
    part[cv2.distanceTransform(away, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) <= radius] = object_id


def region_distance(label: np.ndarray, distance: int = REGION, click_region: float | None = None) -> int:
    """Return the margin of the `region_of_interest` of a label (h,w), in grid cells.

    It is ``distance``, except where an object is shown by a click alone (at most `CLICK` cells either way): that says
    nothing of the object's size, so it may reach ``click_region`` (a share of the grid's shorter side) from there.
    """
    if click_region is None or not clicked(label):
        return distance
    return max(distance, round(click_region * min(label.shape)))


def clicked(label: np.ndarray) -> list[int]:
    """Return the objects of a label (h,w) that a click alone shows: at most `CLICK` cells either way."""
    return [int(object_id) for object_id in np.unique(label[label > 0]) if _is_click(label == object_id)]


def _is_click(cells: np.ndarray) -> bool:
    return all(int(np.ptp(places)) < CLICK for places in np.nonzero(cells))


def region_of_interest(label: np.ndarray, distance: int = REGION) -> np.ndarray:
    """Fill everything far from the strokes with background, as the reference does in the first round.

    The box around all labelled pixels is enlarged by ``distance`` grid cells; outside it the label becomes 0, inside
    it stays, -1 included. The box's far ends are clipped to the last row and column and then taken as exclusive, so
    those two always become background: published weights were trained and scored that way.

    Raises:
        ValueError: nothing is labelled.
    """
    rows, columns = np.nonzero(label != UNLABELLED)
    if not len(rows):
        raise ValueError("no labelled pixel to find a region of interest around")
    top, left = max(int(rows.min()) - distance, 0), max(int(columns.min()) - distance, 0)
    bottom = min(int(rows.max()) + distance, label.shape[0] - 1)
    right = min(int(columns.max()) + distance, label.shape[1] - 1)
    filled = np.zeros_like(label)
    filled[top:bottom, left:right] = label[top:bottom, left:right]
    return filled


# ------------------------------------------------------------------------------------------------------- checks


def _fail(where: str, what: str) -> NoReturn:
    raise InputError(f"{where}: {what}")


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _read_round(document: Any, frames: int, objects: int | None, where: str) -> list[Stroke]:
    if not isinstance(document, dict):
        _fail(where, f"expected a JSON object with the key 'scribbles', found {type(document).__name__}")
    _check_spelling(document, where)
    if "scribbles" not in document:
        _fail(where, "the key 'scribbles' is missing; it holds a list of strokes for every frame")
    by_frame = document["scribbles"]
    if not isinstance(by_frame, list):
        _fail(where, f"'scribbles' must be a list with an entry a frame, found {type(by_frame).__name__}")
    if len(by_frame) != frames:
        _fail(where, f"'scribbles' has {len(by_frame)} frames but the video has {frames}; use this video's own file")
    strokes = []
    for frame, entries in enumerate(by_frame):
        if not isinstance(entries, list):
            _fail(f"{where}, frame {frame}", f"expected a list of strokes, found {type(entries).__name__}")
        for number, entry in enumerate(entries, 1):
            strokes.append(_read_stroke(entry, frame, objects, f"{where}, frame {frame}, stroke {number}"))
    if not strokes:
        _fail(where, "no stroke on any frame; draw at least one")
    _check_annotated_frame(document.get("annotated_frame"), strokes, frames, where)
    return strokes


def _check_annotated_frame(value: Any, strokes: list[Stroke], frames: int, where: str) -> None:
    if value is None:
        return
    if not _is_int(value) or not 0 <= value < frames:
        _fail(where, f"annotated_frame {value!r} is out of range; the video has frames 0 to {frames - 1}")
    other = sorted({stroke.frame for stroke in strokes} - {value})
    if other:
        _fail(where, f"annotated_frame is {value} but frame {other[0]} has strokes; make them two rounds")


def _check_spelling(entry: dict[str, Any], where: str) -> None:
    for key in entry:
        for meant in difflib.get_close_matches(key, OPTIONAL_KEYS, n=1, cutoff=0.8):
            # "radius_px" is another key, of another program.
            if meant not in entry and meant not in key and key not in meant:
                _fail(where, f"the key '{key}' is not known; did you mean '{meant}'?")


def _read_stroke(entry: Any, frame: int, objects: int | None, where: str) -> Stroke:
    if not isinstance(entry, dict):
        _fail(where, f"expected a JSON object with 'path' and 'object_id', found {type(entry).__name__}")
    _check_spelling(entry, where)
    for key in ("path", "object_id"):
        if key not in entry:
            _fail(where, f"the key '{key}' is missing")
    object_id, path = entry["object_id"], entry["path"]
    if not _is_int(object_id) or not 0 <= object_id <= MAX_OBJECT_ID:
        _fail(where, f"object_id {object_id!r} must be an integer from 0 (background) to {MAX_OBJECT_ID}")
    if objects is not None and object_id > objects:
        _fail(where, f"unknown object_id {object_id}; there are objects 1 to {objects} and 0 for the background")
    if not isinstance(path, list) or not path:
        _fail(where, "'path' must be a list of at least one point [x, y]")
    radius = entry.get("radius", 0.0)
    if isinstance(radius, bool) or not isinstance(radius, (int, float)) or not 0 <= radius <= 1:
        _fail(where, f"radius {radius!r} must be a number from 0 to 1, a share of the picture's width")
    counts = entry.get("counts", True)
    if not isinstance(counts, bool):
        _fail(where, f"counts {counts!r} must be true or false")
    points = tuple(_read_point(point, f"{where}, point {i}") for i, point in enumerate(path, 1))
    return Stroke(object_id, frame, points, float(radius), counts)


def _read_point(point: Any, where: str) -> tuple[float, float]:
    if not isinstance(point, list) or len(point) != 2:
        _fail(where, f"expected [x, y], found {json.dumps(point)[:40]}")
    for value in point:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            _fail(where, f"expected two numbers, found {json.dumps(point)[:40]}")
        if not -_TOLERANCE <= value <= 1 + _TOLERANCE:  # also catches NaN
            _fail(where, f"{json.dumps(point)[:60]} is outside the picture; x and y go from 0 to 1 of width and height")
    x, y = (min(max(float(value), 0.0), 1.0) for value in point)
    return x, y
