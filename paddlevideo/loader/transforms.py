"""Augmentations of a training clip, named in ``PIPELINE.train.transform``.

Each is ``transform(clip, rng) -> clip``, with one draw for all frames of the clip. Frames are interpolated cubically,
masks to the nearest pixel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import cv2
import numpy as np

from ..utils.errors import InputError
from ..utils.registry import TRANSFORMS
from .clip import IGNORE, TrainingClip

BLUR_WIDTHS = (0.5, 1.5)
"""The smallest and the largest standard deviation of `RandomBlur`'s Gaussian, in pixels."""


class Transform(Protocol):
    def __call__(self, clip: TrainingClip, rng: np.random.Generator) -> TrainingClip: ...


def build_transforms(config: Sequence[Mapping[str, Mapping[str, Any] | None]]) -> list[Transform]:
    """Build ``[{Name: {argument: value}}, ...]``; raise `InputError` for another form or an unknown name."""
    transforms = []
    for entry in config:
        if not isinstance(entry, Mapping) or len(entry) != 1:
            raise InputError(f"a transform is written '- Name: {{argument: value}}', not {entry!r}")
        ((name, arguments),) = entry.items()
        transforms.append(TRANSFORMS.build({"name": name, **(arguments or {})}))
    return transforms


def _height_width(size: int | Sequence[int]) -> tuple[int, int]:
    height, width = (size, size) if isinstance(size, int) else size
    return int(height), int(width)


@TRANSFORMS.register
class RandomHorizontalFlip:
    """Mirror left to right with probability ``prob``.

    Args:
        prob: part of the clips that are mirrored.
    """

    def __init__(self, prob: float = 0.5) -> None:
        self.prob = prob

    def __call__(self, clip: TrainingClip, rng: np.random.Generator) -> TrainingClip:
        if rng.random() >= self.prob:
            return clip
        return clip.map(lambda frame: cv2.flip(frame, 1), lambda mask: cv2.flip(mask, 1))


@TRANSFORMS.register
class RandomReverse:
    """Run time backwards with probability ``prob``: the frames after the reference frame in reverse order.

    Args:
        prob: part of the clips that run backwards.
    """

    def __init__(self, prob: float = 0.5) -> None:
        self.prob = prob

    def __call__(self, clip: TrainingClip, rng: np.random.Generator) -> TrainingClip:
        if rng.random() >= self.prob or len(clip) < 3:
            return clip
        return TrainingClip(clip.frames[:1] + clip.frames[:0:-1], clip.masks[:1] + clip.masks[:0:-1])


@TRANSFORMS.register
class RandomScale:
    """Resize by a factor drawn from ``scales``.

    Args:
        scales: the factors to draw from.
        smooth: frames that get smaller are averaged, see `TrainingClip.resized`; the reference leaves pixels out.
    """

    def __init__(self, scales: Sequence[float] = (0.75, 1.0, 1.25), smooth: bool = False) -> None:
        self.scales = tuple(scales)
        self.smooth = smooth

    def __call__(self, clip: TrainingClip, rng: np.random.Generator) -> TrainingClip:
        scale = self.scales[rng.integers(len(self.scales))]
        height, width = clip.size
        return clip.resized((max(1, round(height * scale)), max(1, round(width * scale))), self.smooth)


@TRANSFORMS.register
class Resize:
    """Resize to ``size`` (a side, or height and width), whatever the aspect.

    Args:
        size: a side, or height and width, in pixels.
    """

    def __init__(self, size: int | Sequence[int]) -> None:
        self.size = _height_width(size)

    def __call__(self, clip: TrainingClip, rng: np.random.Generator) -> TrainingClip:
        return clip.resized(self.size)


