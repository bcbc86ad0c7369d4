"""A DAVIS folder with several objects a sequence out of one with single ones: objects of other videos in front of each.

To see how a model does with several objects where masks of one are all there is. No scribbles are written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ..loader.davis import DavisFolder
from ..utils.errors import InputError
from ..writers.contact_sheet import ContactSheet
from ..writers.overlay import draw_overlay
from .rope import Rope
from .video_layers import Layer, draw_layers, stack_masks
from .write_davis import new_davis_folder, write_frame, write_splits

PREVIEWS = 24


@dataclass(frozen=True)
class Composing:
    """What is composed.

    Attributes:
        objects: numbers of objects, the base's own included; each base gets a composition for each number.
        frames: of each base, its first ones, at most.
        count: bases, the first sequences of the split; None takes all. Objects come from the whole split.
        hard: also each base with a copy of its object beside it, as background, and with a thin object in front.
        seed: of everything that is drawn. A base's composition of three is its composition of two and one object more.
    """

    objects: tuple[int, ...] = (2, 3)
    frames: int = 50
    count: int | None = None
    seed: int = 0
    hard: bool = False


def write_composed_davis(root: str | Path, source: DavisFolder, wanted: Composing) -> list[str]:
    """Compose the sequences of ``source`` with each other as the split ``val`` at ``root``; return the new names.

    ``blackswan+camel+dog`` has the base blackswan and in front of it camel, then dog; their ids are 1, 2, 3.
    ``blackswan+copy`` has the base's own object once more, which counts as background; ``blackswan+rope`` a rope.
    ``preview.png`` shows the middle frames.

    Raises:
        InputError: ``root`` is there and not empty, a number is out of range, an object has no place, a file is broken.
    """
    _check(source, wanted)
    bases = source.sequences[: wanted.count]
    numbers = sorted(set(wanted.objects))
    total = sum(min(len(base), wanted.frames) for base in bases) * (len(numbers) + 2 * wanted.hard)
    names: list[str] = []
    copy: list[Layer] = []
    sheet = ContactSheet()
    with new_davis_folder(root) as folder, tqdm(total=total, desc="composing", unit="frame", delay=2) as bar:
        for index, base in enumerate(bases):
            rng = np.random.default_rng([wanted.seed, index])
            others = [sequence for sequence in source.sequences if sequence is not base]
            frames = min(len(base), wanted.frames)
            layers = draw_layers(base, others, frames, numbers[-1], rng)
            composed = [
                ("+".join(layer.sequence.name for layer in layers[:count]), layers[:count]) for count in numbers
            ]
            if wanted.hard:
                copy = draw_layers(base, [base], frames, 2, rng)
                rope = [layers[0], Layer.of_thing(Rope(frames, base.size, rng))]
                composed += [(f"{base.name}+copy", copy), (f"{base.name}+rope", rope)]
            for name, parts in composed:
                names.append(name)
                for t, (picture, mask) in enumerate(composed_frames(parts)):
                    if parts is copy:
                        mask[mask == 2] = 0
                    write_frame(folder, names[-1], t, picture, mask)
                    if t == frames // 2 and len(names) <= PREVIEWS:
                        sheet.add(t, draw_overlay(picture, mask))
                    bar.update()
        write_splits(folder, {"val": names})
        sheet.write(folder / "preview.png")
    return names


def composed_frames(layers: list[Layer]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield T frames (H, W, 3) uint8 RGB and masks (H, W) uint8, ids in the order of ``layers``, the base's first."""
    base, *pasted = layers
    for t, mask in enumerate(stack_masks(layers)):
        picture = base.sequence.frame(t)
        for layer in pasted:
            picture = layer.over(picture, t)
        yield picture, mask


def _check(source: DavisFolder, wanted: Composing) -> None:
    if not wanted.objects or min(wanted.objects) < 1:
        raise InputError(f"objects are {list(wanted.objects)}: give numbers from 1")
    if max(wanted.objects) > len(source):
        raise InputError(
            f"{max(wanted.objects)} objects need as many sequences, the split has {len(source)}: ask for fewer objects"
        )
    for name, value, least in (("frames", wanted.frames, 1), ("count", wanted.count, 1), ("seed", wanted.seed, 0)):
        if value is not None and value < least:
            raise InputError(f"{name} is {value}: give {least} or more")
