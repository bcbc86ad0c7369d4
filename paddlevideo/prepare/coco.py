"""COCO JSON as pycocotools, CVAT, Label Studio and labelme2coco write it, and the ``masks.json`` of ``--infer``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..utils.errors import InputError
from .shapes import OBJECT_KEYS, Annotations, Shape, entry, object_id


def read_coco(document: Mapping[str, Any], source: Path) -> Annotations:
    """Read images, annotations and categories.

    An image without annotations has an empty mask. Where no annotation says its object by one of `OBJECT_KEYS`, the
    category is the object; what counts from 0 is taken from 1, and that is noted.

    Raises:
        InputError: an entry that is none, or objects that only some of the annotations say.
    """
    found = Annotations(source)
    with entry(f"{source}: images"):
        images = list(document["images"])
    names: dict[Any, str] = {}
    for index, image in enumerate(images):
        with entry(f"{source}: images[{index}]"):
            names[image["id"]] = str(image["file_name"])
            found.add(names[image["id"]])
            found.say_size(names[image["id"]], image.get("height"), image.get("width"))
    numbers: list[int] = []
    owners: list[str] = []
    by_category: list[int] = []
    by_object: list[int] = []
    shapes: list[Any] = []
    for index, annotation in enumerate(document["annotations"]):
        with entry(f"{source}: annotations[{index}]"):
            if annotation["image_id"] not in names:
                raise ValueError(f"image_id {annotation['image_id']!r} is the id of no image")
            own = {key: annotation[key] for key in OBJECT_KEYS[:-1] if key in annotation}
            known = {**(annotation.get("attributes") or {}), **own}
            said = next((known[key] for key in OBJECT_KEYS if known.get(key) is not None), None)
            (by_object if said is not None else by_category).append(index)
            if said is None:
                said = annotation.get("category_id", 1)
            numbers.append(object_id(said))
            owners.append(names[annotation["image_id"]])
            shapes.append(annotation["segmentation"])
    shaped = [index for index in by_category if shapes[index]]
    if by_object and shaped:
        raise InputError(
            f"{source}: annotations[{by_object[0]}] says its object, annotations[{shaped[0]}] only its category, "
            "which may have the same number; give each a track_id"
        )
    _from_one(numbers, by_category, "categories count from 0, category 0 is object 1 and so on", found)
    _from_one(numbers, by_object, "objects count from 0, as CVAT's tracks do; object 0 is object 1 and so on", found)
    _tell_twins(list(zip(owners, numbers, strict=True)), found)
    for index, (name, number, shape) in enumerate(zip(owners, numbers, shapes, strict=True)):
        if not shape:
            found.notices.add("annotations without a shape, not used", f"annotations[{index}]")
            continue
        if document["annotations"][index].get("iscrowd") == 1:
            found.notices.add("crowds (iscrowd 1), each read as one object", f"annotations[{index}]")
        found.add(name, coco_shape(number, shape))
    return found


def read_inference(document: Mapping[str, Any], source: Path) -> Annotations:
    """Read the ``masks.json`` of ``--infer``."""
    found = Annotations(source)
    for index, record in enumerate(document["annotations"]):
        with entry(f"{source}: annotations[{index}]"):
            found.add(str(record["name"]), coco_shape(object_id(record["object_id"]), record["rle"]))
    return found


def coco_shape(number: int, shape: Any) -> Shape:
    """Return the shape of an object by its run lengths or its polygons [[x, y, ...], ...]."""
    return Shape(number, mask=shape) if isinstance(shape, Mapping) else Shape(number, outlines=shape, coco=True)


def _from_one(numbers: list[int], counted: list[int], kind: str, found: Annotations) -> None:
    if any(numbers[index] == 0 for index in counted):
        for index in counted:
            numbers[index] += 1
        found.notices.add(kind)


def _tell_twins(owned: list[tuple[str, int]], found: Annotations) -> None:
    for (name, number), count in Counter(owned).items():
        if count > 1:
            kind = f"several annotations of object {number} in a picture become one; a track_id each tells them apart"
            found.notices.add(kind, name)