@TRANSFORMS.register
class RandomCrop:
    """Cut a window of exactly ``size`` (a side, or height and width) that shows objects of the reference frame.

    Up to ``tries`` windows are drawn, every other one around an object pixel of the reference mask. The first that
    shows enough is taken, else the one that shows most. The reference code throws its first draws away, then does not
    crop at all and squashes the whole frame; it also squashes frames smaller than the window, which are enlarged here.

    Args:
        size: of the window.
        tries: windows drawn, at least 2.
        share: enough is this part of the objects' pixels (or of half the window, if that is less), in the reference
            mask and on average in the others; at 0 any object pixel in the reference mask is enough.
        reference: crop as the official code does: two of ``tries`` windows count, and when both fail, or the frame is
            smaller than the window, the clip leaves in another size. A Resize has to follow.
    """

    def __init__(self, size: int | Sequence[int], tries: int = 6, share: float = 0.0, reference: bool = False) -> None:
        self.size = _height_width(size)
        self.tries = max(2, tries)
        self.share = share
        self.reference = reference

    def __call__(self, clip: TrainingClip, rng: np.random.Generator) -> TrainingClip:
        if self.reference:
            return self._as_official(clip, rng)
        height, width = clip.size
        enlarge = max(self.size[0] / height, self.size[1] / width)
        if enlarge > 1:
            clip = clip.resized((max(self.size[0], round(height * enlarge)), max(self.size[1], round(width * enlarge))))
        return clip.window(self._choose(clip, rng))

    def _as_official(self, clip: TrainingClip, rng: np.random.Generator) -> TrainingClip:
        height, width = (min(side, most) for side, most in zip(clip.size, self.size, strict=True))
        for attempt in range(self.tries):
            top = int(rng.integers(clip.size[0] - height + 1))
            left = int(rng.integers(clip.size[1] - width + 1))
            window = slice(top, top + height), slice(left, left + width)
            # The draws before the last two are thrown away whatever they show.
            if attempt >= self.tries - 2 and len(np.unique(clip.masks[0][window])) > 1:
                return clip.window(window)
        return clip

    def _choose(self, clip: TrainingClip, rng: np.random.Generator) -> tuple[slice, slice]:
        objects = [(mask != 0) & (mask != IGNORE) for mask in clip.masks]
        pixels = np.flatnonzero(objects[0])
        most, best = -1.0, (slice(0, self.size[0]), slice(0, self.size[1]))
        for attempt in range(self.tries):
            around = int(pixels[rng.integers(len(pixels))]) if attempt % 2 and len(pixels) else None
            window = self._draw(clip.size, around, rng)
            shown = [self._shown(mask, window) for mask in objects]
            visible = shown[0] > 0
            quality = min(shown[0], sum(shown[1:]) / len(shown[1:])) if len(shown) > 1 else shown[0]
            if visible and quality >= self.share:
                return window
            if visible + quality > most:
                most, best = visible + quality, window
        return best

    def _draw(self, size: tuple[int, int], around: int | None, rng: np.random.Generator) -> tuple[slice, slice]:
        """A window anywhere, or with a given pixel (flat index) in its middle as far as the frame's edge allows."""
        (height, width), last = self.size, (size[0] - self.size[0], size[1] - self.size[1])
        if around is None:
            top, left = int(rng.integers(last[0] + 1)), int(rng.integers(last[1] + 1))
        else:
            y, x = divmod(around, size[1])
            top, left = min(max(y - height // 2, 0), last[0]), min(max(x - width // 2, 0), last[1])
        return slice(top, top + height), slice(left, left + width)

    def _shown(self, objects: np.ndarray, window: tuple[slice, slice]) -> float:
        """The part of what could be seen of a binary mask that a window shows; 1 for an empty one."""
        possible = min(float(np.count_nonzero(objects)), self.size[0] * self.size[1] / 2)
        return min(1.0, np.count_nonzero(objects[window]) / possible) if possible else 1.0


@TRANSFORMS.register
class ColorJitter:
    """Change the colours of all frames alike.

    Args:
        brightness, contrast, saturation: each factor is drawn from 1 - value .. 1 + value.
        prob: part of the clips that are changed.
    """

    def __init__(
        self,
        brightness: float = 0.3,
        contrast: float = 0.3,
        saturation: float = 0.3,
        prob: float = 1.0,
    ) -> None:
        self.brightness = brightness
        self.contrast = contrast
        self.saturation = saturation
        self.prob = prob

    def __call__(self, clip: TrainingClip, rng: np.random.Generator) -> TrainingClip:
        if rng.random() >= self.prob:
            return clip
        # The fourth draw once turned the hue. Without it whatever is drawn next would differ from earlier runs.
        draws = rng.uniform(-1, 1, 4)
        brightness, contrast, saturation = 1 + draws[:3] * (self.brightness, self.contrast, self.saturation)
        mean = float(clip.frames[0].mean())
        curve = (np.arange(256) * brightness - mean) * contrast + mean
        table = np.clip(curve, 0, 255).astype(np.uint8)

        def jitter(frame: np.ndarray) -> np.ndarray:
            frame = cv2.LUT(frame, table)
            grey = cv2.cvtColor(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
            return cv2.addWeighted(frame, saturation, grey, 1 - saturation, 0)

        return clip.map(jitter, lambda mask: mask)


@TRANSFORMS.register
class RandomBlur:
    """Blur all frames by a Gaussian with probability ``prob``.

    Args:
        prob: part of the clips that are blurred.
    """

    def __init__(self, prob: float = 0.1) -> None:
        self.prob = prob

    def __call__(self, clip: TrainingClip, rng: np.random.Generator) -> TrainingClip:
        if rng.random() >= self.prob:
            return clip
        sigma = rng.uniform(*BLUR_WIDTHS)
        return clip.map(lambda frame: cv2.GaussianBlur(frame, (0, 0), sigma), lambda mask: mask)
