"""What tests share: a tiny DAVIS folder made on the spot, and the real one when it lies beside the repository."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paddlevideo.utils import registry
from paddlevideo.utils.runtime import prepare_threads

# Before any test imports Paddle, which otherwise falls to one thread. Tests that run side by side have one each.
prepare_threads(1 if "PYTEST_XDIST_WORKER" in os.environ else None)

# Files of minutes, which begin first: at the end one of them would keep a single processor busy.
SLOWEST = (
    "tools/test_benchmark.py",
    "tasks/test_infer_many.py",
    "tasks/test_processes.py",
    "tasks/test_nodes.py",
    "tasks/test_test.py",
    "deployment/test_exported.py",
)
FRAMES, HEIGHT, WIDTH = 6, 96, 160
PALETTE = [0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0]  # DAVIS's first four colours


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.path.as_posix().endswith(SLOWEST))


@pytest.fixture(autouse=True)
def log_as_new() -> Iterator[None]:
    """What a command that runs within a test, or within a fixture of a file, does to the package's log is undone."""
    _reset(logging.getLogger("paddlevideo"))
    yield
    _reset(logging.getLogger("paddlevideo"))


def _reset(package: logging.Logger) -> None:
    package.propagate, package.handlers = True, []
    package.setLevel(logging.NOTSET)


@pytest.fixture(autouse=True, scope="module")
def registries_as_new() -> Iterator[None]:
    """Classes that a file of tests registers are unknown to the next file."""
    yield
    for family in vars(registry).values():
        if isinstance(family, registry.Registry):
            family._classes = {
                key: cls for key, cls in family._classes.items() if not cls.__module__.startswith("tests.")
            }


@pytest.fixture(scope="session")
def davis_root() -> Path:
    """The DAVIS excerpt beside the repository; skips without it."""
    root = Path(__file__).resolve().parents[2] / "shared" / "data" / "DAVIS"
    if not root.is_dir():
        pytest.skip("needs the DAVIS excerpt in ../shared/data/DAVIS")
    return root


@pytest.fixture
def tiny_davis(tmp_path: Path) -> Path:
    """A DAVIS 2017 folder: ``disc`` (one object, one human scribble file) and ``pair`` (two), 6 frames of 96x160.

    Textured shapes move over a textured ground. ``train`` names both sequences, ``val`` names ``pair``.
    """
    return write_tiny_davis(tmp_path)


def write_tiny_davis(folder: Path) -> Path:
    """Make the folder of `tiny_davis` in ``folder``."""
    root = folder / "DAVIS"
    for objects, name in enumerate(("disc", "pair"), start=1):
        _write_sequence(root, name, objects)
    sets = root / "ImageSets" / "2017"
    sets.mkdir(parents=True)
    (sets / "train.txt").write_text("disc\npair\n")
    (sets / "val.txt").write_text("pair\n")
    _write_scribbles(root)
    return root


def _write_sequence(root: Path, name: str, objects: int) -> None:
    images, masks = root / "JPEGImages" / "480p" / name, root / "Annotations" / "480p" / name
    images.mkdir(parents=True)
    masks.mkdir(parents=True)
    rng = np.random.default_rng(objects)
    ground = _texture(rng, (90, 110, 70))
    skins = [_texture(rng, colour) for colour in ((200, 60, 50), (50, 80, 210))]
    for t in range(FRAMES):
        image, mask = ground.copy(), np.zeros((HEIGHT, WIDTH), np.uint8)
        for index in range(objects):
            inside = _shape(index, t)
            skin = np.roll(skins[index], (0, 5 * t), axis=(0, 1))  # the texture travels with its object
            image[inside], mask[inside] = skin[inside], index + 1
        Image.fromarray(image).save(images / f"{t:05d}.jpg", quality=95)
        palette_mask = Image.fromarray(mask)
        palette_mask.putpalette(PALETTE)
        palette_mask.save(masks / f"{t:05d}.png")


def _texture(rng: np.random.Generator, colour: tuple[int, int, int]) -> np.ndarray:
    """Return a (96,160,3) uint8 picture of 8x8 px blocks around ``colour``."""
    blocks = rng.integers(-35, 36, (HEIGHT // 8, WIDTH // 8, 1)).repeat(8, 0).repeat(8, 1)
    return np.clip(np.array(colour) + blocks, 0, 255).astype(np.uint8)


def _shape(index: int, t: int) -> np.ndarray:
    """Return object ``index``'s (96,160) bool mask at frame ``t``: a disc going right, a box going left."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    if index == 0:
        return (y - 34) ** 2 + (x - 40 - 5 * t) ** 2 < 20**2
    return (abs(y - 70) < 14) & (abs(x - 115 + 4 * t) < 18)


def _write_scribbles(root: Path) -> None:
    folder = root / "Scribbles" / "disc"
    folder.mkdir(parents=True)
    strokes = [
        {"path": [[0.26, 0.35], [0.38, 0.35]], "object_id": 1, "start_time": 0, "end_time": 500},
        {"path": [[0.70, 0.85], [0.95, 0.85]], "object_id": 0, "start_time": 600, "end_time": 900},
    ]
    frames = [strokes if t == 2 else [] for t in range(FRAMES)]
    (folder / "001.json").write_text(json.dumps({"sequence": "disc", "scribbles": frames}))
