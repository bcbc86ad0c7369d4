"""The forms that annotated videos come in: folders of masks, COCO JSON, VIA JSON. Each is read as `SourceSequence`s."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from pycocotools import mask as coco

from ...utils.errors import InputError
from ..davis import read_mask
from ..pictures import is_picture, natural_key

LAYOUTS = (("JPEGImages/480p", "Annotations/480p"), ("JPEGImages", "Annotations"), ("frames", "masks"))
OBJECT_KEYS = ("object_id", "track_id", "instance_id", "id")
"""Where an annotation may say which object it is of; the same number means the same object in every frame."""


@dataclass(frozen=True)
class SourceSequence:
    """One annotated video.

    Attributes:
        name: of the sequence.
        frames: picture files in order.
        read: index and (H, W) to a uint8 mask of ids, None where the frame is not annotated; `InputError` when broken.
        where: index to the file that is to blame for a frame's mask.
        scribbles: DAVIS scribble files.
    """

    name: str
    frames: list[Path]
    read: Callable[[int, tuple[int, int]], np.ndarray | None]
    where: Callable[[int], str]
    scribbles: list[Path] = field(default_factory=list)


def open_source(source: str | Path, frames: str | Path | None = None) -> list[SourceSequence]:
    """Open a folder of frames and masks, or a JSON annotation whose pictures lie below ``frames``.

    A folder has ``frames/SEQUENCE`` and ``masks/SEQUENCE``, or DAVIS's JPEGImages and Annotations (with or without
    ``480p``); a mask has its frame's name. JSON is COCO's (polygons, RLE), the ``masks.json`` of ``--infer``, or VIA's.

    Raises:
        InputError: nothing of these is there.
    """
    source = Path(source)
    if source.is_dir():
        return _open_folder(source)
    if source.suffix.lower() != ".json":
        raise InputError(f"{source}: give a folder with frames/ and masks/, or a JSON annotation")
    if frames is None or not Path(frames).is_dir():
        raise InputError(f"{source}: a JSON annotation needs its pictures; name their folder with --frames FOLDER")
    try:
        document = json.loads(source.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise InputError(f"{source}: cannot be read as JSON ({error}); export it again") from error
    shapes = _shapes_of(document, source)
    return _sequences_of(Path(frames), shapes, source)


def _open_folder(source: Path) -> list[SourceSequence]:
    for pictures, masks in LAYOUTS:
        if (source / pictures).is_dir() and (source / masks).is_dir():
            folders = sorted(path for path in (source / pictures).iterdir() if path.is_dir())
            if folders:
                return [_of_folder(folder, source / masks / folder.name, source) for folder in folders]
    wanted = ", or ".join(f"{pictures}/SEQUENCE and {masks}/SEQUENCE" for pictures, masks in reversed(LAYOUTS))
    raise InputError(f"{source}: no annotated video in it; it should hold {wanted}")


def _of_folder(folder: Path, masks: Path, source: Path) -> SourceSequence:
    frames = sorted((path for path in folder.iterdir() if is_picture(path)), key=natural_key)

    def read(index: int, size: tuple[int, int]) -> np.ndarray | None:
        path = masks / f"{frames[index].stem}.png"
        return read_mask(path) if path.is_file() else None

    scribbles = sorted((source / "Scribbles" / folder.name).glob("*.json"))
    return SourceSequence(folder.name, frames, read, lambda index: str(masks / f"{frames[index].stem}.png"), scribbles)


Shape = tuple[int, Any]  # object id, and a polygon list [[x, y, ...], ...] or an RLE mapping


def _shapes_of(document: Any, source: Path) -> dict[str, list[Shape]]:
    """Return the shapes of every picture by its file name (with or without a folder, with or without a suffix)."""
    if isinstance(document, Mapping) and isinstance(document.get("annotations"), list):
        return _of_coco(document, source) if "images" in document else _of_inference(document, source)
    via = document.get("_via_img_metadata", document) if isinstance(document, Mapping) else None
    if isinstance(via, Mapping) and via and all(isinstance(one, Mapping) and "regions" in one for one in via.values()):
        return _of_via(via, source)
    raise InputError(f"{source}: neither COCO ('images', 'annotations') nor VIA ('regions'); export it as one of them")


@contextmanager
def _entry(place: str) -> Iterator[None]:
    """Within the block what a malformed entry raises becomes an `InputError` that names it by ``place``."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        problem = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        raise InputError(f"{place}: {problem}; mend the entry, or export the file again") from error


def _object_id(said: Any) -> int:
    try:
        return int(said)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"object {said!r} is no number; number the objects from 1 to 254") from None


