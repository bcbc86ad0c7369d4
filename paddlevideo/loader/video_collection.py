"""Many videos, each with its strokes or its first mask, paired by name."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..utils.errors import InputError
from .frame_source import one_line
from .pictures import is_picture, natural_key

VIDEO_SUFFIXES = frozenset(
    {".3gp", ".avi", ".flv", ".gif", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".webm", ".wmv"}
)
_SHOWN = 5  # names in a message


@dataclass(frozen=True)
class Clip:
    """A video file or a folder of pictures, its name, and what a person gave for it."""

    name: str
    path: Path
    scribbles: Path | None = None
    mask: Path | None = None

    def files(self) -> list[Path]:
        """Return the video file, or the pictures in the order of frames."""
        if self.path.is_file():
            return [self.path]
        return sorted((entry for entry in self.path.iterdir() if is_picture(entry)), key=natural_key)


def pair_clips(
    source: str, scribbles: str | None, masks: str | None, output: str | Path | None = None
) -> tuple[list[Clip], list[str]]:
    """Find the videos of ``source`` and what belongs to each; nothing is opened yet.

    Args:
        source: a folder whose entries are video files and folders of pictures, or a glob of such.
        scribbles: a folder with ``NAME.json``, or ``NAME/`` whose first file counts (as DAVIS has them), a video.
        masks: a folder with ``NAME.png``, or ``NAME/`` whose first file counts, a video.
        output: a folder that is no video, wherever it lies.

    Returns:
        The clips in natural order of their names, and the names that strokes or masks are there for but no video.

    Raises:
        InputError: no videos, two of one name, one without strokes or mask, a ``scribbles`` or ``masks`` that is no
            folder.
    """
    given = {"--scribbles": scribbles, "--masks": masks}
    for flag, place in given.items():
        if place and not Path(place).is_dir():
            raise InputError(f"{flag} {place}: is not a folder; for many videos give a folder, with a file for each")
    try:
        videos = _find_videos(source, [Path(place) for place in (scribbles, masks, output) if place])
        strokes, firsts = _find_starts(scribbles, ".json"), _find_starts(masks, ".png")
    except OSError as error:
        raise InputError(f"{source}: cannot be listed ({one_line(error)}); check the paths and their rights") from error
    names = {_name(video): video for video in videos}
    if len(names) < len(videos):
        twice = [f"{video} and {names[_name(video)]}" for video in videos if names[_name(video)] != video]
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
    clips = [Clip(name, video, strokes.get(name), firsts.get(name)) for name, video in names.items()]
    return clips, [name for name in sorted({*strokes, *firsts}) if name not in names]


def listed(names: Sequence[str]) -> str:
    """Return the first few names, and how many more there are."""
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _name(video: Path) -> str:
    return video.name if video.is_dir() else video.stem


def _find_videos(source: str, others: Iterable[Path]) -> list[Path]:
    """Return the video files and the folders of ``source`` without ``others``, in natural order."""
    place = Path(source)
    if place.is_dir():
        entries = list(place.iterdir())
    elif place.exists():
        entries = [place]
    elif glob.has_magic(source):
        entries = list({Path(name) for name in glob.glob(source, recursive=True)})
    else:
        raise InputError(f"--input {source}: no such file or folder; give a folder of videos or a quoted glob")
    no_videos = {other.resolve() for other in others}
    videos = [entry for entry in entries if _is_video(entry) and entry.resolve() not in no_videos]
    if videos:
        return sorted(videos, key=natural_key)
    if any(is_picture(entry) for entry in entries):
        raise InputError(
            f"--input {source}: pictures of one video, but --scribbles or --masks names a folder, which means many "
            "videos; name this video's own file there"
        )
    suffixes = " ".join(sorted(VIDEO_SUFFIXES))
    raise InputError(f"--input {source}: no videos; looked for folders of pictures and files with {suffixes}")


def _is_video(entry: Path) -> bool:
    if entry.name.startswith("."):
        return False
    return entry.is_dir() or (entry.suffix.lower() in VIDEO_SUFFIXES and entry.is_file())


def _find_starts(folder: str | None, suffix: str) -> dict[str, Path]:
    """Return, by a video's name, ``NAME.suffix`` or the first such file in ``NAME/``."""
    found: dict[str, Path] = {}
    for entry in Path(folder).iterdir() if folder else ():
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            files = [file for file in entry.iterdir() if file.suffix.lower() == suffix and file.name[0] != "."]
            if files:
                found.setdefault(entry.name, min(files, key=natural_key))
        elif entry.suffix.lower() == suffix:
            found[entry.stem] = entry
    return found
