"""VIA JSON (VGG Image Annotator 2)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .shapes import OBJECT_KEYS, Annotations, Shape, entry


def read_via(document: Mapping[str, Any], source: Path) -> Annotations:
    """Read the polygons of every picture; their object is the region attribute ``object_id``."""
    found = Annotations(source)
    for key, picture in document.items():
        with entry(f"{source}: {picture.get('filename', key)}"):
            regions = picture["regions"]
            name = str(picture["filename"])
            found.add(name)
            seen: set[int] = set()
            for region in regions.values() if isinstance(regions, Mapping) else regions:
                shape = _of_region(region)
                if shape.number in seen:
                    kind = (
                        f"several regions of object {shape.number} in a picture become one; object_id tells them apart"
                    )
                    found.notices.add(kind, name)
                seen.add(shape.number)
                found.add(name, shape)
    return found


def _of_region(region: Mapping[str, Any]) -> Shape:
    outline, said = region["shape_attributes"], region.get("region_attributes", {})
    number = next((said[key] for key in OBJECT_KEYS if key in said), 1)
    if outline.get("name") not in ("polygon", "polyline") or not str(number).isdecimal():
        raise ValueError(
            f"a region is a '{outline.get('name')}' of object '{number}'; "
            "draw polygons and give each the region attribute object_id, a number"
        )
    points = [v for pair in zip(outline["all_points_x"], outline["all_points_y"], strict=True) for v in pair]
    return Shape(int(number), outlines=[points])
