"""Projects on disk, a folder a person: made, found, listed, deleted."""

from __future__ import annotations

import logging
import re
import secrets
import shutil
import threading
from itertools import chain, count
from pathlib import Path

from ...utils.files import remove_leftovers
from ..errors import AppError
from ..settings import Settings
from .demo_clip import demo_clip
from .facts import Source, VideoFacts
from .probe import probe
from .project import Project

logger = logging.getLogger(__name__)
UPLOADS = ".uploads"  # of a person, beside the projects
_ID = re.compile(r"[0-9a-f]{16}")
_SUFFIX = re.compile(r"\.[a-z0-9]{1,5}")


class Library:
    """One object a project, so that all threads share its lock."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._opening = threading.Lock()  # of a video that a person has one project of
        self._open: dict[Path, Project] = {}

    def folder(self, person: str) -> Path:
        """Where a person's projects are."""
        return self._settings.projects / person

    def get(self, person: str, project: str) -> Project:
        """Return a person's project; raise `AppError` when that person has none of this id."""
        if not _ID.fullmatch(project):
            raise AppError("no_project")
        folder = self.folder(person) / project
        with self._lock:
            if folder not in self._open:
                if not (folder / "project.json").is_file():
                    raise AppError("no_project")
                self._open[folder] = Project(folder)
            return self._open[folder]

    def all(self, person: str) -> list[Project]:
        """A person's projects, the last changed first."""
        found = []
        for file in self.folder(person).glob("*/project.json"):
            if _ID.fullmatch(file.parent.name):
                try:
                    found.append(self.get(person, file.parent.name))
                except (OSError, ValueError, KeyError, TypeError):
                    logger.exception("%s: not a project any more", file.parent)
        return sorted(found, key=lambda project: project.changed, reverse=True)

    def from_path(self, person: str, path: Path) -> Project:
        """Make a project of a video or a folder of pictures that stays where it is."""
        name = path.name or str(path)
        if not path.exists():
            raise AppError("no_video", name=name)
        video = probe(path, name, self._settings.limits)
        source = Source(str(path.resolve()), name, uploaded=False)
        return self._create(self._new_folder(person), self._free_name(person, path.stem or name), source, video)

    def from_upload(self, person: str, file: Path, name: str) -> Project:
        """Make a project of an uploaded file or folder of pictures, which is moved into it; what is no video is not."""
        video = probe(file, name, self._settings.limits)
        folder = self._new_folder(person)
        folder.mkdir(parents=True)
        suffix = Path(name).suffix.lower()
        target = "video" + (suffix if file.is_file() and _SUFFIX.fullmatch(suffix) else "")
        file.rename(folder / target)
        free = self._free_name(person, Path(name).stem)
        return self._create(folder, free, Source(target, name, uploaded=True), video)

    def duplicate(self, person: str, project: str) -> Project:
        """Make another project with all that is in one but its exports."""
        found = self.get(person, project)
        folder = self._new_folder(person)
        try:
            with found.lock:
                shutil.copytree(found.folder, folder, ignore=shutil.ignore_patterns("exports", ".*.partial-*"))
            copy = Project(folder)
            copy.edit(self._free_name(person, found.name), None)
        except Exception:
            shutil.rmtree(folder, ignore_errors=True)  # the disk is full, maybe
            raise
        with self._lock:
            self._open[folder] = copy
        return copy

    def of_demo(self, person: str) -> Project:
        """The person's project of the demo clip, made where there is none."""
        clip = demo_clip()
        if clip is None:
            raise AppError("no_video", name="demo")
        return self._of_path(person, clip)

    def of_command_line(self, person: str) -> Project | None:
        """The person's project of the video that the server was started with."""
        path = self._settings.open_path
        return None if path is None else self._of_path(person, path)

    def _of_path(self, person: str, path: Path) -> Project:
        with self._opening:
            for project in self.all(person):
                if project.video_path == path.resolve():
                    return project
            return self.from_path(person, path)

    def delete(self, person: str, project: str) -> None:
        """Delete a project with all that is in its folder."""
        found = self.get(person, project)
        folder = found.folder
        with found.lock:
            found.gone = True  # no work under way puts anything there any more
        with self._lock:
            self._open.pop(folder, None)
        (folder / "project.json").unlink(missing_ok=True)  # what is left over after a kill is no project
        shutil.rmtree(folder, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what an earlier server left half done: folders without a project, uploads; other folders stay."""
        for person in self._settings.projects.glob("*"):
            for folder in person.iterdir() if person.is_dir() else ():
                if not _ID.fullmatch(folder.name) and folder.name != UPLOADS:
                    continue  # a person's, where --projects names a folder of other things
                if folder.is_dir() and not (folder / "project.json").is_file():
                    shutil.rmtree(folder, ignore_errors=True)
                else:
                    remove_leftovers(folder)

    def _free_name(self, person: str, name: str) -> str:
        """The name, numbered where the person has a project of that name already."""
        taken = {project.name for project in self.all(person)}
        return next(each for each in chain([name], (f"{name} {i}" for i in count(2))) if each not in taken)

    def _new_folder(self, person: str) -> Path:
        return self.folder(person) / secrets.token_hex(8)

    def _create(self, folder: Path, name: str, source: Source, video: VideoFacts) -> Project:
        try:
            project = Project.create(folder, name, source, video)
        except Exception:
            shutil.rmtree(folder, ignore_errors=True)  # the disk is full, of this upload maybe
            raise
        with self._lock:
            self._open[folder] = project
        return project
