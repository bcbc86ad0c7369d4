"""The forms that annotated videos come in, each read as `SourceSequence`s."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..loader.listing import entries, existing, listed, pictures, subfolders
from ..loader.mask_file import USUAL_IDS, MaskReader
from ..loader.mask_names import check_counting, pair_masks
from ..loader.notices import Notices
from ..utils.errors import InputError
from .coco import read_coco, read_inference
from .cvat import read_cvat
from .frames import SourceFrames, is_film, open_source_frames, videos_in
from .labelme import is_labelme, read_labelme
from .shapes import Annotations
from .via import read_via
from .yolo import in_pixels, read_yolo
from .youtube_vis import is_youtube_vis, read_youtube_vis

LAYOUTS = (("JPEGImages/480p", "Annotations/480p"), ("JPEGImages", "Annotations"), ("frames", "masks"))


@dataclass(frozen=True)
class SourceSequence:
    """One annotated video.

    Attributes:
        name: of the sequence.
        frames: in order.
        read: index and (H, W) to a uint8 mask of ids, None where the frame is not annotated; `InputError` when broken.
        where: index to the file that is to blame for a frame's mask.
        scribbles: DAVIS scribble files.
        notices: what is there and not used, or had to be taken for granted.
    """

    name: str
    frames: SourceFrames
    read: Callable[[int, tuple[int, int]], np.ndarray | None]
    where: Callable[[int], str]
    scribbles: list[Path] = field(default_factory=list)
    notices: Notices = field(default_factory=Notices)


def open_source(
    source: str | Path, frames: str | Path | None = None, max_objects: int = USUAL_IDS
) -> list[SourceSequence]:
    """Open a folder of frames and masks, or an annotation whose pictures lie below ``frames``.

    A folder has ``frames/SEQUENCE`` and ``masks/SEQUENCE``, or DAVIS's JPEGImages and Annotations (with or without
    ``480p``), or one video's ``frames`` and ``masks``; a mask has its frame's name. A sequence may be a video file.
    Folders of labelme (JSON beside pictures) and of YOLO (``images`` and ``labels``) are read as well. An annotation is
    COCO's or YouTube-VIS's JSON (polygons, RLE), the ``masks.json`` of ``--infer``, VIA's or labelme's JSON, or CVAT's
    XML; ``frames`` is a folder of its pictures, of such folders, or a video file.

    Raises:
        InputError: nothing of these is there.
    """
    source = existing(source)
    place = existing(frames) if frames is not None else None
    if source.is_dir():
        return _open_folder(source, max_objects)
    if source.suffix.lower() not in (".json", ".xml"):
        raise InputError(f"{source}: give a folder with frames/ and masks/, or an annotation (.json, .xml)")
    if place is None or not (place.is_dir() or is_film(place)):
        raise InputError(f"{source}: a JSON annotation needs its pictures; name their folder with --frames FOLDER")
    found = read_cvat(source) if source.suffix.lower() == ".xml" else _read_json(source)
    videos = videos_in(place) if place.is_dir() else [place]
    if not videos:
        raise InputError(f"{place}: no pictures in it; --frames names their folder, or a folder of such folders")
    return _of_annotations(videos, found)


def _read_json(source: Path) -> Annotations:
    try:
        document: Any = json.loads(source.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{source}: cannot be read as JSON ({error}); export it again") from error
    if is_labelme(document):
        return read_labelme([source], source)
    if is_youtube_vis(document):
        return read_youtube_vis(document, source)
    if isinstance(document, Mapping) and isinstance(document.get("annotations"), list):
        return read_coco(document, source) if "images" in document else read_inference(document, source)
    via = document.get("_via_img_metadata", document) if isinstance(document, Mapping) else None
    if isinstance(via, Mapping) and via and all(isinstance(one, Mapping) and "regions" in one for one in via.values()):
        return read_via(via, source)
    raise InputError(f"{source}: neither COCO ('images', 'annotations') nor VIA ('regions'); export it as one of them")


def _open_folder(source: Path, max_objects: int) -> list[SourceSequence]:
    for names, masks in LAYOUTS:
        if (source / names).is_dir() and (source / masks).is_dir():
            notices = Notices()
            found = [
                _of_folder(video, _masks_of(video, source, names, masks), source, max_objects, notices)
                for video in videos_in(source / names)
            ]
            if found:
                _tell_unused(source / masks, source / names, found, notices)
                return found
    if (source / "images").is_dir() and (source / "labels").is_dir():
        return _of_yolo(source)
    if (source / "labels").is_dir() and (source / "data.yaml").is_file():
        raise InputError(f"{source}: labels of YOLO without their pictures; put these into {source / 'images'}")
    folders = [folder for folder in [source, *subfolders(source)] if pictures(folder)]
    files = [file for folder in folders for file in entries(folder) if file.suffix.lower() == ".json"]
    if files:
        return _of_annotations(folders, read_labelme(files, source))
    wanted = ", or ".join(f"{names}/SEQUENCE and {masks}/SEQUENCE" for names, masks in reversed(LAYOUTS))
    raise InputError(f"{source}: no annotated video in it; it should hold {wanted}")


def _masks_of(video: Path, source: Path, names: str, masks: str) -> Path:
    return source / masks if video == source / names else source / masks / _name(video)


def _name(video: Path) -> str:
    return video.stem if is_film(video) else video.name


def _tell_unused(masks: Path, frames: Path, found: list[SourceSequence], notices: Notices) -> None:
    names = {sequence.name for sequence in found}
    if videos_in(frames) != [frames]:
        others = [entry.name for entry in entries(masks) if entry.name not in names]
        loose = [entry.name for entry in entries(frames) if not is_film(entry) and entry.name not in names]
        if others:
            notices.add("masks of no video, not used", *others)
        if loose := [name for name in loose if holds_anything(frames / name)]:
            notices.add("no folders of pictures and no films, not used", *loose)


def holds_anything(place: Path) -> bool:
    """Whether ``place`` is a file, or a folder that holds anything."""
    return not place.is_dir() or bool(entries(place))


def _of_folder(video: Path, masks: Path, source: Path, max_objects: int, notices: Notices) -> SourceSequence:
    frames = open_source_frames(video, notices)
    # Films have no files to pair by, only numbers.
    if frames.numbered and masks.is_dir():
        check_counting(masks, len(frames.names))
    paired = pair_masks([Path(name) for name in frames.names], masks, notices)
    files = [paired.get(Path(name)) for name in frames.names]
    reader = MaskReader([file for file in files if file is not None], max_objects, notices)

    def read(index: int, size: tuple[int, int]) -> np.ndarray | None:
        path = files[index]
        return None if path is None else reader.read(path, frames.orientation(index))

    name = source.name if video.parent == source else _name(video)
    place = source / "Scribbles" / name
    scribbles = [path for path in (entries(place) if place.is_dir() else []) if path.suffix == ".json"]
    return SourceSequence(
        name, frames, read, lambda index: str(files[index] or masks / f"{frames.names[index]}.png"), scribbles, notices
    )


def _of_yolo(source: Path) -> list[SourceSequence]:
    folders = [source / "labels", *subfolders(source / "labels")]
    files = [file for folder in folders for file in entries(folder) if file.suffix.lower() == ".txt"]
    lists = [file for file in files if file.stem == "classes"]  # of names, which some tools put among the labels
    found = read_yolo([file for file in files if file not in lists], source)
    if lists:
        found.notices.add("lists of classes, not used", *(f"{file.parent.name}/{file.name}" for file in lists))
    videos = videos_in(source / "images")
    for video in videos:  # a picture without a text has no objects
        known = {
            name.rsplit("/", 1)[-1] for name in found.pictures if len(videos) == 1 or name.startswith(f"{video.name}/")
        }
        for picture in pictures(video) if video.is_dir() else []:
            if picture.stem not in known:
                found.add(f"{video.name}/{picture.stem}")
    return _of_annotations(videos, found, in_shares=True)


def _of_annotations(videos: list[Path], found: Annotations, in_shares: bool = False) -> list[SourceSequence]:
    used: set[str] = set()
    sequences = []
    for video in videos:
        frames = open_source_frames(video, found.notices, frozenset({".json", ".txt", ".xml"}))
        matched = found.match(video, frames.names, frames.numbered, len(videos) == 1)
        used.update(name for name in matched if name is not None)
        sequences.append(_of_shapes(video, frames, matched, found, in_shares))
    unused = [name for name in found.pictures if name not in used]
    if not used:
        raise InputError(
            f"{found.source}: none of its pictures is among the frames: it names {listed(unused) or 'none'}, there are "
            f"{listed(name for each in sequences for name in each.frames.names) or 'none'}"
        )
    if unused:
        found.notices.add("annotated pictures that are not among the frames, not used", *unused)
    return sequences


def _of_shapes(
    video: Path, frames: SourceFrames, matched: list[str | None], found: Annotations, in_shares: bool
) -> SourceSequence:
    def read(index: int, size: tuple[int, int]) -> np.ndarray | None:
        name = matched[index]
        if name is None:
            return None
        shapes = in_pixels(found.pictures[name], size) if in_shares else found.pictures[name]
        return found.paint(name, shapes, size, where(index))

    def where(index: int) -> str:
        name = frames.names[index] if frames.numbered else Path(frames.where(index)).name
        return f"{found.source}: {name}"

    return SourceSequence(_name(video), frames, read, where, notices=found.notices)
