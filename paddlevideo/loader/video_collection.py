"""Many videos, each with its strokes or its first mask, paired by name."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from pathlib import Path

from ..utils.errors import InputError, one_line
from .listing import (
    SUFFIXES,
    VIDEO_SUFFIXES,
    composed,
    entries,
    existing,
    is_pattern,
    is_picture,
    listed,
    mask_files,
    matching,
    pictures,
)
from .notices import Notices
from .picture_file import read_header

__all__ = ["VIDEO_SUFFIXES", "Clip", "is_film", "listed", "one_video", "pair_clips"]


@dataclass(frozen=True)
class Clip:
    """A video file or a folder of pictures, its name, and what a person gave for it."""

    name: str
    path: Path
    scribbles: Path | None = None
    mask: Path | None = None

    def files(self) -> list[Path]:
        """Return the video file, or the pictures in the order of frames."""
        return [self.path] if self.path.is_file() else pictures(self.path)

    def masks(self) -> list[Path]:
        """Return the files of the masks that were given."""
        return mask_files(self.mask) if self.mask else []


def one_video(source: str, scribbles: str | None, masks: str | None) -> bool:
    """Say whether ``masks`` is a folder of masks of the one video ``source``, each named after a frame.

    It is where ``source`` is a film or its pictures, unless the folder has ``NAME.png`` or ``NAME/`` for it, or for a
    film among the pictures.
    """
    if not masks or not existing(masks).is_dir() or (scribbles and existing(scribbles).is_dir()):
        return False
    place = existing(source)
    if place.is_dir():
        found = entries(place)
    elif place.is_file():
        found = []
    else:
        found = matching(source) if is_pattern(source) else []
        if not found:
            return False
    if any(_is_video(entry) for entry in found if not is_picture(entry)):
        return False
    if found and not any(is_picture(entry) for entry in found):
        return False
    own = {_stem(entry) for entry in entries(existing(masks))}
    named = [entry for entry in ([place] if place.is_file() else found) if _stem(entry) in own]
    return not any(place.is_file() or is_film(entry) for entry in named)


def pair_clips(
    source: str,
    scribbles: str | None,
    masks: str | None,
    output: str | Path | None = None,
    notices: Notices | None = None,
) -> tuple[list[Clip], list[str]]:
    """Find the videos of ``source`` and what belongs to each; no more than headers of loose pictures is read.

    Args:
        source: a folder whose entries are films (`is_film`) and folders of pictures, or a glob of such.
        scribbles: a folder with ``NAME.json``, or ``NAME/`` whose first file counts (as DAVIS has them), a video.
        masks: a folder with ``NAME.png``, or ``NAME/`` with one or more masks named after frames, a video.
        output: a folder that is no video, wherever it lies.
        notices: where files are named that are neither videos nor strokes or masks of one.

    Returns:
        The clips in natural order of their names, and the names that strokes or masks are there for but no video.

    Raises:
        InputError: no videos, two of one name, one without strokes or mask, a ``scribbles`` or ``masks`` that is no
            folder.
    """
    notices = Notices() if notices is None else notices
    given = {"--scribbles": scribbles, "--masks": masks}
    for flag, place in given.items():
        if place and not existing(place).is_dir():
            raise InputError(f"{flag} {place}: is not a folder; for many videos give a folder, with a file for each")
    try:
        others = [existing(place) for place in (scribbles, masks, output) if place]
        told = Notices()  # of strokes and masks, after what is told of the videos
        strokes = _find_starts(scribbles, frozenset({".json"}), told)
        firsts = _find_starts(masks, SUFFIXES, told)
        videos = _find_videos(source, others, {*strokes, *firsts}, notices)
        notices.extend(told)
    except OSError as error:
        raise InputError(f"{source}: cannot be listed ({one_line(error)}); check the paths and their rights") from error
    names = {_stem(video): video for video in videos}
    if len(names) < len(videos):
        twice = [f"{video} and {names[_stem(video)]}" for video in videos if names[_stem(video)] != video]
        raise InputError(f"--input {source}: two videos of one name: {listed(twice)}; rename one of each")
    for flag, folder, found, suffix in (
        ("--scribbles", scribbles, strokes, ".json"),
        ("--masks", masks, firsts, ".png"),
    ):
        missing = [name for name in names if folder and name not in found]
        if missing:
            raise InputError(
                f"{flag} {folder}: nothing for {len(missing)} of {len(names)} videos: {listed(missing)}; add "
                f"{missing[0]}{suffix}, or leave such videos out with a quoted glob as --input"
            )
    clips = [Clip(_name(video), video, strokes.get(name), firsts.get(name)) for name, video in names.items()]
    return clips, [name for name in sorted({*strokes, *firsts}) if name not in names]


def _name(entry: Path) -> str:
    return entry.name if entry.is_dir() else entry.stem


def _stem(entry: Path) -> str:
    """The name that videos, strokes and masks are paired by."""
    return composed(_name(entry))


def _find_videos(source: str, others: Iterable[Path], wanted: Container[str], notices: Notices) -> list[Path]:
    """Return the films and the folders of ``source`` without ``others``, in natural order.

    A folder without pictures is none, unless it is ``wanted`` by its name: it fails when its turn comes.
    """
    place = existing(source)
    if place.is_dir():
        found = entries(place)
    elif place.exists():
        found = [place]
    elif is_pattern(source):
        found = matching(source)
    else:
        raise InputError(f"--input {source}: no such file or folder; give a folder of videos or a quoted glob")
    no_videos = {other.resolve() for other in others}
    found = [
        entry for entry in found if entry.resolve() not in no_videos and not (entry.is_dir() and not entries(entry))
    ]
    videos = [entry for entry in found if _is_video(entry) or (entry.is_dir() and _stem(entry) in wanted)]
    if videos:
        left = [entry.name for entry in found if entry not in set(videos)]
        if left:
            notices.add(f"{source}: no videos, not used", *left)
        return videos
    if any(is_picture(entry) for entry in found):
        raise InputError(
            f"--input {source}: pictures of one video, but --scribbles or --masks names a folder, which means many "
            "videos; name this video's own file there"
        )
    suffixes = " ".join(sorted(VIDEO_SUFFIXES))
    raise InputError(f"--input {source}: no videos; looked for folders of pictures and files with {suffixes}")


def is_film(file: Path) -> bool:
    """Whether a file by itself is a clip: by its suffix, or a picture of several pages, a stack or an animation."""
    if not is_picture(file):
        return file.suffix.lower() in VIDEO_SUFFIXES and file.is_file()
    try:
        return len(read_header(file).pages) > 1
    except InputError:  # broken ones are named where they are read
        return False


def _is_video(entry: Path) -> bool:
    return bool(pictures(entry)) if entry.is_dir() else is_film(entry)


def _find_starts(folder: str | None, suffixes: frozenset[str], notices: Notices) -> dict[str, Path]:
    """Return, by a video's name, its file or folder of files with one of ``suffixes``; what is none is noted.

    Of several stroke files of a video the first one counts, as DAVIS has them.
    """
    found: dict[str, Path] = {}
    unused: list[str] = []
    for entry in entries(existing(folder)) if folder else ():
        if entry.is_dir():
            files = [file for file in entries(entry) if file.suffix.lower() in suffixes]
            many = len(files) > 1 and suffixes == SUFFIXES
            if files:
                found.setdefault(_stem(entry), entry if many else files[0])
            if not many:
                unused += [f"{entry.name}/{file.name}" for file in files[1:]]
        elif entry.suffix.lower() in suffixes:
            if _stem(entry) in found:
                unused.append(found[_stem(entry)].name)
            found[_stem(entry)] = entry
        else:
            unused.append(entry.name)
    if unused:
        notices.add(f"{folder}: not used", *unused)
    return found
