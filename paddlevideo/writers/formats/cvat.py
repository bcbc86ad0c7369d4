"""Masks for the annotation tool CVAT."""

from __future__ import annotations

import re
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

import cv2
import numpy as np

from ...utils.files import atomic_path
from ...utils.registry import EXPORTERS
from ..exporter import Exporter

# What XML 1.0 cannot hold: control characters, and bytes of a file name that are no UTF-8.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def run_lengths(mask: np.ndarray) -> list[int]:
    """Return how many pixels of a bool mask are outside, inside, outside, ... in turn, row by row, from the first."""
    flat = np.concatenate([[False], mask.ravel()])
    ends = np.flatnonzero(flat[1:] != flat[:-1])
    return [int(length) for length in np.diff([0, *ends, mask.size])]


@EXPORTERS.register
class Cvat(Exporter):
    """CVAT XML, to be uploaded to a task as "CVAT 1.1".

    It is the XML for images, which CVAT takes for tasks of videos, too: its tracks have no masks, of one that has CVAT
    keeps the first. The masks of an object have its name as label and its id as group and as attribute ``object_id``.
    """

    key, name, download, rank = "cvat", "cvat.xml", "cvat.xml", 78
    media_type = "application/xml"

    def open(self) -> None:
        path = self.enter(atomic_path(self.target))
        self._xml = XMLGenerator(self.enter(path.open("w", encoding="utf-8")), "utf-8", short_empty_elements=True)
        self._xml.startDocument()
        self._begin("annotations")
        self._text("version", "1.1")
        self._begin("meta")
        self._begin("task")
        self._text("name", self.clip.name)
        self._text("size", str(len(self.clip.frame_names)))
        self._begin("labels")
        for label in self.clip.categories:
            self._begin("label")
            self._text("name", label)
            self._text("type", "mask")
            self._end("label")
        self._end("labels", "task", "meta")

    def write(self, index: int, frame: np.ndarray | None, mask: np.ndarray) -> None:
        height, width = self.clip.size
        # CVAT's own names for a video's frames.
        name = self.clip.file_names[index] if self.clip.file_names else f"frame_{index:06d}"
        self._begin("image", id=index, name=name, width=width, height=height)
        for each in self.clip.objects:
            inside = mask == each.id
            if inside.any():
                self._mask(inside, each.id, each.label)
        self._end("image")

    def _mask(self, inside: np.ndarray, object_id: int, label: str) -> None:
        left, top, width, height = cv2.boundingRect(inside.astype(np.uint8))
        runs = ", ".join(map(str, run_lengths(inside[top : top + height, left : left + width])))
        place = {"rle": runs, "left": left, "top": top, "width": width, "height": height}
        self._begin("mask", label=label, source="auto", occluded=0, **place, z_order=0, group_id=object_id)
        self._text("attribute", str(object_id), name="object_id")
        self._end("mask")

    def close(self) -> None:
        self._end("annotations")
        self._xml.endDocument()

    def _begin(self, element: str, /, **attributes: object) -> None:
        self._xml.startElement(element, AttributesImpl({key: _plain(str(each)) for key, each in attributes.items()}))
        self._xml.ignorableWhitespace("\n")

    def _end(self, *elements: str) -> None:
        for element in elements:
            self._xml.endElement(element)
            self._xml.ignorableWhitespace("\n")

    def _text(self, element: str, text: str, /, **attributes: str) -> None:
        self._xml.startElement(element, AttributesImpl(attributes))
        self._xml.characters(_plain(text))
        self._end(element)


def _plain(text: str) -> str:
    """Return ``text`` with ``\\xNN`` in place of what XML cannot hold."""
    return _NO_XML.sub(lambda found: f"\\x{ord(found[0]) & 255:02x}", text)
