"""Masks as the JSON of the COCO data set, as run lengths or as polygons."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import numpy as np

from ...utils.files import atomic_path
from ...utils.registry import EXPORTERS
from ..exporter import Exporter
from ..outlines import edge_outlines
from ..rle import encode_mask


@EXPORTERS.register
class Coco(Exporter):
    """COCO JSON with images, annotations and categories, masks as run lengths.

    An image for each frame, numbered from 1, and an annotation for each object on each frame where it is in sight, with
    the object's id as ``track_id``. Objects of one name are one category. ``iscrowd`` is 0: a mask is one object.
    """

    key, name, download, rank = "coco", "coco.json", "coco.json", 72
    media_type = "application/json"
    preset = 3
    polygons: ClassVar[bool] = False

    def open(self) -> None:
        clip, (height, width) = self.clip, self.clip.size
        path = self.enter(atomic_path(self.target))
        self._file = self.enter(path.open("w", encoding="utf-8"))
        self._count = 0
        head = {
            "info": {"description": clip.name},
            "licenses": [],
            "images": [
                {"id": index + 1, "file_name": clip.picture_name(index), "width": width, "height": height}
                for index in range(len(clip.frame_names))
            ],
            "categories": [
                {"id": number, "name": name, "supercategory": ""} for number, name in enumerate(clip.categories, 1)
            ],
        }
        self._file.write(json.dumps(head)[:-1] + ', "annotations": [')

    def write(self, index: int, frame: np.ndarray | None, mask: np.ndarray) -> None:
        records = encode_mask(mask, index, self.clip.frame_names[index], self.clip.ids)
        for each, record in zip(self.clip.objects, records, strict=True):
            if record["area"]:
                self._add(
                    {
                        "image_id": index + 1,
                        "category_id": self.clip.categories.index(each.label) + 1,
                        "track_id": each.id,
                        "segmentation": _polygons(mask == each.id) if self.polygons else record["rle"],
                        "area": record["area"],
                        "bbox": record["bbox"],
                        "iscrowd": 0,
                    }
                )

    def _add(self, annotation: dict[str, Any]) -> None:
        self._file.write((", " if self._count else "") + json.dumps({"id": self._count + 1, **annotation}))
        self._count += 1

    def close(self) -> None:
        self._file.write("]}")


@EXPORTERS.register
class CocoPolygons(Coco):
    """COCO JSON with images, annotations and categories, masks as polygons.

    Polygons go along the pixels' edges, one for each part. COCO has no holes: a cut of no width leads around them.
    """

    key, name, download, rank = "coco_polygons", "coco_polygons.json", "coco_polygons.json", 74
    preset, polygons = 0, True


def _polygons(inside: np.ndarray) -> list[list[float]]:
    return [outline.ravel().tolist() for outline in edge_outlines(inside)]
