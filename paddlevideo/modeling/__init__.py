"""What is learned: tensors in, tensors out, no files."""

from .backbones import DeepLab, EfficientNetLite, LateralDeepLab, ResNet
from .builder import build_model
from .framework import MANet
from .heads import PixelEmbedding, SeparableHead
from .losses import TopKCrossEntropy
from .matching import MatchingConfig

__all__ = [
    "DeepLab",
    "EfficientNetLite",
    "LateralDeepLab",
    "MANet",
    "MatchingConfig",
    "PixelEmbedding",
    "ResNet",
    "SeparableHead",
    "TopKCrossEntropy",
    "build_model",
]
