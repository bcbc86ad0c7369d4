"""Where a checkpoint comes from: the whole config, the command, the seed, the versions and the git revision."""

from __future__ import annotations

import json
import logging
import os
import platform
import shlex
import subprocess
import sys
from argparse import Namespace
from collections.abc import Mapping
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

from .. import __version__
from ..utils.files import atomic_path
from ..utils.processes import world_size

logger = logging.getLogger(__name__)

_SOURCE = Path(__file__).resolve().parents[2]
_PACKAGES = (
    "paddlepaddle",
    "paddlepaddle-gpu",
    "numpy",
    "opencv-python-headless",
    "opencv-python",
    "scipy",
    "scikit-image",
    "pillow",
    "av",
    "numba",
    "davisinteractive",
)


def write_provenance(folder: str | Path, cfg: Mapping[str, Any], args: Namespace) -> None:
    """Write ``config.yaml``, which ``-c`` reads again, and ``run.json`` into ``folder``; call on rank 0.

    ``run.json`` is a list with an entry for each start of the run, a resumed one too. It names neither the machine nor
    its user. Raises `InputError` when the folder cannot be written.
    """
    folder = Path(folder)
    with atomic_path(folder / "config.yaml") as temporary:
        temporary.write_text(config_text(cfg), encoding="utf-8")
    starts = [*_earlier(folder / "run.json"), describe_run(args)]
    with atomic_path(folder / "run.json") as temporary:
        temporary.write_text(json.dumps(starts, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def config_text(cfg: Mapping[str, Any]) -> str:
    """Return ``cfg`` as YAML that `load_config` reads back as it is."""
    text = yaml.dump(cfg, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return f"# The whole config of this run: its file over its bases, the overrides and the defaults.\n{text}"


def describe_run(args: Namespace) -> dict[str, Any]:
    """Return what is known of this start; ``revision`` and ``modified`` only where the source is a git checkout."""
    from ..utils.runtime import available_threads, device

    program, *arguments = sys.argv
    name = Path(program).name
    described = {
        "started": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        # Another program's words (a notebook server's, say) tell nothing, and may hold a user's name.
        "command": shlex.join([name, *arguments]) if name in ("main.py", "manet") else None,
        "seed": args.seed,
        "device": device(),
        "threads": int(os.environ.get("OMP_NUM_THREADS") or available_threads()),
        "processes": world_size(),
        "system": f"{platform.system()} {platform.machine()}",
        "versions": {"python": platform.python_version(), "paddlevideo": __version__, **_versions()},
    }
    return {**described, **git_state(_SOURCE)}


def git_state(source: Path) -> dict[str, Any]:
    """Return ``revision`` and ``modified`` (tracked files differ from it) of the checkout ``source``, else nothing."""
    if not (source / ".git").exists():  # installed somewhere below another project's checkout, say
        return {}
    try:
        revision = _git(source, "rev-parse", "HEAD")
        return {"revision": revision, "modified": bool(_git(source, "status", "--porcelain", "--untracked-files=no"))}
    except (OSError, subprocess.SubprocessError):
        return {}


def _git(source: Path, *arguments: str) -> str:
    command = ["git", "-C", str(source), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.strip()


def _versions() -> dict[str, str]:
    versions = {}
    for package in _PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return versions


def _earlier(path: Path) -> list[Any]:
    if not path.exists():
        return []
    try:
        starts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        logger.warning("%s: not readable (%s); it is written anew", path, error)
        return []
    return starts if isinstance(starts, list) else [starts]


class _Dumper(yaml.SafeDumper):
    """Writes every value where it stands, and text that looks like a number in quotes."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    # PyYAML would leave 1e3 bare, which our configs read as a number.
    style = '"' if text[:1] in "+-.0123456789" and text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
