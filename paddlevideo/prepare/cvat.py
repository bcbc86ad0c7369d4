"""CVAT XML: for images 1.1, and for video 1.1."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from ..utils.errors import InputError
from .labels import Labels
from .shapes import OBJECT_KEYS, Annotations, Shape, ellipse, entry, object_id, runs_to_mask

_OTHERS = ("polyline", "points", "cuboid", "skeleton", "tag")


def read_cvat(source: Path) -> Annotations:
    """Read tracks of a video (each is an object, frames by number) or shapes of images.

    In images an object is the attribute ``object_id`` or ``track_id`` of a shape, else its group_id, else its label.
    """
    try:
        data = source.read_bytes()
        if b"<!DOCTYPE" in data[:4096] or b"<!ENTITY" in data:
            raise InputError(f"{source}: XML with definitions of its own, which CVAT does not write; export it again")
        root = ElementTree.fromstring(data)
    except (OSError, ElementTree.ParseError, ValueError, RecursionError) as error:
        raise InputError(f"{source}: cannot be read as XML ({error}); export it again") from error
    found = Annotations(source)
    tracks, images = root.findall("track"), root.findall("image")
    if not tracks and not images:
        raise InputError(f"{source}: no CVAT annotation; export the task as 'CVAT for video 1.1' or 'for images 1.1'")
    _read_tracks(tracks, root, found)
    _read_images(images, found)
    return found


def _read_tracks(tracks: list[ElementTree.Element], root: ElementTree.Element, found: Annotations) -> None:
    if not tracks:
        return
    with entry(f"{found.source}: meta"):
        shown = root.findtext(".//original_size/height"), root.findtext(".//original_size/width")
        frames = set(_frames_of(root))
    drawn: list[tuple[int, int, Shape]] = []
    for number, track in enumerate(tracks, 1):
        with entry(f"{found.source}: track {track.get('id', number)}"):
            found.notices.add("objects by their tracks", f"track {track.get('id')} ({track.get('label')}) is {number}")
            for element in track:
                frames.add(int(element.attrib["frame"]))
                if element.get("outside") == "1":
                    continue
                shape = _shape(element, number, found, f"track {track.get('id')}")
                if shape is not None:
                    drawn.append((int(element.get("z_order") or 0), int(element.attrib["frame"]), shape))
    found.by_place = True
    for frame in sorted(frames):
        found.add(f"frame_{frame:06d}")
        found.say_size(f"frame_{frame:06d}", *shown)
    for _, frame, shape in sorted(drawn, key=lambda each: each[0]):
        found.add(f"frame_{frame:06d}", shape)


def _frames_of(root: ElementTree.Element) -> range:
    """Return which frames of the film the task has: CVAT numbers them as the film does, also where it skips some."""
    places = (root.find(".//task"), root.find(".//job"))
    about = next((place for place in places if place is not None and place.findtext("size")), None)
    if about is None:
        return range(0)
    start = int(about.findtext("start_frame") or 0)
    every = re.search(r"step\s*=\s*(\d+)", about.findtext("frame_filter") or "")
    step = max(1, int(every[1])) if every else 1
    return range(start, start + step * min(int(about.findtext("size") or 0), 1 << 20), step)


def _read_images(images: list[ElementTree.Element], found: Annotations) -> None:
    labels = Labels(found)
    for place, image in enumerate(images):
        with entry(f"{found.source}: image {image.get('name', place)}"):
            name = image.attrib["name"]
            found.add(name)
            found.say_size(name, image.get("height"), image.get("width"))
            seen: set[int] = set()
            for element in sorted(image, key=lambda each: int(each.get("z_order") or 0)):
                shape = _shape(element, _number(element, labels), found, name)
                if shape is None:
                    continue
                if shape.number in seen:
                    found.notices.add(f"several shapes of object {shape.number} in a picture become one", name)
                seen.add(shape.number)
                found.add(name, shape)


def _number(element: ElementTree.Element, labels: Labels) -> int:
    said = {str(each.get("name")): (each.text or "").strip() for each in element.findall("attribute")}
    known = next((said[key] for key in OBJECT_KEYS if said.get(key)), None)
    if known is not None:
        return object_id(known)
    label, group = str(element.get("label")), element.get("group_id")
    return labels.number(label if not group or group == "0" else f"{label} {group}")


def _shape(element: ElementTree.Element, number: int, found: Annotations, where: str) -> Shape | None:
    values = element.attrib
    if element.tag == "polygon":
        points = [float(value) for point in values["points"].split(";") for value in point.split(",")]
        return Shape(number, outlines=[points])
    if element.tag == "box":
        left, top, right, bottom = (float(values[key]) for key in ("xtl", "ytl", "xbr", "ybr"))
        return Shape(number, outlines=[_turned([left, top, right, top, right, bottom, left, bottom], values)])
    if element.tag == "ellipse":
        x, y, across, down = (float(values[key]) for key in ("cx", "cy", "rx", "ry"))
        return Shape(number, outlines=[_turned(ellipse(x, y, across, down), values)])
    if element.tag == "mask":
        left, top, width, height = (int(values[key]) for key in ("left", "top", "width", "height"))
        if width < 1 or height < 1:
            raise ValueError(f"a mask of {width}x{height}")
        inside = runs_to_mask([int(text) for text in values["rle"].split(",")], height * width)
        return Shape(number, mask=inside.reshape(height, width), window=(left, top))
    if element.tag in _OTHERS:
        found.notices.add(f"shapes that are no areas ({element.tag}), not used", where)
    return None


def _turned(outline: list[float], values: Mapping[str, str]) -> list[float]:
    """Turn the outline of a box or an ellipse about its centre by its ``rotation``, degrees clockwise."""
    turn = np.deg2rad(float(values.get("rotation") or 0))
    points = np.reshape(outline, (-1, 2))
    centre = (points.min(axis=0) + points.max(axis=0)) / 2
    x, y = (points - centre).T
    turned = np.stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)], axis=1)
    return (turned + centre).ravel().tolist() if turn else outline
