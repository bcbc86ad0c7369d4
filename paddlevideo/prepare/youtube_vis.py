"""JSON of YouTube-VIS, OVIS and UVO: an annotation is an object of a video, with a shape for each frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..utils.errors import InputError
from .coco import coco_shape
from .shapes import Annotations, entry


def is_youtube_vis(document: Any) -> bool:
    """Whether ``document`` lists videos; COCO's form for videos lists images as well."""
    return isinstance(document, Mapping) and "videos" in document and "images" not in document


def read_youtube_vis(document: Mapping[str, Any], source: Path) -> Annotations:
    """Read videos and annotations. The objects of each video are numbered from 1, in the order of its annotations.

    A frame without a shape of an object (null) does not show it.
    """
    if not isinstance(document.get("annotations"), list):
        raise InputError(f"{source}: videos without annotations, as sets for testing have them; give the training set")
    found = Annotations(source)
    names: dict[Any, list[str]] = {}
    with entry(f"{source}: videos"):
        videos = list(document["videos"])
    for index, video in enumerate(videos):
        with entry(f"{source}: videos[{index}]"):
            names[video["id"]] = [str(name) for name in video["file_names"]]
            for name in names[video["id"]]:
                found.add(name)
                found.say_size(name, video.get("height"), video.get("width"))
    numbers: Counter[Any] = Counter()
    for index, annotation in enumerate(document["annotations"]):
        with entry(f"{source}: annotations[{index}]"):
            video, shapes = annotation["video_id"], annotation["segmentations"]
            if video not in names:
                raise ValueError(f"video_id {video!r} is the id of no video")
            if len(shapes) != len(names[video]):
                raise ValueError(f"it has {len(shapes)} shapes, its video {len(names[video])} frames")
            numbers[video] += 1
            for name, shape in zip(names[video], shapes, strict=True):
                if shape:
                    found.add(name, coco_shape(numbers[video], shape))
    return found
