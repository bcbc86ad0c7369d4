"""The objects with transparent surroundings, as pictures for compositors that count in light."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, ClassVar

import av
import numpy as np

from ...utils.registry import EXPORTERS
from ..edges import Edge, coverage
from ..exporter import FolderExporter


def _linear_levels() -> np.ndarray:
    """The light of each of sRGB's 256 levels, 0..1 float32 (IEC 61966-2-1)."""
    level = np.arange(256) / 255
    return np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4).astype(np.float32)


_LINEAR = _linear_levels()


def linear_cutout(frame: np.ndarray, mask: np.ndarray, premultiplied: bool = False, edge: Edge = Edge()) -> np.ndarray:
    """Return (H, W, 4) float32 RGBA in linear light, opaque where ``mask`` is not 0; premultiplied black elsewhere."""
    inside = coverage(mask > 0, edge)
    colours = _LINEAR[frame]
    return np.dstack([colours * inside[..., None] if premultiplied else colours, inside])


@EXPORTERS.register
class Exr(FolderExporter):
    """Objects cut out, a transparent OpenEXR picture for each frame, linear light, straight alpha.

    Channels R, G, B, A in half floats, zip compressed; sRGB's primaries, the film's pixel aspect.
    """

    key, name, download, rank = "exr", "exr", "exr.zip", 54
    needs_frames = soft = True
    premultiplied: ClassVar[bool] = False

    def write(self, index: int, frame: np.ndarray | None, mask: np.ndarray) -> None:
        assert frame is not None
        picture = linear_cutout(frame, mask, self.premultiplied, self.clip.edge)
        self.put(f"{self.clip.frame_names[index]}.exr", encode_exr(picture, self.clip.pixel_aspect))


@EXPORTERS.register
class ExrPremultiplied(Exr):
    """Objects cut out, a transparent OpenEXR picture for each frame, linear light, black beneath."""

    key, name, download, rank = "exr_premultiplied", "exr_premultiplied", "exr_premultiplied.zip", 56
    premultiplied = True


def encode_exr(picture: np.ndarray, pixel_aspect: Fraction = Fraction(1)) -> bytes:
    """Return the OpenEXR file of an (H, W, 4) float32 RGBA picture, half floats."""
    context: Any = av.CodecContext.create("exr", "w")
    context.height, context.width = picture.shape[:2]
    context.pix_fmt, context.time_base, context.sample_aspect_ratio = "gbrapf32le", Fraction(1, 25), pixel_aspect
    context.options = {"format": "half", "compression": "zip16"}
    context.thread_count = 1  # several would hold pictures back
    [packet] = context.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="gbrapf32le"))
    return bytes(packet)
