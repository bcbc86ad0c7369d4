"""What objects look like without their surroundings: pictures and videos with transparency, and mattes."""

from __future__ import annotations

from typing import ClassVar

import cv2
import numpy as np

from .overlay import OverlayWriter

_SPEED = [cv2.IMWRITE_PNG_COMPRESSION, 3]


def cut_out(frame: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return (H, W, 4) uint8 RGBA: ``frame`` (H, W, 3) where ``mask`` (H, W) is not 0, elsewhere transparent black."""
    inside = (mask > 0).astype(np.uint8)
    return np.dstack([frame * inside[..., None], inside * 255])


def matte(mask: np.ndarray) -> np.ndarray:
    """Return (H, W, 3) uint8: white where ``mask`` (H, W) is not 0, black elsewhere."""
    return np.repeat(np.where(mask > 0, 255, 0).astype(np.uint8)[..., None], 3, axis=2)


def encode_cutout(picture: np.ndarray) -> bytes:
    """Return the PNG of an (H, W, 4) uint8 RGBA picture."""
    return bytes(cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGBA2BGRA), _SPEED)[1])


def encode_binary(mask: np.ndarray, object_id: int) -> bytes:
    """Return a grey PNG, 255 where ``mask`` (H, W) is the object, 0 elsewhere."""
    return bytes(cv2.imencode(".png", np.where(mask == object_id, 255, 0).astype(np.uint8), _SPEED)[1])


class CutoutWriter(OverlayWriter):
    """A VP9 video with transparency (WebM, plays in browsers) of (H, W, 4) RGBA pictures; else as `OverlayWriter`."""

    codec, pixels, channels = "libvpx-vp9", "yuva420p", "rgba"
    options: ClassVar[dict[str, str]] = {
        "crf": "24",
        "b:v": "0",
        "deadline": "realtime",
        "cpu-used": "5",
        "row-mt": "1",
    }
    container_options: ClassVar[dict[str, str]] = {}
