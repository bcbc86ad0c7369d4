"""Weights files that others publish, described as data: where from, what is inside, what input they were made for.

Published weights of encoders alone are described by the encoders, see `paddlevideo.modeling.backbones.encoder`.
"""

from __future__ import annotations

from dataclasses import dataclass

_BUCKET = "https://videotag.bj.bcebos.com/PaddleVideo-release2.2/"
_DAVIS = "not stated by its publishers; trained on DAVIS 2017"


@dataclass(frozen=True)
class KnownFile:
    """One published file.

    ``color``, ``mean`` and ``std`` are the values of ``PIPELINE.input`` that it needs. ``sha256`` is None where no
    copy was at hand to take it from.
    """

    name: str
    content: str
    structure: str
    licence: str
    color: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    address: str
    sha256: str | None = None


def _reference(name: str, content: str, structure: str, licence: str) -> KnownFile:
    """A file of the Paddle MA-Net: ImageNet's RGB statistics on channels in BGR order, as the reference feeds them."""
    statistics = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    return KnownFile(name, content, structure, licence, "bgr", *statistics, address=_BUCKET + name)


KNOWN_FILES = (
    _reference("MANet_davis2017.pdparams", "MA-Net, both stages", "flat, official names", _DAVIS),
    _reference("MaNet_davis2017_stage1.pdparams", "MA-Net after stage 1", "flat, official names", _DAVIS),
    _reference("MANet_EIVideo.pdparams", "MA-Net of EIVideo", "under 'state_dict', official names", _DAVIS),
    _reference(
        "DeeplabV3_coco.pdparams",
        "DeepLabV3+ on ResNet-101, trained on COCO",
        "under 'state_dict', names without 'feature_extracter.'",
        "not stated by its publishers; trained on COCO",
    ),
)


def known_file(name: str) -> KnownFile | None:
    """Return what is known of a file called ``name``, else None."""
    return next((known for known in KNOWN_FILES if known.name == name), None)
