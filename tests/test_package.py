"""The package that is built of a clone: what a wheel and an sdist bring, and that it works where there is no clone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("paddlevideo", "configs", "tools", "tests/__init__.py", "tests/reference", "tests/test_main.py", "data/demo")
FILES = ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", "NOTICE", "requirements.txt", "main.py")
WEIGHTS = ("data/weights/manet_lite.pdparams", "data/weights/manet_lite.md")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an sdist, and the wheel that was built from what is in it."""
    folder = tmp_path_factory.mktemp("package")
    for name in (*SOURCES, *FILES, *WEIGHTS):
        target = folder / "clone" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        ignore = shutil.ignore_patterns("__pycache__", "node_modules")
        (shutil.copytree if (ROOT / name).is_dir() else _copy)(ROOT / name, target, ignore=ignore)
    _build("build_sdist", folder / "clone", folder)
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    _build("build_wheel", next((folder / "unpacked").iterdir()), folder)
    return folder


def _copy(source: Path, target: Path, ignore: object) -> None:
    shutil.copyfile(source, target)


def _build(hook: str, source: Path, folder: Path) -> None:
    program = f"from setuptools import build_meta; build_meta.{hook}({str(folder)!r})"
    done = subprocess.run([sys.executable, "-c", program], cwd=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def installed(built: Path) -> Path:
    """The wheel's files, as `pip install` lays them."""
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        wheel.extractall(built / "site")
    return built / "site"


@pytest.fixture(scope="module")
def metadata(installed: Path) -> Message:
    return Parser().parsestr(next(installed.glob("*.dist-info/METADATA")).read_text(encoding="utf-8"))


def test_the_wheel_brings_every_file_of_the_package_and_what_it_needs_of_the_clone(installed: Path) -> None:
    ignored = {"__pycache__"}
    ours = {path.relative_to(ROOT) for path in (ROOT / "paddlevideo").rglob("*") if path.is_file()}
    ours = {path for path in ours if not ignored & {*path.parts}}
    assert {path for path in ours if not (installed / path).is_file()} == set()
    for path in [*(ROOT / "configs" / "segmentation").glob("*.yaml"), *(ROOT / name for name in WEIGHTS)]:
        shipped = installed / "paddlevideo" / "shipped" / path.relative_to(ROOT)
        assert shipped.read_bytes() == path.read_bytes()
    assert not [*installed.rglob("test_*.py")]
    assert {path.name for path in installed.iterdir() if not path.name.endswith(".dist-info")} == {"paddlevideo"}


def test_what_is_optional_is_an_extra(metadata: Message) -> None:
    needed = metadata.get_all("Requires-Dist") or []
    assert [each for each in needed if each.startswith("openvino>=") and "extra" not in each]
    assert not [each for each in needed if each.startswith("matplotlib") and "extra" not in each]
    assert {"page", "train", "judge", "gpu", "notebook"} <= {*(metadata.get_all("Provides-Extra") or [])}


def test_the_command_is_an_entry_point(installed: Path) -> None:
    text = next(installed.glob("*.dist-info/entry_points.txt")).read_text(encoding="utf-8")
    assert "manet = paddlevideo.tasks.command:main" in text


def _run(*arguments: str, cwd: Path, path: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(path)}
    done = subprocess.run([sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_installed_command_segments_as_main_does(installed: Path, tiny_davis: Path, tmp_path: Path) -> None:
    video = tiny_davis / "JPEGImages" / "480p" / "disc"
    strokes = tiny_davis / "Scribbles" / "disc" / "001.json"
    given = ["--scribbles", str(strokes), "--export", "palette"]
    _run("-m", "paddlevideo", "segment", str(video), *given, cwd=tmp_path, path=installed)
    lite = ["-c", "configs/segmentation/manet_lite.yaml", "-w", "data/weights/manet_lite.pdparams"]
    output = ["--input", str(video), "--output", str(tmp_path / "main")]
    _run("main.py", "--infer", *lite, *given, *output, cwd=ROOT, path=ROOT)
    names = [f"{frame:05d}.png" for frame in range(6)]
    ours, mains = (
        [np.asarray(Image.open(tmp_path / place / "masks" / name)) for name in names]
        for place in ("output/disc", "main")
    )
    assert max(mask.max() for mask in ours) == 1
    assert all(np.array_equal(*pair) for pair in zip(ours, mains, strict=True))


def test_the_installed_tools_find_their_modules(installed: Path, tmp_path: Path) -> None:
    assert "manet prepare SOURCE OUT" in _run("-m", "paddlevideo", "prepare", "--help", cwd=tmp_path, path=installed)
    program = (
        "import sys; sys.argv[1:] = ['bench', '--help']; from paddlevideo.tasks import command\n"
        "command._tool('bench'); import tests.reference.engine_plain as plain; print(plain.__file__)"
    )
    assert str(installed) in _run("-c", program, cwd=tmp_path, path=installed)
