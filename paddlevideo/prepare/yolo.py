"""YOLO segmentation: ``labels/NAME.txt`` with a line ``CLASS x1 y1 x2 y2 ...`` an object, in shares of the picture."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..utils.errors import InputError
from .shapes import Annotations, Shape, entry

_FURTHEST = 1.5  # shares; outlines may go a little beyond the picture


def read_yolo(files: Iterable[Path], source: Path) -> Annotations:
    """Read text files; class 0 is object 1 and so on. Outlines stay in shares of the picture until they are painted."""
    found = Annotations(source)
    for file in files:
        name = f"{file.parent.name}/{file.stem}"
        found.add(name)
        try:
            lines = file.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, ValueError) as error:
            raise InputError(f"{file}: cannot be read as text ({error}); export it again") from error
        seen: set[int] = set()
        for number, line in enumerate(lines, 1):
            with entry(f"{file}: line {number}"):
                fields = line.split()
                if not fields:
                    continue
                if len(fields) == 5:
                    found.notices.add("boxes, which are no masks, not used", f"{file.name} line {number}")
                    continue
                if len(fields) < 7 or len(fields) % 2 == 0:
                    raise ValueError(f"{len(fields)} numbers; it must be a class and at least three points")
                shares = [float(value) for value in fields[1:]]
                if max(shares) > _FURTHEST:
                    raise ValueError(f"a point at {max(shares):g}; points are shares of the picture, from 0 to 1")
                shape = Shape(int(fields[0]) + 1, outlines=[shares])
                if shape.number in seen:
                    found.notices.add(f"several shapes of class {fields[0]} in a picture become one object", file.name)
                seen.add(shape.number)
                found.add(name, shape)
    found.notices.add("class 0 is object 1 and so on")
    return found


def in_pixels(shapes: Iterable[Shape], size: tuple[int, int]) -> list[Shape]:
    """Return shapes in shares of the picture as shapes in pixels."""
    sides = size[1], size[0]
    return [
        Shape(shape.number, [[value * sides[place % 2] for place, value in enumerate(line)] for line in shape.outlines])
        for shape in shapes
    ]