def _of_coco(document: Mapping[str, Any], source: Path) -> dict[str, list[Shape]]:
    with _entry(f"{source}: images"):
        images = list(document["images"])
    names: dict[Any, str] = {}
    for index, image in enumerate(images):
        with _entry(f"{source}: images[{index}]"):
            names[image["id"]] = str(image["file_name"])
    shapes: dict[str, list[Shape]] = {}
    for index, annotation in enumerate(document["annotations"]):
        with _entry(f"{source}: annotations[{index}]"):
            if annotation["image_id"] not in names:
                raise ValueError(f"image_id {annotation['image_id']!r} is the id of no image")
            own = {key: annotation[key] for key in OBJECT_KEYS[:-1] if key in annotation}
            known = {**annotation.get("attributes", {}), **own}
            number = next((known[key] for key in OBJECT_KEYS if key in known), annotation.get("category_id", 1))
            shape = (_object_id(number), annotation["segmentation"])
            shapes.setdefault(names[annotation["image_id"]], []).append(shape)
    return shapes


def _of_inference(document: Mapping[str, Any], source: Path) -> dict[str, list[Shape]]:
    shapes: dict[str, list[Shape]] = {}
    for index, record in enumerate(document["annotations"]):
        with _entry(f"{source}: annotations[{index}]"):
            shapes.setdefault(str(record["name"]), []).append((_object_id(record["object_id"]), record["rle"]))
    return shapes


def _of_via(document: Mapping[str, Any], source: Path) -> dict[str, list[Shape]]:
    shapes: dict[str, list[Shape]] = {}
    for key, picture in document.items():
        with _entry(f"{source}: {picture.get('filename', key)}"):
            regions = picture["regions"]
            for region in regions.values() if isinstance(regions, Mapping) else regions:
                shapes.setdefault(str(picture["filename"]), []).append(_of_region(region))
    return shapes


def _of_region(region: Mapping[str, Any]) -> Shape:
    outline, said = region["shape_attributes"], region.get("region_attributes", {})
    number = next((said[key] for key in OBJECT_KEYS if key in said), 1)
    if outline.get("name") not in ("polygon", "polyline") or not str(number).isdecimal():
        raise ValueError(
            f"a region is a '{outline.get('name')}' of object '{number}'; "
            "draw polygons and give each the region attribute object_id, a number"
        )
    points = [v for pair in zip(outline["all_points_x"], outline["all_points_y"], strict=True) for v in pair]
    return int(number), [points]


def _sequences_of(frames: Path, shapes: Mapping[str, list[Shape]], source: Path) -> list[SourceSequence]:
    """One sequence for each folder of pictures below ``frames``, or for ``frames`` itself."""
    folders = sorted(path for path in frames.iterdir() if path.is_dir()) or [frames]
    sequences = [_of_shapes(folder, frames, shapes, source) for folder in folders]
    if not any(sequence.frames for sequence in sequences):
        raise InputError(f"{frames}: no pictures in it; --frames names their folder, or a folder of such folders")
    return sequences


def _of_shapes(folder: Path, root: Path, shapes: Mapping[str, list[Shape]], source: Path) -> SourceSequence:
    pictures = sorted((path for path in folder.iterdir() if is_picture(path)), key=natural_key)

    def read(index: int, size: tuple[int, int]) -> np.ndarray | None:
        path = pictures[index]
        names = (path.relative_to(root).as_posix(), path.name, path.stem)
        found = next((shapes[name] for name in names if name in shapes), None)
        return None if found is None else _paint(found, size, f"{source}: {path.name}")

    return SourceSequence(folder.name, pictures, read, lambda index: f"{source}: {pictures[index].name}")


def _paint(shapes: list[Shape], size: tuple[int, int], where: str) -> np.ndarray:
    """Paint shapes as ids (H, W); later ones are in front."""
    mask = np.zeros(size, np.uint8)
    for number, shape in shapes:
        if not 0 < number < 255:
            raise InputError(f"{where}: object {number}; number the objects from 1 to 254")
        with _entry(f"{where}: object {number}"):
            _paint_one(mask, number, shape, where)
    return mask


def _paint_one(mask: np.ndarray, number: int, shape: Any, where: str) -> None:
    if isinstance(shape, Mapping):
        rle = coco.frPyObjects(shape, *shape["size"]) if isinstance(shape["counts"], list) else dict(shape)
        inside = coco.decode(rle)
        if inside.shape != mask.shape:
            (height, width), (wanted_height, wanted_width) = inside.shape, mask.shape
            raise InputError(f"{where}: its encoding is {width}x{height}, it is {wanted_width}x{wanted_height}")
        mask[inside > 0] = number
    else:
        outlines = [np.asarray(points, float).reshape(-1, 2).round().astype(np.int32) for points in shape]
        cv2.fillPoly(mask, outlines, number)
