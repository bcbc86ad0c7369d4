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

from ..utils.errors import InputError
from .labels import Labels
from .shapes import Annotations, Shape, ellipse, entry


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
        seen: set[int] = set()
        for index, shape in enumerate(document["shapes"]):
            with entry(f"{file}: shapes[{index}]"):
                group = shape.get("group_id")
                label = str(shape["label"])
                number = labels.number(label if group is None else f"{label} {group}")
                read = _shape(number, shape)
                if read is None:
                    found.notices.add(f"shapes that are no areas ({shape['shape_type']}), not used", file.name)
                    continue
                if number in seen and group is None:
                    kind = f"several shapes of '{label}' in a picture become one object; a group_id tells them apart"
                    found.notices.add(kind, file.name)
                seen.add(number)
                found.add(name, read)
    return found


def _shape(number: int, shape: Mapping[str, Any]) -> Shape | None:
    kind = shape.get("shape_type") or "polygon"
    points = [(float(x), float(y)) for x, y in shape["points"]]
    if kind == "polygon":
        return Shape(number, outlines=[[value for point in points for value in point]])
    if kind == "rectangle":
        (left, top), (right, bottom) = points
        return Shape(number, outlines=[[left, top, right, top, right, bottom, left, bottom]])
    if kind == "circle":
        (x, y), (edge_x, edge_y) = points
        radius = float(np.hypot(edge_x - x, edge_y - y))
        return Shape(number, outlines=[ellipse(x, y, radius, radius)])
    if kind == "mask":
        with Image.open(io.BytesIO(base64.b64decode(shape["mask"]))) as picture:
            inside = np.array(picture.convert("L")) > 0
        return Shape(number, mask=inside, window=(round(points[0][0]), round(points[0][1])))
    return None
