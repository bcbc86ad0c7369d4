"""labelme: a JSON beside each picture."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..loader.mask_picture import mask_values
from ..utils.errors import InputError
from .labels import Labels
from .shapes import Annotations, Shape, ellipse, entry

_AREAS = frozenset({"polygon", "rectangle", "rotation", "circle", "mask"})


def is_labelme(document: Any) -> bool:
    """Whether a JSON document is labelme's."""
    return isinstance(document, Mapping) and isinstance(document.get("shapes"), list) and "imagePath" in document


def read_labelme(files: Iterable[Path], source: Path) -> Annotations:
    """Read the shapes of pictures; an object is its group_id with its label, else its label."""
    found = Annotations(source)
    labels = Labels(found)
    for file in files:
        try:
            document = json.loads(file.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError, RecursionError) as error:
            raise InputError(f"{file}: cannot be read as JSON ({error}); export it again") from error
        if not is_labelme(document):
            found.notices.add("not labelme's JSON, not used", file.name)
            continue
        name = f"{file.parent.name}/{file.stem}"  # labelme pairs by the file; imagePath may be of another machine
        found.add(name)
        with entry(f"{file}"):
            found.say_size(name, document.get("imageHeight"), document.get("imageWidth"))
        seen: set[int] = set()
        for index, shape in enumerate(document["shapes"]):
            with entry(f"{file}: shapes[{index}]"):
                group = shape.get("group_id")
                label = str(shape["label"])
                if (kind := shape.get("shape_type") or "polygon") not in _AREAS:
                    found.notices.add(f"shapes that are no areas ({kind}), not used", file.name)
                    continue
                number = labels.number(label if group is None else f"{label} {group}")
                if number in seen and group is None:
                    kind = f"several shapes of '{label}' in a picture become one object; a group_id tells them apart"
                    found.notices.add(kind, file.name)
                seen.add(number)
                found.add(name, _shape(number, kind, shape, file))
    return found


def _shape(number: int, kind: str, shape: Mapping[str, Any], file: Path) -> Shape:
    points = [(float(x), float(y)) for x, y in shape["points"]]
    if kind == "polygon" or len(points) > 2:  # X-AnyLabeling writes rectangles with four corners
        return Shape(number, outlines=[[value for point in points for value in point]])
    if kind == "rectangle":
        (left, top), (right, bottom) = points
        return Shape(number, outlines=[[left, top, right, top, right, bottom, left, bottom]])
    if kind == "circle":
        (x, y), (edge_x, edge_y) = points
        radius = float(np.hypot(edge_x - x, edge_y - y))
        return Shape(number, outlines=[ellipse(x, y, radius, radius)])
    with Image.open(io.BytesIO(base64.b64decode(shape["mask"]))) as picture:
        _, values, _ = mask_values(picture, file)
    inside = values.reshape(*values.shape[:2], -1).any(axis=2)
    return Shape(number, mask=inside, window=(round(points[0][0]), round(points[0][1])))
