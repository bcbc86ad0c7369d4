"""What runs wrote into an output folder: a later run replaces that, and never a person's file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import InputError
from .files import atomic_folder, atomic_path, sha256_of

RECORD = ".written.jsonl"


class Written:
    """The record of what runs wrote into a folder: a file's name and sha256 on each line of ``.written.jsonl``.

    A file is a run's own when the record has its name with its hash. Anything else in the place of a result, an edited
    result too, is a person's and is not replaced. Lines are added before the files get their names, so that those of a
    killed run are known. Several processes may add lines, for files of different names.

    Args:
        folder: of the output.
        inputs: files that the run reads. They are not replaced either, even where an earlier run wrote them.
    """

    def __init__(self, folder: str | Path, inputs: Iterable[str | Path] = ()) -> None:
        self.folder = Path(folder)
        self._inputs = {Path(path).resolve() for path in inputs}

    def check(self, *places: str) -> None:
        """Raise `InputError` when a file at or below one of these places has to stay; call before any work."""
        self._own(places)

    def owns(self, place: str) -> bool:
        """Say whether all that is at or below ``place`` may be replaced."""
        try:
            self._own([place])
        except InputError:
            return False
        return True

    @contextmanager
    def path(self, name: str) -> Iterator[Path]:
        """Yield a temporary path that becomes the file ``name``, as `atomic_path`; raise `InputError` as `check`."""
        with atomic_path(self.folder / name) as temporary:
            yield temporary
            self._own([name])
            self._add({name: sha256_of(temporary)})

    @contextmanager
    def replacing(self, *places: str) -> Iterator[Path]:
        """Yield a temporary folder, whose files take the place of all that runs wrote at or below ``places``.

        The old files are removed at the end, in the order of ``places``. Raises `InputError` as `check`, before
        anything is removed.
        """
        with atomic_folder(self.folder) as temporary:
            yield temporary
            new = {path.relative_to(temporary).as_posix(): sha256_of(path) for path in _files(temporary)}
            old = self._own([*places, *new])
            self._add(new)
            for path in old:
                path.unlink()
            for emptied in sorted({parent for path in old for parent in path.parents}, reverse=True):
                if self.folder in emptied.parents:
                    with suppress(OSError):  # not empty
                        emptied.rmdir()

    def _own(self, places: Iterable[str]) -> list[Path]:
        """Return the files at and below ``places``; raise `InputError` when one of them has to stay."""
        found = list(dict.fromkeys(path for place in places for path in _files(self.folder / place)))
        known = self._known()  # read after the names: what another process has written meanwhile is in it
        for path in found:
            if path.resolve() in self._inputs:
                raise InputError(
                    f"{path}: is an input, and in the place of a result; move it, or name another folder for the output"
                )
            if self._known_name(path) not in known:
                why = "no run wrote it as it is" if known else f"its folder has no record of an earlier run ({RECORD})"
                raise InputError(f"{path}: would be lost, and {why}; move it, or name another folder for the output")
        return found

    def _known_name(self, path: Path) -> tuple[str, str] | None:
        """Return the name and the hash of a file, None of what no run writes (a link, say) or nobody can read."""
        try:
            regular = path.is_file() and not path.is_symlink()
            return (path.relative_to(self.folder).as_posix(), sha256_of(path)) if regular else None
        except OSError:
            return None

    def _known(self) -> set[tuple[str, str]]:
        known: set[tuple[str, str]] = set()
        try:
            lines = (self.folder / RECORD).read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return known
        except OSError as error:
            raise InputError(f"{error.filename}: cannot be read ({error.strerror}); check its rights") from error
        for line in lines:
            try:
                document = json.loads(line)
                known.add((document["file"], document["sha256"]))
            except (ValueError, KeyError, TypeError):  # cut short by a kill: its file did not get its name
                continue
        return known

    def _add(self, new: dict[str, str]) -> None:
        known = self._known()
        lines = [
            json.dumps({"file": name, "sha256": digest}) for name, digest in new.items() if (name, digest) not in known
        ]
        if not lines:
            return
        path = self.folder / RECORD
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8") as file:
                file.write("\n".join(["", *lines, ""]))  # the first one ends a line that a kill cut short
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise InputError(f"{path}: cannot be written ({error.strerror}); choose another output") from error


def _files(place: Path) -> list[Path]:
    """Return ``place``, or all files and links below it when it is a folder; nothing when it is not there."""
    if place.is_dir() and not place.is_symlink():
        return sorted(path for path in place.rglob("*") if path.is_symlink() or not path.is_dir())
    return [place] if os.path.lexists(place) else []
